"""
A Gainsight to develop and rehearse against: its wire form, rules that post to a webhook, and faults
that can be switched on. No data of anybody is in it.

``tables.py`` keeps the records and says which fields there are, ``asking.py`` answers queries,
``writing.py`` inserts and updates, ``tokens.py`` signs in, ``app.py`` speaks HTTP, ``rules.py``
posts what rules would, ``play.py`` lets things happen, ``control.py`` is the switchboard under
``/_control/``.
"""

from __future__ import annotations

from starlette.applications import Starlette

from connectors.contract import Settings
from connectors.systems.gainsight.sandbox.app import (
    ACCESS_KEY,
    CLIENT_ID,
    CLIENT_SECRET,
    DEFAULT_PORT,
    Config,
    Sandbox,
    build,
)

__all__ = [
    "ACCESS_KEY",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "DEFAULT_PORT",
    "Config",
    "Sandbox",
    "build",
    "for_connection",
]


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """The sandbox behind a configured connection, with its key, secret and names of fields."""
    return build(
        Config(
            access_key=settings.secrets.get("access_key") or ACCESS_KEY,
            client_id=settings.secrets.get("client_id") or CLIENT_ID,
            client_secret=settings.secrets.get("client_secret") or CLIENT_SECRET,
            parameters=settings.parameters,
            hook_url=hook_url,
            hook_secret=hook_secret,
            state_path=state_path,
        )
    )
