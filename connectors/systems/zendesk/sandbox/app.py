"""The sandbox as an ASGI application: the ticketing API, a page of tickets, ``/_control/``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from connectors.sandboxes.faults import hang
from connectors.sandboxes.page import page
from connectors.sandboxes.serving import ends_with
from connectors.systems.zendesk.names import Names
from connectors.systems.zendesk.sandbox import control
from connectors.systems.zendesk.sandbox.faults import faults
from connectors.systems.zendesk.sandbox.hooks import Hooks
from connectors.systems.zendesk.sandbox.signing import (
    API_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    EMAIL,
    SignIn,
    token_ended,
)
from connectors.systems.zendesk.sandbox.world import AGENT, Invalid, Row, Stale, World

DEFAULT_PORT: Final = 8439
_DOWN: Final = "<html><body>Zendesk is being maintained</body></html>"


@dataclass(frozen=True, slots=True)
class Config:
    """``parameters`` are the connection's; ``hook_url`` is called for changes, empty for nobody."""

    email: str = EMAIL
    api_token: str = API_TOKEN
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    parameters: Mapping[str, Any] = field(default_factory=dict)
    hook_url: str = ""
    hook_secret: str = ""
    state_path: str = ""


class NotThere(Exception):
    """No such record, or no such address."""


def build(config: Config | None = None) -> Starlette:
    """Serve it on loopback only."""
    sandbox = Sandbox(config or Config())

    app = Starlette(
        routes=[
            Route("/", sandbox.page),
            control.door(sandbox),
            Route("/oauth/tokens", sandbox.sign_in, methods=["POST"]),
            Route("/api/v2/{path:path}", sandbox.answer, methods=["GET", "PUT", "POST"]),
        ],
        lifespan=ends_with(sandbox.hooks.aclose),
    )
    app.state.sandbox = sandbox
    return app


