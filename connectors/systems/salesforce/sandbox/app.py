"""The sandbox as an ASGI application: sign-in, data, faults, and its own ``/_control/`` door."""

from __future__ import annotations

import asyncio
import json
import time
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.contract import Settings
from connectors.sandboxes.calls import Background
from connectors.sandboxes.faults import Fault, hang
from connectors.sandboxes.keeping import Keeper
from connectors.sandboxes.serving import ends_with
from connectors.systems.salesforce.sandbox import control
from connectors.systems.salesforce.sandbox.business import Business
from connectors.systems.salesforce.sandbox.faults import faults
from connectors.systems.salesforce.sandbox.outbound import Outbound
from connectors.systems.salesforce.sandbox.rest import ALLOWED, API, Rest, encode
from connectors.systems.salesforce.sandbox.tokens import Config, Tokens
from connectors.systems.salesforce.sandbox.world import Refused, World

_HTML: Final = "<html><body>Salesforce is down for maintenance.</body></html>"
_LIMIT: Final = "TotalRequests Limit exceeded."
_SESSION: Final = "Session expired or invalid"
_LOCK: Final = "unable to obtain exclusive access to this record or 1 records: "


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """A sandbox that the connection's own secrets open, of the organization that it names."""
    return build(
        Config(
            client_id=settings.secrets.get("client_id", ""),
            client_secret=settings.secrets.get("client_secret", ""),
            organization=hook_secret,
            webhook_url=hook_url,
            state_path=state_path,
        )
    )


def build(config: Config | None = None) -> Starlette:
    """Serve it on loopback only."""
    sandbox = Sandbox(config or Config())
    app = Starlette(
        routes=[
            control.door(sandbox),
            Route("/services/oauth2/token", sandbox.sign_in, methods=["POST"]),
            Route("/services/data/{path:path}", sandbox.answer, methods=["GET", "POST", "PATCH"]),
        ],
        lifespan=ends_with(sandbox.aclose, sandbox.keeper.aclose, begins=sandbox.keeper.begin),
    )
    app.state.sandbox = sandbox
    return app


class Sandbox:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.world = World()
        self.faults = faults()
        self.business = Business(self.world)
        self.tokens = Tokens(config)
        self.outbound = Outbound(self.world, self.faults, config)
        self._rest = Rest(self.world, batch=config.batch)
        self._later = Background()
        self.keeper = Keeper(self.world, config.state_path)

    async def aclose(self) -> None:
        await self.outbound.aclose()
        await self._later.aclose()

    async def sign_in(self, request: Request) -> Response:
        struck = await self._struck_before(request, "token")
        if struck is not None:
            return struck
        status, told = self.tokens.sign_in((await request.body()).decode("utf-8", "replace"))
        return _json(status, told)

    async def answer(self, request: Request) -> Response:
        work = "read" if request.method == "GET" else "write"
        body = await request.body()
        struck = await self._struck_before(request, work)
        if struck is not None:
            return struck
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not self.tokens.knows(token):
            return _errors(401, "INVALID_SESSION_ID", _SESSION)
        late = self.faults.hit("late_commit", work)
        if late is not None:
            self._do_later(late, request, body)
            return await _never(request)
        answer = self._execute(request, body)
        lost = self.faults.hit("response_lost", work)
        if lost is not None:
            return await _never(request, lost.seconds)
        if self.faults.hit("garbage", work):
            return Response(_HTML, media_type="text/html")
        return answer

    def _execute(self, request: Request, body: bytes) -> Response:
        self.world.calls += 1
        path = request.url.path
        if not path.startswith(API):
            return _errors(404, "NOT_FOUND", "The requested resource does not exist")
        parts = request.scope["raw_path"].decode("ascii").partition("?")[0]
        inner = _unquoted(parts[len(API) :])
        query = dict(request.query_params)
        if request.method != "GET" and self.faults.hit("lock_row", "write"):
            return self._locked(inner, body)
        hide = self.faults.hit("late_visible", "write") if request.method != "GET" else None
        self.world.touched.clear()
        try:
            value = json.loads(body, parse_float=Decimal) if body else None
            if request.method == "PATCH" and self.faults.hit("change_values", "write"):
                value = _changed(value)
            status, told = self._rest.handle(request.method, inner, query, value)
        except Refused as error:
            return _errors(error.status, error.code, error.message, error.fields)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return _errors(400, "JSON_PARSER_ERROR", f"The request could not be read: {error}")
        if hide is not None:
            self._hide(list(self.world.touched), hide.seconds)
        answer = Response(status_code=204) if told is None else _json(status, told)
        answer.headers["Sforce-Limit-Info"] = f"api-usage={self.world.calls}/{ALLOWED}"
        return answer

    def _hide(self, ids: list[str], seconds: float) -> None:
        until = time.time() + seconds
        self.world.hidden.update(dict.fromkeys(ids, until))

    def _locked(self, inner: str, body: bytes) -> Response:
        words = _LOCK + "0015g0000000001AAA"
        if inner.startswith("/composite/"):
            error = {"statusCode": "UNABLE_TO_LOCK_ROW", "message": words, "fields": []}
            count = len(json.loads(body).get("records", []))
            return _json(200, [{"success": False, "errors": [error]}] * count)
        return _errors(400, "UNABLE_TO_LOCK_ROW", words)

    async def _struck_before(self, request: Request, work: str) -> Response | None:
        """The answer of a fault that keeps the call from being done, if one strikes."""
        await self.faults.wait(work)
        if self.faults.hit("down", work):
            return Response(_HTML, 503, media_type="text/html")
        if self.faults.hit("hang", work):
            return await _never(request)
        if self.faults.hit("throttle", work):
            answer = _errors(403, "REQUEST_LIMIT_EXCEEDED", _LIMIT)
            answer.headers["Sforce-Limit-Info"] = f"api-usage={ALLOWED + 1}/{ALLOWED}"
            if self.faults.retry_after is not None:
                answer.headers["Retry-After"] = str(self.faults.retry_after)
            return answer
        if self.faults.hit("expire_session", work):
            self.tokens.expire()
            return _errors(401, "INVALID_SESSION_ID", _SESSION)
        if self.faults.hit("unauthorized", work):
            return _errors(401, "INVALID_SESSION_ID", _SESSION)
        if work == "token" and self.faults.hit("garbage", work):
            return Response(_HTML, media_type="text/html")
        return None

    def _do_later(self, late: Fault, request: Request, body: bytes) -> None:
        async def commit() -> None:
            await asyncio.sleep(late.seconds)
            self._execute(request, body)

        self._later.start(commit())


async def _never(request: Request, seconds: float = 0) -> Response:
    await hang(request, seconds)
    return Response(_HTML, 504, media_type="text/html")


def _changed(value: Any) -> Any:
    """What a trigger might make of it: texts of picklists are put in capitals."""
    if isinstance(value, list):
        return [_changed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _changed_field(key, item) for key, item in value.items()}


def _changed_field(name: str, value: Any) -> Any:
    if name == "records":
        return _changed(value)
    return str(value).upper() if name.endswith(("State__c", "Band__c")) else value


def _unquoted(path: str) -> str:
    """Slashes inside of an external id stay quoted: they part nothing."""
    return "/".join(unquote(part).replace("/", "%2F") for part in path.split("/"))


def _json(status: int, told: Any) -> Response:
    return Response(encode(told), status, media_type="application/json;charset=UTF-8")


def _errors(status: int, code: str, message: str, fields: list[str] | None = None) -> Response:
    error: dict[str, Any] = {"message": message, "errorCode": code}
    if fields:
        error["fields"] = fields
    return _json(status, [error])
