"""
Systems that nobody wrote a connector for, to rehearse against: made up, each in a dialect of its
own, so that a mapping has something to map.

* ``desk``: a help desk. Bearer key, pages by number, ISO times, amounts as decimals in texts;
  webhooks with an HMAC over the body. Grants are made twice when they are asked for twice.
* ``plans``: a subscription app. OAuth 2 client credentials, pages by cursor, seconds since 1970,
  amounts in minor units and as decimals; webhooks with an HMAC over time and body. Writes are known
  by their idempotency key.

``world.py`` holds objects and lets things happen to them, ``app.py`` speaks the dialects.
"""

from __future__ import annotations

from starlette.applications import Starlette

from connectors.contract import Settings
from connectors.systems.rest.sandbox.app import (
    API_KEY,
    CLIENT_SECRET,
    DEFAULT_PORT,
    HOOK_SECRET,
    Config,
    build,
)

__all__ = [
    "API_KEY",
    "CLIENT_SECRET",
    "DEFAULT_PORT",
    "HOOK_SECRET",
    "Config",
    "build",
    "for_connection",
]


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """The system behind a configured connection: which one, its way of signing in says."""
    plans = settings.parameters.get("sign_in") == "oauth2_client"
    return build(
        Config(
            dialect="plans" if plans else "desk",
            api_key=settings.secrets.get("api_key") or API_KEY,
            client_secret=settings.secrets.get("client_secret") or CLIENT_SECRET,
            hook_url=hook_url,
            hook_secret=hook_secret or HOOK_SECRET,
        )
    )
