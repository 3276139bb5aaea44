"""
A warehouse to rehearse against: a real PostgreSQL behind a door that can be shut.

``proxy.py`` passes bytes between the console and the server, and is where answers get lost;
``place.py`` makes the database and its login on the console's own server; ``app.py`` is the page
and the switchboard under ``/_control/``.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from starlette.applications import Starlette

from connectors.contract import Settings
from connectors.systems.warehouse.sandbox.app import build
from connectors.systems.warehouse.sandbox.place import Place

__all__ = ["Place", "build", "for_connection", "place_of"]


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """PostgreSQL is served at the port of the connection's address."""
    return build(place_of(settings), port=urlsplit(settings.base_url).port or 0)


def place_of(settings: Settings) -> Place:
    """The database behind a configured connection, on the console's own server."""
    return Place(
        server=os.environ.get("DATABASE_URL", ""),
        database=str(settings.parameters.get("database") or "warehouse"),
        login=str(settings.parameters.get("login") or "revops"),
        password=settings.secrets.get("password", ""),
        schema=str(settings.parameters.get("schema") or "revops"),
    )
