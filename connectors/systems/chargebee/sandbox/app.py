"""The sandbox as an ASGI application: ``/api/v2``, its faults, and a ``/_control/`` door."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from connectors.sandboxes import door as doors
from connectors.sandboxes.calls import HOOK, Background
from connectors.sandboxes.faults import ANY, Faults, hang
from connectors.sandboxes.keeping import Keeper
from connectors.sandboxes.serving import ends_with
from connectors.sandboxes.totals import held
from connectors.systems.chargebee.sandbox import making, scenarios
from connectors.systems.chargebee.sandbox.business import Business
from connectors.systems.chargebee.sandbox.counting import documents, totals
from connectors.systems.chargebee.sandbox.hooks import Hooks
from connectors.systems.chargebee.sandbox.world import Missing, Refused, World

DEFAULT_PORT: Final = 8441
API_KEY: Final = "test_sandbox_key"
LOGIN: Final = "chargebee:sandbox-hooks-only"
# https://apidocs.chargebee.com/docs/api/idempotency
_WINDOW_S: Final = 1800
_SCOPES: Final = {
    "down": ANY,
    "throttle": ANY,
    "slow": ANY,
    "garbage": ANY,
    "unauthorized": ANY,
    "locked": "write",
    "failed": "write",
    "response_lost": "write",
    "late_commit": "write",
    "drop_webhooks": HOOK,
    "duplicate_webhooks": HOOK,
}


@dataclass(frozen=True, slots=True)
class Config:
    """``hook_url``: where events are sent, empty for nowhere; ``hook_secret``: name:password."""

    api_key: str = API_KEY
    hook_url: str = ""
    hook_secret: str = LOGIN
    state_path: str = ""
    retry_base_s: float = 1.0


def build(config: Config | None = None) -> Starlette:
    """Serve it on loopback only."""
    sandbox = Sandbox(config or Config())
    app = Starlette(
        routes=[
            sandbox.door(),
            Route("/api/v2/{path:path}", sandbox.answer, methods=["GET", "POST"]),
        ],
        lifespan=ends_with(sandbox.aclose, sandbox.keeper.aclose, begins=sandbox.keeper.begin),
    )
    app.state.sandbox = sandbox
    return app


class Sandbox:
    def __init__(self, config: Config) -> None:
        self._proof = base64.b64encode(f"{config.api_key}:".encode()).decode()
        self.world = World()
        self.keeper = Keeper(self.world, config.state_path)
        self.business = Business(self.world)
        self.faults = Faults(_SCOPES)
        self.hooks = Hooks(
            self.faults, url=config.hook_url, secret=config.hook_secret, pause_s=config.retry_base_s
        )
        self.world.listeners.append(self.hooks.send)
        self._answers: dict[str, tuple[float, str, Response]] = {}
        self._later = Background()

    async def aclose(self) -> None:
        await self._later.aclose()
        await self.hooks.aclose()

    def door(self) -> Any:
        def reset(request: Request, value: Any) -> Any:
            self._later.drop()
            self.world.reset()
            self._answers.clear()
            self.faults.clear()
            return {"reset": True}

        return doors.door(
            self.faults,
            lambda: held(self.world.held),
            {
                "GET documents": lambda request, value: {"documents": documents(self.world)},
                "GET totals": lambda request, value: totals(self.world, **request.query_params),
                "GET webhooks": lambda request, value: {"deliveries": list(self.hooks.called)},
                "POST reset": reset,
                "POST scenario/{name}": doors.scenarios(scenarios.SCENARIOS, self.business),
            },
            refused=(Missing, Refused),
        )

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        work = "read" if request.method == "GET" else "write"
        stopped = await self._struck_before(request, work)
        if stopped is not None:
            return stopped
        if request.headers.get("authorization") != f"Basic {self._proof}":
            said = "Sorry, authentication failed. Invalid api key."
            return error(401, said, "api_authentication_failed")
        late = self.faults.hit("late_commit", work)
        if late is not None:
            self._later.start(self._later_on(late.seconds, request, body))
            await hang(request)
            return PlainTextResponse("gateway timeout", 504)
        done = self._once(request, body)
        lost = self.faults.hit("response_lost", work)
        if lost is not None:
            await hang(request, lost.seconds)
            return PlainTextResponse("gateway timeout", 504)
        if self.faults.hit("garbage", work):
            return PlainTextResponse("<html>Maintenance</html>")
        return done

    async def _later_on(self, seconds: float, request: Request, body: bytes) -> None:
        await asyncio.sleep(seconds)
        self._once(request, body)

    def _once(self, request: Request, body: bytes) -> Response:
        """The first answer again for the same key within 30 minutes; other content is an error."""
        key = request.headers.get("chargebee-idempotency-key", "")
        if request.method == "GET" or not key:
            return self._execute(request, body)
        digest = hashlib.sha256(request.url.path.encode() + b"\n" + body).hexdigest()
        known = self._answers.get(key)
        if known is not None and time.monotonic() - known[0] < _WINDOW_S:
            if known[1] != digest:
                said = "The idempotency key was used with other parameters."
                return error(422, said, "unable_to_process_request", kind="operation_failed")
            again = Response(known[2].body, known[2].status_code, media_type="application/json")
            again.headers["chargebee-idempotency-replayed"] = "true"
            return again
        done = self._execute(request, body)
        self._answers[key] = (time.monotonic(), digest, done)
        return done

    def _execute(self, request: Request, body: bytes) -> Response:
        path = request.path_params["path"].strip("/")
        raw = request.url.query if request.method == "GET" else body.decode()
        given = dict(parse_qsl(raw, keep_blank_values=True))
        try:
            if request.method == "GET":
                return JSONResponse(making.read(self.world, path, given))
            done = making.write(self.business, path, given)
        except Missing as missing:
            return error(404, f"Sorry, {missing}", "resource_not_found")
        except Refused as refused:
            return error(refused.status, str(refused), refused.code, param=refused.param)
        except (ValueError, KeyError) as wrong:
            return error(400, f"param : {wrong}", "param_wrong_value")
        return JSONResponse(done)

    async def _struck_before(self, request: Request, work: str) -> Response | None:
        """The answer of a fault that keeps the call from being done, if one strikes."""
        await self.faults.wait(work)
        if self.faults.hit("down", work):
            said = "The server is currently unable to handle the request."
            return error(503, said, "internal_temporary_error", kind="operation_failed")
        if self.faults.hit("throttle", work):
            said = "Sorry, access has been blocked temporarily due to request count over limit"
            answer = error(429, said, "api_request_limit_exceeded", kind="operation_failed")
            if self.faults.retry_after is not None:
                answer.headers["Retry-After"] = str(self.faults.retry_after)
            return answer
        if self.faults.hit("unauthorized", work):
            said = "Sorry, authentication failed. Invalid api key."
            return error(401, said, "api_authentication_failed")
        if self.faults.hit("locked", work):
            said = "Another operation on this resource is in progress."
            return error(409, said, "lock_timeout", kind="operation_failed")
        if self.faults.hit("failed", work):
            return error(500, "Something went wrong.", "internal_error", kind="operation_failed")
        return None


def error(
    status: int, said: str, code: str, *, param: str = "", kind: str = "invalid_request"
) -> Response:
    body = {"message": said, "type": kind, "api_error_code": code, "error_code": code}
    if param:
        body["param"] = param
    return JSONResponse(body, status)
