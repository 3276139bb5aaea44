"""The sandbox as an ASGI application, with its faults and its own ``/_control/`` door."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.contract import Settings
from connectors.sandboxes.calls import Background
from connectors.sandboxes.faults import Fault, hang
from connectors.sandboxes.serving import ends_with
from connectors.systems.tryton.sandbox import chart, control, pages
from connectors.systems.tryton.sandbox.doors import VERSION, Doors, json_of, refusal
from connectors.systems.tryton.sandbox.faults import faults
from connectors.systems.tryton.sandbox.ledger import Ledger
from connectors.systems.tryton.sandbox.refused import LOCKED, Crash, Page, UserError
from connectors.systems.tryton.sandbox.store import Store

API_KEY: Final = "sandbox-api-key"
PASSWORD: Final = "sandbox-password"  # noqa: S105 - of a server that holds nothing
_WRITES: Final = ("create", "post", "delete")


def build(config: Mapping[str, Any]) -> Starlette:
    """
    ``config``: ``database``, ``api_key``, ``login``, ``password``, ``years`` and ``state_file``
    (a path that keeps the books over a restart); all are optional.
    """
    sandbox = Sandbox(config)
    methods = ["GET", "POST", "PUT", "DELETE"]
    app = Starlette(
        routes=[
            control.door(sandbox),
            Route("/{path:path}", sandbox.answer, methods=methods),
        ],
        lifespan=ends_with(sandbox.later.aclose),
    )
    app.state.sandbox = sandbox
    return app


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """A sandbox that the connection's own secrets open. Tryton tells nobody: hooks stay unused."""
    return build(
        {
            "database": settings.parameters.get("database"),
            "login": settings.parameters.get("login"),
            "api_key": settings.secrets.get("api_key"),
            "password": settings.secrets.get("password"),
            "state_file": state_path,
        }
    )


class Sandbox:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self.faults = faults()
        self.counts: Counter[str] = Counter()
        self.later = Background()
        self.store = Store(config.get("state_file"))
        self._open()
        for kind, *entry in self.store.written():
            if kind == "control":
                control.change(self, entry[0], entry[1])
            else:
                self._execute(*entry, auth=self._doors.credentials(entry[1]))

    def _open(self) -> None:
        self.ledger = Ledger(self._config.get("years") or chart.YEARS)
        self._doors = Doors(
            self.ledger,
            key=str(self._config.get("api_key") or API_KEY),
            login=str(self._config.get("login") or chart.LOGIN),
            password=str(self._config.get("password") or PASSWORD),
        )
        self._database = str(self._config.get("database") or chart.DATABASE)

    def reset(self) -> None:
        """Empty books without faults; what is under way is dropped."""
        self.later.drop()
        self.faults.clear()
        self.counts.clear()
        self.store.clear()
        self._open()

    async def answer(self, request: Request) -> Response:
        raw = await request.body()
        parts = request.path_params["path"].strip("/").split("/")
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            return _html(400, "Unable to read JSON request")
        if parts == ["rpc"]:
            return _json({"id": (body or {}).get("id"), "result": VERSION})
        fields = request.query_params.getlist("f")
        auth = request.headers.get("authorization", "")
        call = (request.method, parts, body, fields)
        work = self._doors.work(request.method, parts, body)
        self.counts[work] += 1
        if self.faults:
            stopped = await self._struck_before(request, work, call, auth)
            if stopped is not None:
                return stopped
        status, content, kind = self._execute(*call, auth=auth)
        if status < 300 and work in _WRITES:
            self.store.append(["call", *call])
        if self.faults:
            lost = await self._struck_after(request, work)
            if lost is not None:
                return lost
        return Response(content, status, media_type=kind)

    def _execute(
        self, method: str, parts: list[str], body: Any, fields: list[str], *, auth: str
    ) -> tuple[int, bytes, str]:
        rpc = parts[1:] == ["rpc"]
        try:
            if parts[0] != self._database or not (rpc or (len(parts) > 3 and parts[1] == "rest")):
                raise Page(404)
            if rpc:
                result = self._doors.rpc(body, auth)
                return 200, json_of({"id": body["id"], "result": result}), "application/json"
            result = self._doors.rest(method, parts, body, fields, auth)
            if result is None:
                return 204, b"", "text/plain; charset=utf-8"
            return 200, json_of(result), "application/json"
        except Page as shown:
            return shown.status, pages.page(shown.status, shown.text), pages.HTML
        except Crash as crash:
            if rpc:
                error = {"id": body["id"], "error": [str(crash), ""]}
                return 200, json_of(error), "application/json"
            return 500, pages.page(500, str(crash)), pages.HTML
        except UserError as error:
            number = body["id"] if rpc else 0
            return *refusal(error, rpc=rpc, number=number), "application/json"

    async def _struck_before(
        self, request: Request, work: str, call: tuple[Any, ...], auth: str
    ) -> Response | None:
        """The answer of a fault that keeps the call from being done, if one strikes."""
        await self.faults.wait(work)
        if self.faults.hit("down", work) or self.faults.hit("half_done", work):
            return _html(503)
        throttle = self.faults.hit("throttle", work)
        if throttle is not None:
            answer = _html(throttle.status, "Slow down.")
            if self.faults.retry_after is not None:
                answer.headers["retry-after"] = str(self.faults.retry_after)
            return answer
        if self.faults.hit("unauthorized", work):
            return _html(401)
        if self.faults.hit("lock_503", work):
            return _html(503, LOCKED)
        if self.faults.hit("refuse_post", work):
            rpc = call[1][1:] == ["rpc"]
            number = call[2]["id"] if rpc else 0
            status, content = refusal(UserError("It may not be posted."), rpc=rpc, number=number)
            return Response(content, status, media_type="application/json")
        if self.faults.hit("hang", work):
            return await _never(request, 0)
        late = self.faults.hit("late_commit", work)
        if late is not None:
            self.later.start(self._commit_late(late, call, auth))
            return await _never(request, 0)
        return None

    async def _commit_late(self, late: Fault, call: tuple[Any, ...], auth: str) -> None:
        await asyncio.sleep(late.seconds)
        status, _, _ = self._execute(*call, auth=auth)
        if status < 300:
            self.store.append(["call", *call])

    async def _struck_after(self, request: Request, work: str) -> Response | None:
        lost = self.faults.hit("response_lost", work)
        if lost is not None:
            return await _never(request, lost.seconds)
        if self.faults.hit("garbage", work):
            return Response(pages.page(200, "It works!"), media_type=pages.HTML)
        return None


async def _never(request: Request, seconds: float) -> Response:
    """Wait until the caller has gone; after ``seconds``, when given, a proxy's 504."""
    await hang(request, seconds)
    return _html(504)


def _json(value: Any) -> Response:
    return Response(json_of(value), media_type="application/json")


def _html(status: int, text: str = "") -> Response:
    return Response(pages.page(status, text), status, media_type=pages.HTML)
