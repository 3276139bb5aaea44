"""The sandbox as an ASGI application: Entra's token door, API v2.0, and ``/_control/``."""

from __future__ import annotations

import asyncio
import json
import re
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from connectors.caller import encode
from connectors.contract import Settings
from connectors.sandboxes.faults import Fault, hang
from connectors.sandboxes.serving import ends_with
from connectors.systems.business_central.sandbox import control
from connectors.systems.business_central.sandbox.api import Api
from connectors.systems.business_central.sandbox.faults import faults
from connectors.systems.business_central.sandbox.hooks import Hooks
from connectors.systems.business_central.sandbox.odata import MOST, Refused
from connectors.systems.business_central.sandbox.world import World

TENANT: Final = "contoso.onmicrosoft.com"
ENVIRONMENT: Final = "production"
CLIENT_ID: Final = "6f1d6a3e-0000-4000-8000-00000000c11d"
CLIENT_SECRET: Final = "sandbox~client~secret"  # noqa: S105 - of a system that holds nothing
STATE: Final = "sandbox-client-state"
LASTS_S: Final = 3599
_PAGE: Final = re.compile(r"odata\.maxpagesize=([0-9]+)")
_METHODS: Final = ("GET", "POST", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Config:
    tenant: str = TENANT
    environment: str = ENVIRONMENT
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    state_path: str = ""


def build(config: Config | None = None) -> Starlette:
    """Serve it on loopback only."""
    sandbox = Sandbox(config or Config())

    root = "/v2.0/{tenant}/{environment}/api/v2.0/{path:path}"
    app = Starlette(
        routes=[
            control.door(sandbox),
            Route("/{tenant}/oauth2/v2.0/token", sandbox.token, methods=["POST"]),
            Route(root, sandbox.answer, methods=list(_METHODS)),
        ],
        lifespan=ends_with(sandbox.aclose),
    )
    app.state.sandbox = sandbox
    return app


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """A sandbox that the connection's own secrets open. Hooks are subscribed to by calls."""
    return build(
        Config(
            tenant=str(settings.parameters.get("tenant") or TENANT),
            environment=str(settings.parameters.get("environment") or ENVIRONMENT),
            client_id=settings.secrets.get("client_id", ""),
            client_secret=settings.secrets.get("client_secret", ""),
            state_path=state_path,
        )
    )


@dataclass
class Sandbox:
    config: Config
    faults: Any = field(default_factory=faults)
    tokens: dict[str, datetime] = field(default_factory=dict)
    signed_in: int = 0
    world: World = field(init=False)
    api: Api = field(init=False)
    hooks: Hooks = field(init=False)

    def __post_init__(self) -> None:
        self.open()
        self.api.replay()

    def open(self) -> None:
        self.world = World()
        self.hooks = Hooks(self.world, self.faults)
        self.api = Api(self.world, self.hooks, self.config.state_path)

    def reset(self) -> None:
        """Empty books without faults."""
        self.hooks.drop()
        self.faults.clear()
        self.api.store.clear()
        self.open()

    async def aclose(self) -> None:
        """Those hooks that there are then: each reset makes new ones."""
        await self.hooks.aclose()

    async def token(self, request: Request) -> Response:
        form = {
            name: values[0] for name, values in parse_qs((await request.body()).decode()).items()
        }
        tenant = request.path_params["tenant"]
        if self.faults.hit("down", "sign_in"):
            return HTMLResponse("<html>Service unavailable</html>", 503)
        if tenant != self.config.tenant:
            return _entra("invalid_tenant", "AADSTS90002: Tenant not found.", 400)
        if form.get("client_id") != self.config.client_id:
            return _entra("unauthorized_client", "AADSTS700016: Application not found.", 400)
        if form.get("client_secret") != self.config.client_secret:
            return _entra("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
        token = f"eyJ.{random.token_urlsafe(24)}"
        self.signed_in += 1
        self.tokens[token] = datetime.now(UTC) + timedelta(seconds=LASTS_S)
        body = {"token_type": "Bearer", "expires_in": LASTS_S, "access_token": token}
        return JSONResponse(body)

    async def answer(self, request: Request) -> Response:
        raw = await request.body()
        path = request.path_params["path"]
        work = _work(request.method, path)
        stopped = await self._struck_before(request, work, path, raw)
        if stopped is not None:
            return stopped
        done = await self._do(request, path, raw)
        if done.status_code < 300:
            lost = self.faults.hit("response_lost", work)
            if lost is not None:
                return await _never(request, lost.seconds)
        if self.faults.hit("garbage", work):
            return HTMLResponse("<html><body>Business Central</body></html>")
        return done

    async def _do(self, request: Request, path: str, raw: bytes) -> Response:
        place = request.path_params
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            if self.tokens.get(token, datetime.min.replace(tzinfo=UTC)) < datetime.now(UTC):
                raise Refused(
                    401, "Authentication_InvalidCredentials",
                    "The server has rejected the client credentials.",
                )  # fmt: skip
            if (place["tenant"], place["environment"]) != (
                self.config.tenant, self.config.environment,
            ):  # fmt: skip
                raise Refused(404, "BadRequest_NotFound", "Environment does not exist.")
            if request.method == "GET":
                return self._listed(request, path)
            body = json.loads(raw, parse_float=str) if raw else {}
            match = request.headers.get("if-match", "")
            status, value = await self.api.change(request.method, path, body, match)
            return _json(value, status) if value is not None else Response(status_code=status)
        except ValueError:
            return _error(Refused(400, "BadRequest", "Invalid Request Body"))
        except Refused as error:
            return _error(error)

    def _listed(self, request: Request, path: str) -> Response:
        asked = dict(request.query_params)
        found = _PAGE.search(request.headers.get("prefer", ""))
        value, onward = self.api.read(path, asked, int(found[1]) if found else MOST)
        if isinstance(value, list):
            body: dict[str, Any] = {"value": value}
            if onward:
                again = urlencode({**asked, "$skiptoken": onward})
                body["@odata.nextLink"] = f"{request.url.replace(query=again)}"
            return _json(body)
        return _json(value)

    async def _struck_before(
        self, request: Request, work: str, path: str, raw: bytes
    ) -> Response | None:
        """The answer of a fault that keeps the call from being done, if one strikes."""
        await self.faults.wait(work)
        wait = self.faults.retry_after
        headers = {"retry-after": str(wait)} if wait is not None else {}
        if self.faults.hit("down", work):
            return HTMLResponse("<html>Service Temporarily Unavailable</html>", 503)
        if self.faults.hit("throttle", work):
            answer = _error(Refused(429, "Application_TooManyRequests", "Too many requests."))
            answer.headers.update(headers)
            return answer
        if self.faults.hit("unauthorized", work):
            words = "The server has rejected the client credentials."
            return _error(Refused(401, "Authentication_InvalidCredentials", words))
        if self.faults.hit("half_done", work):
            words = "The operation could not complete because a record was locked by another user."
            return _error(Refused(400, "Application_DialogException", words))
        if self.faults.hit("stale", work):
            words = "Another user has already changed the record."
            return _error(Refused(409, "Request_EntityChanged", words))
        if self.faults.hit("hang", work):
            return await _never(request, 0)
        late = self.faults.hit("late_commit", work)
        if late is not None:
            self.hooks.start(self._late(late, request, path, raw))
            return await _never(request, 0)
        return None

    async def _late(self, late: Fault, request: Request, path: str, raw: bytes) -> None:
        await asyncio.sleep(late.seconds)
        await self._do(request, path, raw)


async def _never(request: Request, seconds: float) -> Response:
    """Wait until the caller has gone; after ``seconds``, when given, the gateway's 504."""
    await hang(request, seconds)
    return HTMLResponse("<html>504 Gateway Time-out</html>", 504)


def _work(method: str, path: str) -> str:
    if method == "GET":
        return "read"
    if method != "POST":
        return "change"
    return "post" if path.endswith("Microsoft.NAV.post") else "create"


def _json(value: Any, status: int = 200) -> Response:
    return Response(encode(value), status, media_type="application/json")


def _error(error: Refused) -> Response:
    words = f"{error.message}  CorrelationId:  00000000-0000-4000-8000-000000000000."
    return JSONResponse({"error": {"code": error.code, "message": words}}, error.status)


def _entra(code: str, words: str, status: int) -> Response:
    body: Mapping[str, Any] = {"error": code, "error_description": words}
    return JSONResponse(body, status)
