"""``/v1``: sign-in, forms, idempotency keys, errors and request ids as Stripe has them."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from connectors.sandboxes.calls import Background
from connectors.sandboxes.faults import Faults, hang
from connectors.systems.stripe.sandbox import resources
from connectors.systems.stripe.sandbox.business import Business
from connectors.systems.stripe.sandbox.cash import Refused
from connectors.systems.stripe.sandbox.forms import nested
from connectors.systems.stripe.sandbox.world import Missing, Obj, World, new_id

_MAX_BODY: Final = 256 * 1024


class Api:
    """The ASGI application under ``/v1``."""

    def __init__(self, world: World, business: Business, faults: Faults, *, api_key: str) -> None:
        self._world = world
        self._resources = resources.Resources(world, business, faults)
        self._faults = faults
        self._api_key = api_key
        self.later = Background()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._answer(request)
        response.headers["Request-Id"] = new_id("req")
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        work = "read" if request.method == "GET" else "write"
        await self._faults.wait(work)
        if self._faults.hit("down", work):
            return PlainTextResponse("upstream connect error", status_code=503)
        if self._faults.hit("throttle", work):
            return self._throttled()
        if self._faults.hit("unauthorized", work) or not self._signed_in(request):
            said = "Invalid API Key provided: sk_test_****"
            return _error(401, said, kind="invalid_request_error")
        body = await request.body()
        if len(body) > _MAX_BODY:
            return _error(413, "The request is too large.", kind="invalid_request_error")
        late = self._faults.hit("late_commit", work)
        if late is not None:
            self.later.start(self._later_on(late.seconds, request, body))
            return await _never(request)
        done = self._done(request, body)
        lost = self._faults.hit("response_lost", work)
        if lost is not None:
            return await _never(request, lost.seconds)
        if self._faults.hit("garbage", work):
            return Response("<html><body>Maintenance</body></html>", media_type="text/html")
        return done

    async def _later_on(self, seconds: float, request: Request, body: bytes) -> None:
        await asyncio.sleep(seconds)
        self._done(request, body)

    def _done(self, request: Request, body: bytes) -> Response:
        key = request.headers.get("idempotency-key", "")
        if key and request.method == "POST":
            return self._once(key, request, body)
        return self._execute(request, body)

    def _once(self, key: str, request: Request, body: bytes) -> Response:
        """
        The first answer again for the same key, a failure too; other parameters are an error.
        Answers to requests that were refused before they ran are not kept
        (https://docs.stripe.com/api/idempotent_requests).
        """
        digest = hashlib.sha256(request.url.path.encode() + b"\n" + body).hexdigest()
        known = self._world.answers.get(key)
        if known is None:
            failed = self._faults.hit("failed", "write")
            said = "An unknown error occurred."
            answer = _error(500, said, kind="api_error") if failed else self._execute(request, body)
            if failed or answer.status_code < 400:
                text = bytes(answer.body).decode()
                self._world.answers[key] = (digest, answer.status_code, text)
            return answer
        if known[0] != digest:
            return _error(
                400,
                "Keys for idempotent requests can only be used with the same parameters they "
                "were first used with.",
                kind="idempotency_error",
            )
        headers = {"Idempotent-Replayed": "true"}
        return Response(known[2], known[1], headers, media_type="application/json")

    def _execute(self, request: Request, body: bytes) -> Response:
        path = request.url.path.partition("/v1")[2].rstrip("/")
        try:
            given = parse_qsl(
                request.url.query if request.method == "GET" else body.decode("utf-8"),
                keep_blank_values=True,
            )
            found = self._resources.handle(request.method, path, nested(given))
        except Missing as error:
            return _error(404, str(error), kind="invalid_request_error", code="resource_missing")
        except Refused as error:
            kind = "card_error" if error.status == 402 else "invalid_request_error"
            return _error(error.status, error.message, kind=kind, code=error.code)
        except (ValueError, TypeError, KeyError) as error:
            return _error(400, f"Invalid request: {error}", kind="invalid_request_error")
        return Response(json.dumps(found), media_type="application/json")

    def _signed_in(self, request: Request) -> bool:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                value = base64.b64decode(value).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                return False
        return value == self._api_key

    def _throttled(self) -> Response:
        answer = _error(
            429,
            "Request rate limit exceeded.",
            kind="invalid_request_error",
            code="rate_limit",
        )
        answer.headers["Stripe-Rate-Limited-Reason"] = "global-rate"
        if self._faults.retry_after is not None:
            answer.headers["Retry-After"] = str(self._faults.retry_after)
        return answer


async def _never(request: Request, seconds: float = 0) -> Response:
    await hang(request, seconds)
    return PlainTextResponse("upstream request timeout", status_code=504)


def _error(status: int, message: str, *, kind: str, code: str = "") -> Response:
    error: dict[str, Any] = {"message": message, "type": kind}
    if code:
        error["code"] = code
    body: Obj = {"error": error}
    return Response(json.dumps(body), status, media_type="application/json")
