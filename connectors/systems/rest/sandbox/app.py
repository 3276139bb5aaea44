"""
The made-up systems as an ASGI application.

    desk   GET /api/v1/<resource>?updated_since=&page=&per_page=   {"<resource>": […], "meta": {…}}
           GET /api/v1/<resource>/<id>, POST /api/v1/grants, GET /api/v1/grants?reference=
    plans  POST /oauth/token, GET /v2/<resource>?modified_after=&cursor=, GET /v2/<resource>/<id>,
           PUT and DELETE /v2/limits/<account>/<feature> with an Idempotency-Key
    both   /_control/: faults, state, reset, sign_in, scenario/<name>

Faults as ``connectors.sandboxes.faults`` says: ``down`` 503, ``throttle`` 429, ``unauthorized``
401, ``slow``, ``garbage`` a page, ``response_lost`` and ``late_commit`` of writes, ``invalid`` 422,
``drop_webhooks``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from connectors.sandboxes.calls import HOOK
from connectors.sandboxes.door import door, scenarios, sign_ins
from connectors.sandboxes.faults import ANY, Faults, hang
from connectors.sandboxes.page import page
from connectors.sandboxes.serving import ends_with
from connectors.sandboxes.tokens import Tokens
from connectors.systems.rest.sandbox.hooks import DeskHooks, PlansHooks
from connectors.systems.rest.sandbox.world import PLAYS, World

DEFAULT_PORT: Final = 8449
API_KEY: Final = "desk-key-of-the-sandbox"
CLIENT_ID: Final = "console"
CLIENT_SECRET: Final = "plans-secret-of-the-sandbox"  # noqa: S105  of a server that holds nothing
HOOK_SECRET: Final = "told-by-the-sandbox-alone"  # noqa: S105  of a server that holds nothing
# Small, so that every poll of more than a few objects turns pages.
PAGE: Final = 3
_SCOPES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("down", "throttle", "unauthorized", "slow", "garbage"), ANY),
    **dict.fromkeys(("response_lost", "late_commit", "invalid"), "write"),
    "drop_webhooks": HOOK,
}


@dataclass(frozen=True, slots=True)
class Config:
    dialect: str = "desk"
    api_key: str = API_KEY
    client_secret: str = CLIENT_SECRET
    hook_url: str = ""
    hook_secret: str = HOOK_SECRET


class System:
    def __init__(self, config: Config) -> None:
        self._config = config
        self.faults = Faults(_SCOPES, wider={ANY: ("read", "write", "token")})
        kind = DeskHooks if config.dialect == "desk" else PlansHooks
        self.hooks = kind(self.faults, url=config.hook_url, secret=config.hook_secret)
        self.world = World(config.dialect, self.hooks.told)
        self.tokens = Tokens("plans-")
        self._answers: dict[str, tuple[int, Any]] = {}

    async def answer(self, request: Request) -> Response:
        work = "read" if request.method == "GET" else "write"
        stopped = await self._stopped(work)
        if stopped is not None:
            return stopped
        if not self._knows(request.headers.get("authorization", "")):
            return _error(401, "unauthorized")
        body = await request.body()
        if self.faults.hit("invalid", work):
            return _error(422, "invalid")
        late = self.faults.hit("late_commit", work)
        if late is not None:
            await hang(request, late.seconds)
        status, value = self._done(request, body)
        lost = self.faults.hit("response_lost", work)
        if lost is not None:
            await hang(request, lost.seconds)
            return PlainTextResponse("", 504)
        if self.faults.hit("garbage", work):
            return HTMLResponse("<html>It works!</html>")
        return JSONResponse(value, status) if value is not None else Response(status_code=status)

    async def sign_in(self, request: Request) -> Response:
        stopped = await self._stopped("token")
        if stopped is not None:
            return stopped
        if self.faults.hit("garbage", "token"):
            return HTMLResponse("<html>It works!</html>")
        form = dict(parse_qsl((await request.body()).decode()))
        given = form.get("client_id"), form.get("client_secret")
        if given != (CLIENT_ID, self._config.client_secret):
            return JSONResponse({"error": "invalid_client"}, 401)
        token = {"access_token": self.tokens.issue(), "token_type": "Bearer", "expires_in": 900}
        return JSONResponse(token)

    async def page(self, request: Request) -> Response:
        sent = self.world.rows["grants" if self._config.dialect == "desk" else "limits"]
        return page(
            title="A system nobody wrote a connector for",
            lead="What the console told it.",
            items=(f"<pre>{escape(json.dumps(row))}</pre>" for row in reversed(sent.values())),
            empty="Nothing yet.",
        )

    async def _stopped(self, work: str) -> Response | None:
        await self.faults.wait(work)
        if self.faults.hit("down", work):
            return PlainTextResponse("upstream unavailable", 503)
        if self.faults.hit("throttle", work):
            wait = self.faults.retry_after
            return JSONResponse(
                {"error": "slow_down"}, 429, {"retry-after": str(wait)} if wait else {}
            )
        return _error(401, "unauthorized") if self.faults.hit("unauthorized", work) else None

    def _knows(self, header: str) -> bool:
        token = header.removeprefix("Bearer ")
        desk = self._config.dialect == "desk"
        return token == self._config.api_key if desk else self.tokens.knows(token)

    def _done(self, request: Request, body: bytes) -> tuple[int, Any]:
        """(status, the answer or None for no body)"""
        key = request.headers.get("idempotency-key", "")
        if self._config.dialect == "plans" and key in self._answers:
            return self._answers[key]
        resource, _, rest = request.path_params["path"].partition("/")
        if resource not in self.world.rows:
            return 404, {"error": "not_found"}
        if request.method == "GET":
            return self._one(resource, rest) if rest else self._listed(resource, request)
        done = self._written(request.method, resource, rest, body)
        if key and done[0] < 400:
            self._answers[key] = done
        return done

    def _one(self, resource: str, number: str) -> tuple[int, Any]:
        row = self.world.rows[resource].get(number)
        if row is None:
            return 404, {"error": "not_found"}
        if self._config.dialect == "plans":
            return 200, row
        return 200, {"company" if resource == "companies" else resource[:-1]: row}

    def _listed(self, resource: str, request: Request) -> tuple[int, Any]:
        asked, rows = request.query_params, list(self.world.rows[resource].values())
        if self._config.dialect == "plans":
            after = int(asked.get("modified_after") or 0)
            start = int(asked.get("cursor") or 0)
            rows = [row for row in rows if row["modified"] >= after]
            more = start + PAGE < len(rows)
            found = rows[start : start + PAGE]
            return 200, {"data": found, "next_cursor": str(start + PAGE) if more else None}
        if "reference" in asked:
            rows = [row for row in rows if row.get("reference") == asked["reference"]]
        since = asked.get("updated_since")
        if since:
            moment = datetime.fromisoformat(since)
            rows = [row for row in rows if datetime.fromisoformat(row["updated_at"]) >= moment]
        number, size = int(asked.get("page") or 1), int(asked.get("per_page") or PAGE)
        found = rows[(number - 1) * size : number * size]
        return 200, {resource: found, "meta": {"page": number, "total": len(rows)}}

    def _written(self, method: str, resource: str, rest: str, body: bytes) -> tuple[int, Any]:
        told = json.loads(body) if body else {}
        if self._config.dialect == "desk":
            if (method, resource, rest) != ("POST", "grants", ""):
                return 405, {"error": "method_not_allowed"}
            if not told.get("feature") or not told.get("reference"):
                return 422, {"error": "feature and reference are needed"}
            row = self.world.keep("grants", {"id": f"gr_{self.world.number()}", **told}, quiet=True)
            return 201, {"grant": row}
        limits = self.world.rows["limits"]
        if resource != "limits" or rest.count("/") != 1:
            return 404, {"error": "not_found"}
        if method == "DELETE":
            return (204, None) if limits.pop(rest, None) else (404, {"error": "not_found"})
        if rest.endswith("/no-such-feature"):
            return 422, {"error": "there is no such feature"}
        known = rest in limits
        row = self.world.keep("limits", {"id": rest, **told}, quiet=True)
        return 200 if known else 201, {"limit": row}


def build(config: Config | None = None) -> Starlette:
    """Serve it on loopback only."""
    system = System(config or Config())

    def reset(request: Request, value: Any) -> Any:
        system.faults.clear()
        system.world.reset()
        return {"reset": True}

    control = {
        "GET hooks": lambda request, value: list(system.hooks.called),
        "POST reset": reset,
        "POST sign_in": sign_ins(system.tokens),
        "POST scenario/{name}": scenarios(PLAYS, system.world),
    }
    methods = ["GET", "POST", "PUT", "DELETE"]
    app = Starlette(
        routes=[
            Route("/", system.page),
            door(system.faults, lambda: system.world.rows, control),
            Route("/oauth/token", system.sign_in, methods=["POST"]),
            Route("/api/v1/{path:path}", system.answer, methods=methods),
            Route("/v2/{path:path}", system.answer, methods=methods),
        ],
        lifespan=ends_with(system.hooks.aclose),
    )
    app.state.system = system
    return app


def _error(status: int, word: str) -> Response:
    return JSONResponse({"error": word}, status)