class Sandbox:
    def __init__(self, config: Config) -> None:
        self._sign_in = SignIn(
            email=config.email, api_token=config.api_token,
            client_id=config.client_id, client_secret=config.client_secret,
        )  # fmt: skip
        self.tokens = self._sign_in.tokens
        # The contract test knows no parameters: our key has a field anyway.
        self.names = Names.of({"key_field": "1", **config.parameters})
        self.world = World(Path(config.state_path) if config.state_path else None)
        self.faults = faults()
        self.hooks = Hooks(self.faults, url=config.hook_url, secret=config.hook_secret)

    async def page(self, request: Request) -> Response:
        rows = sorted(self.world.tickets.values(), key=lambda row: row["updated_at"], reverse=True)
        return page(
            title="Support desk of the demo",
            lead="Tickets with the notes that the console wrote on them.",
            items=map(self._item, rows),
            empty="No ticket.",
        )

    async def answer(self, request: Request) -> Response:
        raw = await request.body()
        work = "read" if request.method == "GET" else "write"
        stopped = await self._struck_before(work)
        if stopped is not None:
            return stopped
        refused = self._sign_in.refusal(request.headers.get("authorization", ""))
        if refused is not None:
            return refused
        late = self.faults.hit("late_commit", work)
        if late is not None:
            self.hooks.start(self._do_later(request, raw, late.seconds))
            return await _never(request)
        try:
            done = JSONResponse(self._do(request, raw))
        except NotThere:
            return JSONResponse({"error": "RecordNotFound", "description": "Not found"}, 404)
        except Stale:
            said = "Safe Update prevented the update due to outdated ticket data."
            return JSONResponse({"error": "UpdateConflict", "description": said}, 409)
        except Invalid as wrong:
            details = {wrong.field: [{"description": wrong.said}]}
            said = "Record validation errors"
            body = {"error": "RecordInvalid", "description": said, "details": details}
            return JSONResponse(body, 422)
        lost = self.faults.hit("response_lost", work)
        if lost is not None:
            return await _never(request, lost.seconds)
        if self.faults.hit("garbage", work):
            return HTMLResponse(_DOWN)
        return done

    async def sign_in(self, request: Request) -> Response:
        stopped = await self._struck_before("token")
        if stopped is not None:
            return stopped
        if self.faults.hit("garbage", "token"):
            return HTMLResponse(_DOWN)
        return self._sign_in.answer(await request.json())

    async def _do_later(self, request: Request, raw: bytes, seconds: float) -> None:
        await asyncio.sleep(seconds)
        with contextlib.suppress(NotThere, Stale, Invalid):
            self._do(request, raw)

    def _do(self, request: Request, raw: bytes) -> dict[str, Any]:
        """Raises NotThere, Stale or Invalid."""
        path = request.path_params["path"].removesuffix(".json")
        if request.method == "PUT":
            found = re.fullmatch(r"tickets/([0-9]+)", path)
            number = self._ticket(found[1])["id"] if found else None
            if number is None:
                raise NotThere
            audit = self.world.change(number, json.loads(raw)["ticket"])
            self.world.save()
            self.hooks.call("custom_field_changed", self.world.tickets[number])
            return {"ticket": self.world.tickets[number], "audit": audit}
        for pattern, read in _READS.items():
            found = re.fullmatch(pattern, path)
            if found:
                return read(self, request.query_params, *found.groups())
        raise NotThere

    def _me(self, asked: Mapping[str, str]) -> dict[str, Any]:
        return {"user": {"id": AGENT, "name": "RevOps Console", "role": "agent"}}

    def _field(self, asked: Mapping[str, str], number: str) -> dict[str, Any]:
        names = self.names
        titles = {
            names.key: "RevOps key",
            names.credit: "Credit",
            names.billing: "Billing",
            names.context: "Billing context",
        }
        if int(number) not in titles:
            raise NotThere
        return {"ticket_field": {"id": int(number), "type": "text", "title": titles[int(number)]}}

    def _one(self, asked: Mapping[str, str], number: str) -> dict[str, Any]:
        row = self._ticket(number)
        return {"ticket": row, **self._beside(asked, [row])}

    def _audits(self, asked: Mapping[str, str], number: str) -> dict[str, Any]:
        """Cursor pagination: the cursor is a place in the list."""
        rows = self.world.audits[self._ticket(number)["id"]]
        start, size = int(asked.get("page[after]") or 0), min(int(asked["page[size]"]), 100)
        more = start + size < len(rows)
        meta = {"has_more": more, "after_cursor": str(start + size) if more else None}
        return {"audits": rows[start : start + size], "meta": meta, "links": {}}

    def _many(self, asked: Mapping[str, str], kind: str) -> dict[str, Any]:
        held = self.world.tickets if kind == "tickets" else self.world.organizations
        numbers = [int(one) for one in asked.get("ids", "").split(",") if one][:100]
        rows = [held[one] for one in numbers if one in held]
        return {kind: rows, **self._beside(asked, rows)}

    def _beside(self, asked: Mapping[str, str], rows: Sequence[Row]) -> dict[str, Any]:
        """What is loaded with tickets when it is asked for."""
        wanted = asked.get("include", "").split(",")
        return {"metric_sets": self.world.metric_sets(rows)} if "metric_sets" in wanted else {}

    def _search(self, asked: Mapping[str, str]) -> dict[str, Any]:
        found = re.fullmatch(r'type:ticket custom_field_([0-9]+):"(\S+)"', asked.get("query", ""))
        rows = [
            row | {"result_type": "ticket"}
            for row in self.world.tickets.values()
            if found and {"id": int(found[1]), "value": found[2]} in row["custom_fields"]
        ]
        return {"results": rows, "count": len(rows), "next_page": None}

    def _changed(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """
        The cursor is the place of the last row in the order of changes, not a time: what changes
        again within its second comes again. One of another form starts from the beginning.
        """
        since, place = int(asked.get("start_time") or 0), asked.get("cursor", "")
        after = int(place) if place.isdecimal() else 0
        found = sorted(
            (at, row)
            for row in self.world.tickets.values()
            if (at := self.world.audits[row["id"]][-1]["id"]) > after
            and (after or _seconds(row["updated_at"]) >= since)
        )
        page = found[: int(asked.get("per_page") or 1000)]
        rows = [row for _, row in page]
        return {"tickets": rows, "after_cursor": str(page[-1][0]) if page else place,
                "after_url": None, "end_of_stream": len(found) == len(page),
                **self._beside(asked, rows)}  # fmt: skip

    def _metrics(self, asked: Mapping[str, str]) -> dict[str, Any]:
        since = int(asked["start_time"])
        rows = [row for row in self.world.metrics if _seconds(row["time"]) >= since]
        end = max([_seconds(row["time"]) for row in rows], default=since)
        return {"ticket_metric_events": rows, "count": len(rows), "end_time": end,
                "next_page": None, "end_of_stream": True}  # fmt: skip

    def _ticket(self, number: str) -> Row:
        found = self.world.tickets.get(int(number))
        if found is None:
            raise NotThere
        return found

    async def _struck_before(self, work: str) -> Response | None:
        """The answer of a fault that keeps the call from being done, if one strikes."""
        await self.faults.wait(work)
        if self.faults.hit("down", work):
            return HTMLResponse(_DOWN, 503)
        if self.faults.hit("throttle", work):
            wait = self.faults.retry_after
            said = "Number of allowed API requests per minute exceeded"
            return PlainTextResponse(said, 429, {"retry-after": str(wait)} if wait else {})
        if self.faults.hit("unauthorized", work):
            return token_ended()
        if self.faults.hit("expire_tokens", work):
            self.tokens.expire()
            return token_ended()
        if self.faults.hit("conflict", work):
            return JSONResponse({"error": "UpdateConflict", "description": "outdated"}, 409)
        if self.faults.hit("refuse", work):
            details = {"base": [{"description": "Region: is required when solving a ticket"}]}
            return JSONResponse({"error": "RecordInvalid", "details": details}, 422)
        return None

    def _item(self, row: Row) -> str:
        notes = "".join(
            f"<p><small>{escape(one['at'])} note</small><br>{escape(one['body'])}</p>"
            for one in control.notes(self, row["id"])
        )
        fields = {field["id"]: field["value"] for field in row["custom_fields"]}
        shown = [fields.get(self.names.credit), fields.get(self.names.billing)]
        beside = fields.get(self.names.context) or ""
        state = " · ".join([row["status"], row["priority"] or "", *(one for one in shown if one)])
        name = self.names.case_id(row["id"])
        return (
            f"<h2>{escape(name)} {escape(row['subject'])}</h2><small>{escape(state)}</small>{notes}"
            f"<pre>{escape(beside)}</pre>"
        )


_READS: Final[Mapping[str, Callable[..., dict[str, Any]]]] = {
    r"users/me": Sandbox._me,
    r"ticket_fields/([0-9]+)": Sandbox._field,
    r"tickets/([0-9]+)": Sandbox._one,
    r"tickets/([0-9]+)/audits": Sandbox._audits,
    r"(tickets|organizations)/show_many": Sandbox._many,
    r"search": Sandbox._search,
    r"incremental/tickets/cursor": Sandbox._changed,
    r"incremental/ticket_metric_events": Sandbox._metrics,
}


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


async def _never(request: Request, seconds: float = 0) -> Response:
    await hang(request, seconds)
    return HTMLResponse(_DOWN, 504)
