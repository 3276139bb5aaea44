"""
A stand-in for Tryton 8.2 in its own wire form, with faults that can be switched on.

It answers what the connector asks, as the real server was seen to; ``behaviour.py`` beside this
package runs the same tests against both.
"""

from __future__ import annotations

from starlette.applications import Starlette

from connectors.contract import Settings
from connectors.systems.tryton.sandbox.app import build

__all__ = ["build", "for_connection"]


def for_connection(
    settings: Settings, *, hook_url: str, hook_secret: str, state_path: str
) -> Starlette:
    """The sandbox behind a configured connection, which holds its key; Tryton sends no webhooks."""
    return build(
        {
            "database": settings.parameters.get("database"),
            "api_key": settings.secrets["api_key"],
            "login": settings.parameters.get("login"),
            "password": settings.secrets.get("password"),
            "state_file": state_path or None,
        }
    )
