"""The sandbox as an ASGI application."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from connectors.contract import Settings
from connectors.sandboxes.calls import Background
from connectors.sandboxes.faults import Fault, hang
from connectors.sandboxes.serving import ends_with
from connectors.systems.sap.sandbox import control, speaking
from connectors.systems.sap.sandbox.faults import faults
from connectors.systems.sap.sandbox.odata import Invalid
from connectors.systems.sap.sandbox.speaking import SOAP
from connectors.systems.sap.sandbox.world import World

USER: Final = "REVOPS_COM"
PASSWORD: Final = "sandbox-password-of-20"  # noqa: S105 - of a system that holds nothing


@dataclass(frozen=True, slots=True)
class Config:
    user: str = USER
    password: str = PASSWORD
    state_path: str = ""


def build(config: Config | None = None) -> Starlette:
    """Serve it on loopback only."""
    sandbox = Sandbox(config or Config())
    app = Starlette(
        routes=[
            control.door(sandbox),
            Route(SOAP, sandbox.soap, methods=["POST"]),
            Route(
                "/sap/opu/odata/sap/{path:path}", sandbox.odata, methods=["GET", "POST", "PATCH"]
            ),
        ],
        lifespan=ends_with(sandbox.later.aclose),
    )
    app.state.sandbox = sandbox
    return app


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """A sandbox that the connection's own secrets open. SAP tells nobody: hooks stay unused."""
    user, password = settings.secrets.get("user", ""), settings.secrets.get("password", "")
    return build(Config(user, password, state_path))


@dataclass
class Sandbox:
    config: Config
    faults: Any = field(default_factory=faults)
    world: World = field(default_factory=World)
    tokens: dict[str, str] = field(default_factory=dict)
    later: Background = field(default_factory=Background)

    def __post_init__(self) -> None:
        pair = f"{self.config.user}:{self.config.password}".encode()
        self._proof = f"Basic {base64.b64encode(pair).decode('ascii')}"
        self._path = Path(self.config.state_path) if self.config.state_path else None
        if self._path is not None and self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines(keepends=True):
                if line.endswith("\n"):
                    self._again(*json.loads(line))

    def _again(self, what: str, *said: Any) -> None:
        """What was done before a stop."""
        if what == "soap":
            speaking.post(self.world, said[0].encode())
        elif what == "closed":
            self.close(said[0])
        elif what == "POST":
            self.world.create_partner(said[1])
        else:
            self.world.change_partner(speaking.number(said[0]), said[1])

    def note(self, *entry: Any) -> None:
        """Kept over a restart, when there is a path."""
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")

    def close(self, months: Mapping[str, str]) -> None:
        for month, state in months.items():
            (self.world.closed.add if state == "closed" else self.world.closed.discard)(month)

    def reset(self) -> None:
        self.later.drop()
        self.faults.clear()
        self.world = World()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def soap(self, request: Request) -> Response:
        raw = await request.body()
        stopped = await self._struck_before(request, "post", raw)
        if stopped is not None:
            return stopped
        if self.faults.hit("malformed", "post"):
            return Response(speaking.fault("Web service processing error"), 500, media_type=_XML)
        if self.faults.hit("locked", "post"):
            words = "Account is currently being processed by user FINANCE"
            return Response(speaking.refused(raw, "042(M3)", words), media_type=_XML)
        if self.faults.hit("silent", "post"):
            return Response(speaking.silent(), media_type=_XML)
        status, content = self._post(raw)
        lost = self.faults.hit("response_lost", "post")
        if lost is not None:
            return await _never(request, lost.seconds)
        if self.faults.hit("garbage", "post"):
            return _page(200)
        return Response(content, status, media_type=_XML)

    def _post(self, raw: bytes) -> tuple[int, bytes]:
        status, content = speaking.post(self.world, raw)
        if status == 200:
            self.note("soap", raw.decode())
        return status, content

    async def odata(self, request: Request) -> Response:
        raw = await request.body()
        path = request.path_params["path"]
        work = "read" if request.method == "GET" else "partner"
        stopped = await self._struck_before(request, work, raw)
        if stopped is not None:
            return stopped
        headers: dict[str, str] = {}
        if request.headers.get("x-csrf-token", "").lower() == "fetch":
            token, session = random.token_urlsafe(12), random.token_urlsafe(8)
            self.tokens[token] = session
            headers = {
                "x-csrf-token": token,
                "set-cookie": f"SAP_SESSIONID_XYZ_100={session}; path=/; secure; HttpOnly",
            }
        try:
            done = self._odata(request, path, raw)
        except Invalid as error:
            done = _error(400, "005056A509B11EE1B9A8FEC11C21578E", str(error))
        except KeyError:
            done = _error(404, "/IWBEP/CM_MGW_RT/020", "Resource not found for the segment")
        done.headers.update(headers)
        if self.faults.hit("garbage", work):
            return _page(200)
        return done

    def _odata(self, request: Request, path: str, raw: bytes) -> Response:
        """Raises Invalid or KeyError."""
        if request.method == "GET":
            rows = speaking.read(self.world, path, dict(request.query_params))
            return JSONResponse({"d": {"results": rows}})
        token = request.headers.get("x-csrf-token", "")
        session = self.tokens.get(token, "")
        if self.faults.hit("csrf", "partner") or not session or (
            session not in request.headers.get("cookie", "")
        ):  # fmt: skip
            answer = Response("CSRF token validation failed", 403, media_type="text/plain")
            answer.headers["x-csrf-token"] = "Required"
            return answer
        body = json.loads(raw)
        if request.method == "POST":
            row = self.world.create_partner(body)
            self.note("POST", path, body)
            return JSONResponse({"d": row}, 201)
        etag = self.world.partners[speaking.number(path)]["__metadata"]["etag"]
        if request.headers.get("if-match", "") not in ("*", etag):
            return _error(412, "/IWFND/CM_MGW/000", "Precondition failed")
        self.world.change_partner(speaking.number(path), body)
        self.note("PATCH", path, body)
        return Response(status_code=204)

    async def _struck_before(self, request: Request, work: str, raw: bytes) -> Response | None:
        """The answer of a fault that keeps the call from being done, if one strikes."""
        await self.faults.wait(work)
        if self.faults.hit("down", work):
            return _page(503)
        if self.faults.hit("throttle", work):
            answer = _page(429)
            if self.faults.retry_after is not None:
                answer.headers["retry-after"] = str(self.faults.retry_after)
            return answer
        refused = request.headers.get("authorization") != self._proof
        if refused or self.faults.hit("unauthorized", work):
            return _page(401)
        if self.faults.hit("hang", work):
            return await _never(request, 0)
        late = self.faults.hit("late_commit", work)
        if late is not None:
            self.later.start(self._late(late, raw))
            return await _never(request, 0)
        return None

    async def _late(self, late: Fault, raw: bytes) -> None:
        await asyncio.sleep(late.seconds)
        self._post(raw)


_XML: Final = "text/xml; charset=utf-8"


async def _never(request: Request, seconds: float) -> Response:
    """Wait until the caller has gone; after ``seconds``, when given, a gateway's 504."""
    await hang(request, seconds)
    return _page(504)


def _page(status: int) -> Response:
    return HTMLResponse(f"<html><head><title>Logon</title></head>{status}</html>", status)


def _error(status: int, code: str, words: str) -> JSONResponse:
    said = {"error": {"code": code, "message": {"lang": "en", "value": words}}}
    return JSONResponse(said, status)
