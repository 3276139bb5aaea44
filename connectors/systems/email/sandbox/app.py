"""
What the sandbox keeps, as a page and as JSON.

    GET  /                    the mails, the newest first
    GET  /_control/mails      the same as JSON
    GET  /_control/state      how many it holds, and what it has taken last
    GET  /_control/faults     what is switched on; POST switches, DELETE switches all off
    POST /_control/reset      no mails, no faults
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from connectors.sandboxes import door as doors
from connectors.sandboxes.page import page
from connectors.systems.email.sandbox.server import Server

DEFAULT_PORT: Final = 8437
LOGIN: Final = "console"
PASSWORD: Final = "sandbox-mail-password"  # noqa: S105  of a server that holds nothing


@dataclass(frozen=True, slots=True)
class Config:
    """``smtp_port`` 0 is any that is free; ``login`` empty takes mail without sign-in."""

    smtp_port: int = 0
    login: str = LOGIN
    password: str = PASSWORD


def build(config: Config | None = None) -> Starlette:
    """SMTP is served as long as the application's lifespan."""
    config = config or Config()
    server = Server(login=config.login, password=config.password)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await server.start(config.smtp_port)
        yield
        await server.stop()

    async def mails(request: Request) -> Response:
        return page(
            title="Mailbox of the demo",
            lead="What the console sent. Nothing was passed on to anybody.",
            items=(_item(mail.shown) for mail in reversed(server.mails)),
            empty="No mail.",
        )

    app = Starlette(
        routes=[Route("/", mails), _door(server)],
        lifespan=lifespan,
    )
    app.state.server = server
    return app


def _door(server: Server) -> Mount:
    def mails(request: Request, value: Any) -> Any:
        return [mail.shown for mail in server.mails]

    def reset(request: Request, value: Any) -> Any:
        server.reset()
        return {"reset": True}

    def state(request: Request, value: Any) -> Any:
        return {"mails": len(server.mails), "last": [one.shown for one in server.mails][-1:]}

    return doors.door(server.faults, {"GET state": state, "GET mails": mails, "POST reset": reset})


def _item(mail: dict[str, Any]) -> str:
    return (
        f"<h2>{escape(mail['subject'])}</h2>"
        f"<small>To {escape(mail['to'])} · {escape(mail['at'][:16])} UTC</small>"
        f"<pre>{_linked(mail['text'])}</pre>"
    )


def _linked(text: str) -> str:
    """Lines that are addresses become links."""
    return "\n".join(
        f'<a href="{escape(line)}">{escape(line)}</a>'
        if line.startswith(("http://", "https://")) and " " not in line
        else escape(line)
        for line in text.splitlines()
    )
