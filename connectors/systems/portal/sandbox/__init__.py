"""
A subscriber to rehearse against: it checks every signature and shows what it took.

``app.py`` answers as a receiver of Standard Webhooks does, and holds the switchboard under
``/_control/``.
"""

from __future__ import annotations

from starlette.applications import Starlette

from connectors.contract import Settings
from connectors.systems.portal.sandbox.app import DEFAULT_PORT, SECRET, Config, build

__all__ = ["DEFAULT_PORT", "SECRET", "Config", "build", "for_connection"]


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """The subscriber behind a configured connection, with its secret and path."""
    return build(
        Config(
            secret=settings.secrets.get("signing_secret") or SECRET,
            path=str(settings.parameters.get("path") or "/webhooks/revops"),
        )
    )
