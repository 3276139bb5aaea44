"""
What the sandbox keeps, as a page and as JSON.

    GET  /                    the mails, the newest first
    GET  /_control/mails      the same as JSON
    GET  /_control/faults     what is switched on; POST switches, DELETE switches all off
    POST /_control/reset      no mails, no faults
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from connectors.systems.email.sandbox.server import Server

DEFAULT_PORT: Final = 8437
LOGIN: Final = "console"
PASSWORD: Final = "sandbox-mail-password"  # noqa: S105  of a server that holds nothing
_PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{title}</title>'
    "<style>body{{font:15px/1.5 system-ui;margin:1.5rem auto;max-width:50rem;padding:0 1rem;"
    "color-scheme:light dark}}article{{border-top:1px solid #8888;padding:.6rem 0}}"
    "pre{{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.3rem 0}}"
    "h2{{font-size:1rem;margin:0}}</style><h1>{title}</h1><p>{lead}</p>{items}</html>"
)


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

    async def page(request: Request) -> Response:
        items = "".join(_item(mail.shown) for mail in reversed(server.mails))
        lead = "What the console sent. Nothing was passed on to anybody."
        return HTMLResponse(
            _PAGE.format(title="Mailbox of the demo", lead=lead, items=items or "<p>No mail.</p>")
        )

    async def control(request: Request) -> Response:
        body = await request.body()
        try:
            return JSONResponse(_handle(server, request, json.loads(body) if body else {}))
        except (ValueError, TypeError, AttributeError) as error:
            return JSONResponse({"problem": str(error) or "not found"}, status_code=400)

    app = Starlette(
        routes=[
            Route("/", page),
            Route("/_control/{what:path}", control, methods=["GET", "POST", "DELETE"]),
        ],
        lifespan=lifespan,
    )
    app.state.server = server
    return app


def _handle(server: Server, request: Request, value: Any) -> Any:
    what = request.path_params["what"].strip("/")
    if what == "faults":
        if request.method == "DELETE":
            server.faults.clear()
        elif request.method == "POST":
            server.faults.set(value)
        return server.faults.shown()
    if what == "mails":
        return [mail.shown for mail in server.mails]
    if what == "reset" and request.method == "POST":
        server.reset()
        return {"reset": True}
    raise ValueError(f"There is no “{what}” here.")


def _item(mail: dict[str, Any]) -> str:
    return (
        f"<article><h2>{escape(mail['subject'])}</h2>"
        f"<small>To {escape(mail['to'])} · {escape(mail['at'][:16])} UTC</small>"
        f"<pre>{_linked(mail['text'])}</pre></article>"
    )


def _linked(text: str) -> str:
    """Lines that are addresses become links."""
    return "\n".join(
        f'<a href="{escape(line)}">{escape(line)}</a>'
        if line.startswith(("http://", "https://")) and " " not in line
        else escape(line)
        for line in text.splitlines()
    )
