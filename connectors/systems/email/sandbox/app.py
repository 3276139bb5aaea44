"""
What the sandbox keeps, as a page and as JSON.

    GET  /                    the mails, the newest first
    GET  /_control/mails      the same as JSON
    POST /<tenant>/oauth2/v2.0/token   a token for AUTH XOAUTH2, as Microsoft Entra gives it
    POST /_control/sign_in    how many tokens there were; {"expire": true} ends them
    GET  /_control/state      how many it holds, and what it has taken last
    GET  /_control/faults     what is switched on; POST switches, DELETE switches all off
    POST /_control/reset      no mails, no faults
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from connectors.sandboxes import door as doors
from connectors.sandboxes.page import page
from connectors.sandboxes.serving import ends_with
from connectors.systems.email.sandbox.server import Server

DEFAULT_PORT: Final = 8437
LOGIN: Final = "console"
PASSWORD: Final = "sandbox-mail-password"  # noqa: S105  of a server that holds nothing
CLIENT_ID: Final = "sandbox-application"
CLIENT_SECRET: Final = "sandbox-application-secret"  # noqa: S105  of a server that holds nothing
_LASTS_S: Final = 3599


@dataclass(frozen=True, slots=True)
class Config:
    """``smtp_port`` 0 is any that is free; ``login`` empty takes mail without sign-in."""

    smtp_port: int = 0
    login: str = LOGIN
    password: str = PASSWORD
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET


def build(config: Config | None = None) -> Starlette:
    """SMTP is served as long as the application's lifespan."""
    config = config or Config()
    server = Server(login=config.login, password=config.password)

    async def mails(request: Request) -> Response:
        return page(
            title="Mailbox of the demo",
            lead="What the console sent. Nothing was passed on to anybody.",
            items=(_item(mail.shown) for mail in reversed(server.mails)),
            empty="No mail.",
        )

    async def token(request: Request) -> Response:
        return _token(server, config, parse_qs((await request.body()).decode("ascii", "replace")))

    app = Starlette(
        routes=[
            Route("/", mails),
            Route("/{tenant}/oauth2/v2.0/token", token, methods=["POST"]),
            _door(server),
        ],
        lifespan=ends_with(server.stop, begins=lambda: server.start(config.smtp_port)),
    )
    app.state.server = server
    return app


def _token(server: Server, config: Config, form: Mapping[str, list[str]]) -> Response:
    """Faults of the mail server strike here as well: nobody can tell them apart from outside."""
    if server.faults.hit("down"):
        return HTMLResponse("<html>Service unavailable</html>", 503)
    if server.faults.hit("throttle"):
        return JSONResponse({"error": "too_many_requests"}, 429)
    if server.faults.hit("garbage"):
        return HTMLResponse("<html>Sign in</html>")
    given = form.get("client_id"), form.get("client_secret")
    if given != ([config.client_id], [config.client_secret]):
        words = "AADSTS7000215: Invalid client secret provided."
        return JSONResponse({"error": "invalid_client", "error_description": words}, 401)
    return JSONResponse(
        {"access_token": server.tokens.issue(), "token_type": "Bearer", "expires_in": _LASTS_S}
    )


def _door(server: Server) -> Mount:
    def mails(request: Request, value: Any) -> Any:
        return [mail.shown for mail in server.mails]

    def reset(request: Request, value: Any) -> Any:
        server.reset()
        return {"reset": True}

    def state() -> Any:
        return {"mails": len(server.mails), "last": [one.shown for one in server.mails][-1:]}

    handlers = {
        "GET mails": mails,
        "POST sign_in": doors.sign_ins(server.tokens),
        "POST reset": reset,
    }
    return doors.door(server.faults, state, handlers)


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
