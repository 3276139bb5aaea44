"""
An incoming webhook and its channel.

    POST <path>               a message; ``ok``, or one word of what is wrong
    GET  /                    the channel, the newest first
    GET  /_control/messages   the same as JSON
    GET  /_control/state      whose form it speaks, and how many it holds
    POST /_control/form       {"form": "mattermost"}: whose form it speaks from now on (``forms``)
    GET  /_control/faults     what is switched on; POST switches, DELETE switches all off
    POST /_control/reset      no messages, no faults

Faults, told as ``connectors.sandboxes.faults`` says: ``down`` 503, ``throttle`` with
``retry_after`` when that is given, ``unauthorized``, ``archived``, ``gone`` as ``forms`` has them,
``slow``, ``garbage`` a page with status 200, ``response_lost`` posted and never answered,
``late_commit`` never answered, and posted ``seconds`` later.
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
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from connectors.sandboxes import door as doors
from connectors.sandboxes.calls import Background
from connectors.sandboxes.faults import ANY, Faults, hang
from connectors.sandboxes.page import page
from connectors.sandboxes.serving import ends_with
from connectors.systems.slack.sandbox import forms
from revops.kernel import clock

DEFAULT_PORT: Final = 8438
PATH: Final = "/services/T0SANDBOX/B0SANDBOX/sandboxwebhook"
KEPT: Final = 500
FAULTS: Final = (
    "down", "throttle", "unauthorized", "archived", "gone", "slow", "garbage", "response_lost",
    "late_commit",
)  # fmt: skip
_LINK: Final = re.compile(r"&lt;(https?://[^|\s]+)\|(.*?)&gt;")


@dataclass(frozen=True, slots=True)
class Config:
    path: str = PATH
    form: str = forms.SLACK


def build(config: Config | None = None) -> Starlette:
    chat = Chat(config or Config())

    app = Starlette(
        routes=[
            Route("/", chat.page),
            chat.door(),
            Route("/{path:path}", chat.post, methods=["POST"]),
        ],
        lifespan=ends_with(chat.later.aclose),
    )
    app.state.chat = chat
    return app


class Chat:
    def __init__(self, config: Config) -> None:
        path = config.path.strip()
        self._path = path if path.startswith("/") else f"/{path}"
        self.form = config.form
        self.faults = Faults(dict.fromkeys(FAULTS, ANY))
        self.messages: deque[dict[str, str]] = deque(maxlen=KEPT)
        self.later = Background()

    async def post(self, request: Request) -> Response:
        await self.faults.wait()
        if self.faults.hit("down"):
            return PlainTextResponse("upstream unavailable", 503)
        if self.faults.hit("throttle"):
            return forms.throttled(self.form, self.faults.retry_after)
        for fault in ("gone", "archived", "unauthorized"):
            if self.faults.hit(fault):
                return forms.answer(self.form, fault)
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if asked != self._path:
            return forms.answer(self.form, "unauthorized")
        problem, text = _text(await request.body())
        if problem:
            return forms.answer(self.form, problem)
        late = self.faults.hit("late_commit")
        if late is not None:
            self.later.start(self._keep_later(text, late.seconds))
            return await _never(request)
        self._keep(text)
        if self.faults.hit("response_lost"):
            return await _never(request)
        if self.faults.hit("garbage"):
            return HTMLResponse("<html>Chat is being maintained</html>")
        return forms.answer(self.form, "taken")

    def _keep(self, text: str) -> None:
        self.messages.append({"at": clock.now().isoformat(), "text": text})

    async def _keep_later(self, text: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._keep(text)

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

        def state() -> Any:
            return {"form": self.form, "messages": len(self.messages)}

        def form(request: Request, value: Any) -> Any:
            self.form = forms.known(str(value["form"]))
            return {"form": self.form}

        def reset(request: Request, value: Any) -> Any:
            self.later.drop()
            self.faults.clear()
            self.messages.clear()
            return {"reset": True}

        handlers = {"GET messages": messages, "POST form": form, "POST reset": reset}
        return doors.door(self.faults, state, handlers)


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
