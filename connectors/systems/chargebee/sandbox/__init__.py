"""
A Chargebee to develop and rehearse against: its wire form (API v2, Product Catalog 2.0), webhooks
with basic authentication and retries, and faults that can be switched on. It moves no money.

``world.py`` keeps the resources and events, ``business.py`` does what a business does, ``money.py``
the payments of it, ``api.py`` speaks ``/api/v2``, ``making.py`` does what is asked there,
``hooks.py`` calls the webhook, ``scenarios.py`` lets things happen.
"""

from __future__ import annotations

from starlette.applications import Starlette

from connectors.contract import Settings
from connectors.systems.chargebee.sandbox.app import API_KEY, DEFAULT_PORT, LOGIN, Config, build

__all__ = ["API_KEY", "DEFAULT_PORT", "LOGIN", "Config", "build", "for_connection"]


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """The sandbox behind a configured connection, with its key and its webhook's login."""
    return build(
        Config(
            api_key=settings.secrets.get("api_key") or API_KEY,
            hook_url=hook_url,
            hook_secret=hook_secret or LOGIN,
            state_path=state_path,
        )
    )
