"""
A chat to rehearse against: one incoming webhook and one channel, shown as a page.

``app.py`` answers as Slack's webhooks do, and holds the switchboard under ``/_control/``.
"""

from __future__ import annotations

from starlette.applications import Starlette

from connectors.contract import Settings
from connectors.systems.slack.sandbox.app import DEFAULT_PORT, PATH, Config, build

__all__ = ["DEFAULT_PORT", "PATH", "Config", "build", "for_connection"]


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """The chat behind a configured connection, at its webhook's path."""
    return build(Config(path=settings.secrets.get("path") or PATH))
