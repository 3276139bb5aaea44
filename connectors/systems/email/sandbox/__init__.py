"""
A mail server to rehearse against: it takes mail on loopback, keeps it, and shows it as a page.

``server.py`` speaks SMTP, ``app.py`` is the page and the switchboard under ``/_control/``. Nothing
is ever passed on to anybody.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.applications import Starlette

from connectors.contract import Settings
from connectors.systems.email.sandbox.app import (
    CLIENT_ID,
    CLIENT_SECRET,
    DEFAULT_PORT,
    LOGIN,
    PASSWORD,
    Config,
    build,
)

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "DEFAULT_PORT",
    "LOGIN",
    "PASSWORD",
    "Config",
    "build",
    "for_connection",
]


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """The server behind a configured connection; SMTP is served at the port of its address."""
    return build(
        Config(
            smtp_port=urlsplit(settings.base_url).port or 0,
            login=str(settings.parameters.get("login") or ""),
            password=settings.secrets.get("password", ""),
            client_id=settings.secrets.get("client_id") or CLIENT_ID,
            client_secret=settings.secrets.get("client_secret") or CLIENT_SECRET,
        )
    )
