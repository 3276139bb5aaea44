"""
A receiver of Standard Webhooks: 204 for what is signed and new, 204 as well for what it knows.

    POST <path>               a message; GET there answers 405, as a receiver of POSTs does
    GET  /_control/state      how many arrived, and how many were worked on
    GET  /_control/messages   what arrived, copies included, the oldest first, as JSON
    GET  /_control/done       ids that were worked on: one for each message, however often it came
    GET  /_control/faults     what is switched on; POST switches, DELETE switches all off
    POST /_control/reset      no messages, no faults

Faults, told as ``connectors.sandboxes.faults`` says: ``down`` 503, ``throttle`` 429 with
``retry_after`` when that is given, ``unauthorized`` 401, ``gone`` 410, ``slow``, ``garbage`` a
page with status 502, ``response_lost`` taken and never answered, ``late_commit`` not answered, and
taken ``seconds`` later.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from connectors import schemes
from connectors.contract import SignatureInvalid
from connectors.sandboxes import door as doors
from connectors.sandboxes.calls import Background
from connectors.sandboxes.faults import ANY, Faults, hang
from connectors.sandboxes.page import page
from connectors.sandboxes.serving import ends_with
from revops.kernel import clock

DEFAULT_PORT: Final = 8448
SECRET: Final = "whsec_c2FuZGJveC1vZi1hLXN1YnNjcmliZXItMjQ="  # noqa: S105  of a server that holds nothing
KEPT: Final = 500
FAULTS: Final = (
    "down", "throttle", "unauthorized", "gone", "slow", "garbage", "response_lost", "late_commit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Config:
    secret: str = SECRET
    path: str = "/webhooks/revops"


def build(config: Config | None = None) -> Starlette:
    subscriber = Subscriber(config or Config())

    app = Starlette(
        routes=[
            Route("/", subscriber.page),
            subscriber.door(),
            Route("/{path:path}", subscriber.take, methods=["GET", "POST"]),
        ],
        lifespan=ends_with(subscriber.later.aclose),
    )
    app.state.subscriber = subscriber
    return app


class Subscriber:
    def __init__(self, config: Config) -> None:
        self._config = config
        self.faults = Faults(dict.fromkeys(FAULTS, ANY))
        self.messages: deque[dict[str, str]] = deque(maxlen=KEPT)
        self.done: dict[str, str] = {}
        self.later = Background()

    async def take(self, request: Request) -> Response:
        await self.faults.wait()
        if self.faults.hit("down"):
            return PlainTextResponse("upstream unavailable", 503)
        if request.url.path != self._config.path:
            return JSONResponse({"error": "not found"}, 404)
        if request.method != "POST":
            return PlainTextResponse("POST only", 405, {"allow": "POST"})
        if self.faults.hit("throttle"):
            wait = self.faults.retry_after
            return PlainTextResponse("slow down", 429, {"retry-after": str(wait)} if wait else {})
        if self.faults.hit("gone"):
            return PlainTextResponse("gone", 410)
        if self.faults.hit("garbage"):
            return HTMLResponse("<html>Bad gateway</html>", 502)
        return await self._checked(request)

    async def _checked(self, request: Request) -> Response:
        body = await request.body()
        message_id = request.headers.get("webhook-id", "")
        try:
            if self.faults.hit("unauthorized"):
                raise SignatureInvalid("switched off")
            schemes.verify_standard(
                body=body, message_id=message_id,
                timestamp=request.headers.get("webhook-timestamp", ""),
                signatures=request.headers.get("webhook-signature", ""),
                secrets=self._config.secret.split(), at=clock.now(),
            )  # fmt: skip
        except SignatureInvalid as error:
            return JSONResponse({"error": str(error)}, 401)
        value = _read(body)
        if value is None:
            return JSONResponse({"error": "type, timestamp and data are needed"}, 422)
        late = self.faults.hit("late_commit")
        if late is not None:
            self.later.start(self._take_later(message_id, value, late.seconds))
            await hang(request)
            return PlainTextResponse("", 504)
        self._take(message_id, value)
        lost = self.faults.hit("response_lost")
        if lost is not None:
            await hang(request, lost.seconds)
            return PlainTextResponse("", 504)
        return Response(status_code=204)

    def _take(self, message_id: str, value: dict[str, Any]) -> None:
        self.messages.append({
            "at": clock.now().isoformat(), "id": message_id, "type": value["type"],
            "body": json.dumps(value["data"], ensure_ascii=False),
        })  # fmt: skip
        self.done.setdefault(message_id, value["type"])

    async def _take_later(self, message_id: str, value: dict[str, Any], seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._take(message_id, value)

    async def page(self, request: Request) -> Response:
        return page(
            title="A subscriber of the demo",
            lead="What the console told it, each signed.",
            items=(
                f"<pre>{escape(one['type'])} · {escape(one['id'])}\n{escape(one['body'])}</pre>"
                for one in reversed(self.messages)
            ),
            empty="No message.",
        )

    def door(self) -> Mount:
        def messages(request: Request, value: Any) -> Any:
            return list(self.messages)

        def done(request: Request, value: Any) -> Any:
            return self.done

        def state() -> Any:
            return {"messages": len(self.messages), "done": len(self.done)}

        def reset(request: Request, value: Any) -> Any:
            self.later.drop()
            self.faults.clear()
            self.messages.clear()
            self.done.clear()
            return {"reset": True}

        handlers = {"GET messages": messages, "GET done": done, "POST reset": reset}
        return doors.door(self.faults, state, handlers)


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    needed = isinstance(value, dict) and {"type", "timestamp", "data"} <= value.keys()
    # An empty type is the message that this receiver refuses for what is in it.
    return value if needed and value["type"] else None
