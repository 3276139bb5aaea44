"""
An incoming webhook and its channel.

    POST <path>               a message; ``ok``, or one word of what is wrong
    GET  /                    the channel, the newest first
    GET  /_control/messages   the same as JSON
    GET  /_control/faults     what is switched on; POST switches, DELETE switches all off
    POST /_control/reset      no messages, no faults

Faults, each true (always) or a number of times (``slow``: of seconds): ``down`` 503, ``throttle``
429 with ``retry_after`` when that is given, ``unauthorized`` 403 ``invalid_token``, ``archived``
410 ``channel_is_archived``, ``gone`` 404 ``no_service``, ``slow``, ``garbage`` a page with status
200, ``response_lost`` posted and never answered.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from revops.kernel import clock

DEFAULT_PORT: Final = 8438
PATH: Final = "/services/T0SANDBOX/B0SANDBOX/sandboxwebhook"
KEPT: Final = 500
FAULTS: Final = (
    "down", "throttle", "unauthorized", "archived", "gone", "slow", "garbage", "response_lost",
)  # fmt: skip
_LONGEST_HANG_S: Final = 600.0
_LINK: Final = re.compile(r"&lt;(https?://[^|\s]+)\|(.*?)&gt;")
_PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>#revops of the demo</title>'
    "<style>body{{font:15px/1.5 system-ui;margin:1.5rem auto;max-width:50rem;padding:0 1rem;"
    "color-scheme:light dark}}article{{border-top:1px solid #8888;padding:.6rem 0;"
    "white-space:pre-wrap;overflow-wrap:anywhere}}</style>"
    "<h1>#revops of the demo</h1><p>What the console posted.</p>{items}</html>"
)


@dataclass(frozen=True, slots=True)
class Config:
    path: str = PATH


def build(config: Config | None = None) -> Starlette:
    chat = Chat(config or Config())
    app = Starlette(
        routes=[
            Route("/", chat.page),
            Route("/_control/{what:path}", chat.control, methods=["GET", "POST", "DELETE"]),
            Route("/{path:path}", chat.post, methods=["POST"]),
        ]
    )
    app.state.chat = chat
    return app


class Chat:
    def __init__(self, config: Config) -> None:
        path = config.path.strip()
        self._path = path if path.startswith("/") else f"/{path}"
        self._on: dict[str, Any] = {}
        self.messages: deque[dict[str, str]] = deque(maxlen=KEPT)

    async def post(self, request: Request) -> Response:
        if pause := self._on.get("slow"):
            await asyncio.sleep(float(pause))
        if self._hit("down"):
            return PlainTextResponse("upstream unavailable", 503)
        if self._hit("throttle"):
            wait = self._on.get("retry_after")
            headers = {"retry-after": str(wait)} if wait else {}
            return PlainTextResponse("rate_limited", 429, headers)
        if self._hit("gone"):
            return PlainTextResponse("no_service", 404)
        if self._hit("archived"):
            return PlainTextResponse("channel_is_archived", 410)
        if self._hit("unauthorized") or request.url.path != self._path:
            return PlainTextResponse("invalid_token", 403)
        problem, text = _text(await request.body())
        if problem:
            return PlainTextResponse(problem, 400)
        self.messages.append({"at": clock.now().isoformat(), "text": text})
        if self._hit("response_lost"):
            return await _never(request)
        if self._hit("garbage"):
            return HTMLResponse("<html>Chat is being maintained</html>")
        return PlainTextResponse("ok")

    async def page(self, request: Request) -> Response:
        items = "".join(
            f"<article>{_shown(one['text'])}</article>" for one in reversed(self.messages)
        )
        return HTMLResponse(_PAGE.format(items=items or "<p>No message.</p>"))

    async def control(self, request: Request) -> Response:
        body = await request.body()
        try:
            return JSONResponse(self._handle(request, json.loads(body) if body else {}))
        except (ValueError, TypeError, AttributeError) as error:
            return JSONResponse({"problem": str(error) or "not found"}, status_code=400)

    def _handle(self, request: Request, value: Any) -> Any:
        what = request.path_params["what"].strip("/")
        if what == "faults":
            if request.method == "DELETE":
                self._on.clear()
            elif request.method == "POST":
                unknown = set(value) - {*FAULTS, "retry_after"}
                if unknown:
                    raise ValueError(f"There is no fault “{unknown.pop()}”.")
                self._on |= value
            return {
                name: {"times": state} for name, state in self._on.items()
                if state and name != "retry_after"
            }  # fmt: skip
        if what == "messages":
            return list(self.messages)
        if what == "reset" and request.method == "POST":
            self._on.clear()
            self.messages.clear()
            return {"reset": True}
        raise ValueError(f"There is no “{what}” here.")

    def _hit(self, name: str) -> bool:
        state = self._on.get(name)
        if not state:
            return False
        if state is not True:
            self._on[name] = state - 1
        return True


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


async def _never(request: Request) -> Response:
    """Wait until the caller has gone."""
    end = asyncio.get_running_loop().time() + _LONGEST_HANG_S
    while asyncio.get_running_loop().time() < end and not await request.is_disconnected():
        await asyncio.sleep(0.05)
    return PlainTextResponse("", 504)
