"""
An incoming webhook and its channel.

    POST <path>               a message; ``ok``, or one word of what is wrong
    GET  /                    the channel, the newest first
    GET  /_control/messages   the same as JSON
    GET  /_control/faults     what is switched on; POST switches, DELETE switches all off
    POST /_control/reset      no messages, no faults

Faults, told as ``connectors.sandboxes.faults`` says: ``down`` 503, ``throttle``
429 with ``retry_after`` when that is given, ``unauthorized`` 403 ``invalid_token``, ``archived``
410 ``channel_is_archived``, ``gone`` 404 ``no_service``, ``slow``, ``garbage`` a page with status
200, ``response_lost`` posted and never answered.
"""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from connectors.sandboxes import door as doors
from connectors.sandboxes.faults import ANY, Faults, hang
from connectors.sandboxes.page import page
from revops.kernel import clock

DEFAULT_PORT: Final = 8438
PATH: Final = "/services/T0SANDBOX/B0SANDBOX/sandboxwebhook"
KEPT: Final = 500
FAULTS: Final = (
    "down", "throttle", "unauthorized", "archived", "gone", "slow", "garbage", "response_lost",
)  # fmt: skip
_LINK: Final = re.compile(r"&lt;(https?://[^|\s]+)\|(.*?)&gt;")


@dataclass(frozen=True, slots=True)
class Config:
    path: str = PATH


def build(config: Config | None = None) -> Starlette:
    chat = Chat(config or Config())
    app = Starlette(
        routes=[
            Route("/", chat.page),
            chat.door(),
            Route("/{path:path}", chat.post, methods=["POST"]),
        ]
    )
    app.state.chat = chat
    return app


class Chat:
    def __init__(self, config: Config) -> None:
        path = config.path.strip()
        self._path = path if path.startswith("/") else f"/{path}"
        self.faults = Faults(dict.fromkeys(FAULTS, ANY))
        self.messages: deque[dict[str, str]] = deque(maxlen=KEPT)

    async def post(self, request: Request) -> Response:
        await self.faults.wait()
        if self.faults.hit("down"):
            return PlainTextResponse("upstream unavailable", 503)
        if self.faults.hit("throttle"):
            wait = self.faults.retry_after
            headers = {"retry-after": str(wait)} if wait else {}
            return PlainTextResponse("rate_limited", 429, headers)
        if self.faults.hit("gone"):
            return PlainTextResponse("no_service", 404)
        if self.faults.hit("archived"):
            return PlainTextResponse("channel_is_archived", 410)
        if self.faults.hit("unauthorized") or request.url.path != self._path:
            return PlainTextResponse("invalid_token", 403)
        problem, text = _text(await request.body())
        if problem:
            return PlainTextResponse(problem, 400)
        self.messages.append({"at": clock.now().isoformat(), "text": text})
        lost = self.faults.hit("response_lost")
        if lost is not None:
            return await _never(request, lost.seconds)
        if self.faults.hit("garbage"):
            return HTMLResponse("<html>Chat is being maintained</html>")
        return PlainTextResponse("ok")

    async def page(self, request: Request) -> Response:
        return page(
            title="#revops of the demo",
            lead="What the console posted.",
            items=(f"<pre>{_shown(one['text'])}</pre>" for one in reversed(self.messages)),
            empty="No message.",
        )

    def door(self) -> Mount:
        def messages(request: Request, value: Any) -> Any:
            return list(self.messages)

        def reset(request: Request, value: Any) -> Any:
            self.faults.clear()
            self.messages.clear()
            return {"reset": True}

        return doors.door(self.faults, {"GET messages": messages, "POST reset": reset})


def _text(body: bytes) -> tuple[str, str]:
    """(what is wrong, the text)"""
    try:
        value = json.loads(body)
    except ValueError:
        return "invalid_payload", ""
    if not isinstance(value, dict):
        return "invalid_payload", ""
    text = value.get("text")
    if not isinstance(text, str) or not text.strip():
        return "no_text", ""
    if len(text) > 40_000:
        return "msg_too_long", ""
    return "", text


def _shown(text: str) -> str:
    """Links as links; all else as it stands, each entity shown once."""
    safe = escape(text)
    linked = _LINK.sub(lambda found: f'<a href="{found[1]}">{found[2]}</a>', safe)
    return (
        linked.replace("&amp;lt;", "&lt;").replace("&amp;gt;", "&gt;").replace("&amp;amp;", "&amp;")
    )


async def _never(request: Request, seconds: float = 0) -> Response:
    await hang(request, seconds)
    return PlainTextResponse("", 504)
