"""
The sandbox as an ASGI application.

    POST /api/v2/statements                    run a statement
    GET  /api/v2/statements/{handle}           how it stands, and the parts of its result
    POST /api/v2/statements/{handle}/cancel
    GET  /                                     what was loaded, for people

Faults, told as ``connectors.sandboxes.faults`` says: ``response_lost`` runs the statement and says
nothing; ``late_commit`` (seconds) says nothing and runs it then; ``busy`` (seconds) answers 202 and
runs it then; ``bad_gateway`` runs it and says 502.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final
from uuid import UUID, uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from connectors.sandboxes.faults import ANY, Faults, hang
from connectors.sandboxes.page import page
from connectors.sandboxes.serving import ends_with
from connectors.systems.snowflake.sandbox import control, forms
from connectors.systems.snowflake.sandbox.engine import Engine
from connectors.systems.snowflake.sandbox.forms import PATH, Refused
from connectors.systems.snowflake.sandbox.proofs import Door, private_key
from connectors.systems.snowflake.sandbox.values import Failed
from connectors.systems.snowflake.sandbox.work import Works

_SCOPES: Final = {
    "down": ANY,
    "throttle": ANY,
    "slow": ANY,
    "garbage": ANY,
    "unauthorized": ANY,
    "response_lost": "write",
    "late_commit": "write",
    "busy": "write",
    "bad_gateway": "write",
}
_BINDINGS: Final = ("FIXED", "REAL", "TEXT", "BOOLEAN")
_WRITES: Final = re.compile(r"\s*(?:MERGE|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Config:
    """``part``: rows in one partition of a result; ``state_path``: a file that keeps the tables."""

    account: str = "DEMO"
    user: str = "REVOPS"
    role: str = "REVOPS"
    warehouse: str = "REVOPS"
    database: str = "REVOPS"
    schema: str = "FACTS"
    private_key: str = ""
    state_path: str = ""
    part: int = 1_000


def build(config: Config | None = None) -> Starlette:
    """Serve it on loopback only."""
    sandbox = Sandbox(config or Config())

    app = Starlette(
        routes=[
            Route("/", sandbox.shown),
            Route(PATH, sandbox.submitted, methods=["POST"]),
            Route(f"{PATH}/{{handle}}", sandbox.looked),
            Route(f"{PATH}/{{handle}}/cancel", sandbox.cancelled, methods=["POST"]),
            control.door(sandbox.engine, sandbox.works, sandbox.faults),
        ],
        lifespan=ends_with(sandbox.works.aclose),
    )
    app.state.sandbox = sandbox
    return app


class Sandbox:
    def __init__(self, config: Config) -> None:
        self._config = config
        self._door = Door(
            account=config.account, user=config.user, pem=config.private_key or private_key()
        )
        context = {"role": config.role, "warehouse": config.warehouse, "schema": config.schema}
        self.engine = Engine(context=context, path=config.state_path)
        self.works = Works(self.engine)
        self.faults = Faults(_SCOPES, timed=("slow", "late_commit", "busy"))

    async def submitted(self, request: Request) -> Response:
        try:
            body, bound = await self._asked(request)
        except Refused as refused:
            return forms.refused(refused)
        text = str(body["statement"])
        work = "write" if _WRITES.match(text) else "read"
        stopped = await self._struck(request, work)
        if stopped is not None:
            return stopped
        if problem := self._elsewhere(body):
            return forms.failed(problem, str(uuid4()))
        params = request.query_params
        one = self.works.take(
            text, bound, params.get("requestId", ""), retry=params.get("retry") == "true"
        )
        late = self.faults.hit("late_commit", work)
        if late is not None:
            self.works.run_later(one, late.seconds)
            await hang(request)
            return PlainTextResponse("gateway timeout", 504)
        busy = self.faults.hit("busy", work)
        if busy is not None or params.get("async") == "true":
            self.works.run_later(one, busy.seconds if busy else 0)
            return forms.stands(one, size=self._config.part)
        self.works.run(one)
        lost = self.faults.hit("response_lost", work)
        if lost is not None:
            await hang(request, lost.seconds)
            return PlainTextResponse("gateway timeout", 504)
        if self.faults.hit("bad_gateway", work):
            return PlainTextResponse("bad gateway", 502)
        if self.faults.hit("garbage", work):
            return PlainTextResponse("<html>Maintenance</html>")
        return forms.stands(one, size=self._config.part)

    async def looked(self, request: Request) -> Response:
        stopped = await self._struck(request, "look")
        if stopped is not None:
            return stopped
        handle = request.path_params["handle"]
        one = self.works.get(handle)
        if one is None:
            return forms.failed(Failed("000709", "02000", f"Statement {handle} not found"), handle)
        return forms.stands(
            one,
            size=self._config.part,
            part=int(request.query_params.get("partition", "0")),
        )

    async def cancelled(self, request: Request) -> Response:
        stopped = await self._struck(request, "look")
        if stopped is not None:
            return stopped
        handle = request.path_params["handle"]
        if not self.works.cancel(handle):
            return forms.failed(Failed("000709", "02000", f"Statement {handle} not found"), handle)
        return forms.cancelled(handle)

    async def shown(self, request: Request) -> Response:
        return page(
            title="Snowflake of the demo",
            lead="What the console loaded.",
            items=(
                f"<h2>{escape(table)}</h2><p>{rows:,} rows</p>"
                for table, rows in self.engine.tables().items()
            ),
            empty="No table yet.",
        )

    async def _struck(self, request: Request, work: str) -> Response | None:
        """What keeps the call from being heard: a fault, or a caller who proves nothing."""
        await self.faults.wait(work)
        if self.faults.hit("down", work):
            return PlainTextResponse("Service Unavailable", 503)
        if self.faults.hit("throttle", work):
            answer = JSONResponse({"code": "390505", "message": "Too many requests."}, 429)
            if self.faults.retry_after is not None:
                answer.headers["Retry-After"] = str(self.faults.retry_after)
            return answer
        heads = request.headers
        proven = self._door.admits(
            heads.get("authorization", ""), heads.get("x-snowflake-authorization-token-type", "")
        )
        if not proven or self.faults.hit("unauthorized", work):
            said = f"JWT token is invalid. [{uuid4()}]"
            return JSONResponse({"code": "390144", "message": said}, 401)
        # What writes is done before its answer is garbled.
        if work != "write" and self.faults.hit("garbage", work):
            return PlainTextResponse("<html>Maintenance</html>")
        return None

    async def _asked(self, request: Request) -> tuple[Mapping[str, Any], Sequence[Any]]:
        """The body, and the values to be bound, in their order. Raises Refused."""
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise Refused(415, "391902", "Unsupported Content-Type header.")
        accept = request.headers.get("accept", "")
        if not request.headers.get("user-agent") or not ("json" in accept or "*/*" in accept):
            raise Refused(400, "391903", "Unsupported Accept header null is specified.")
        try:
            if named := request.query_params.get("requestId"):
                UUID(named)
            body = json.loads(await request.body())
            text, timeout = body["statement"], body.get("timeout", 0)
            bound = _bound(body.get("bindings", {}))
            if not isinstance(text, str) or not isinstance(timeout, int):
                raise TypeError
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            said = "Incoming request does not contain a valid payload."
            raise Refused(400, "390142", said) from error
        return body, bound

    def _elsewhere(self, body: Mapping[str, Any]) -> Failed | None:
        """What is asked for by a name that the account does not have, or not in these letters."""
        config = self._config
        if body.get("role", config.role) != config.role:
            said = f"Role '{body['role']}' specified in the connect string is not granted."
            return Failed("390189", "08001", said)
        if body.get("warehouse", config.warehouse) != config.warehouse:
            said = "No active warehouse selected in the current session."
            return Failed("000606", "57P03", said)
        for name, mine in (("database", config.database), ("schema", config.schema)):
            if body.get(name, mine) != mine:
                said = f"{name.title()} '{body[name]}' does not exist or not authorized."
                return Failed("002003", "02000", f"SQL compilation error:\n{said}")
        return None


def _bound(told: Mapping[str, Any]) -> Sequence[Any]:
    """Values must be strings, whatever their type is."""
    found = []
    for place in range(1, len(told) + 1):
        kind, value = told[str(place)]["type"], told[str(place)]["value"]
        if kind not in _BINDINGS or not isinstance(value, str):
            raise ValueError
        found.append(int(value) if kind == "FIXED" else value)
    return found
