"""
A Zendesk to rehearse against: tickets, audits, SLA events and signed webhooks in its wire form,
with faults that can be switched on. No data of anybody is in it.

``world.py`` keeps what there is, ``app.py`` speaks HTTP, ``signing.py`` says who may ask,
``hooks.py`` calls the webhook, ``play.py`` lets things happen, ``faults.py`` breaks things,
``control.py`` is the switchboard.
"""

from __future__ import annotations

from starlette.applications import Starlette

from connectors.contract import Settings
from connectors.systems.zendesk.sandbox.app import DEFAULT_PORT, Config, Sandbox, build
from connectors.systems.zendesk.sandbox.signing import API_TOKEN, CLIENT_ID, CLIENT_SECRET, EMAIL

__all__ = [
    "API_TOKEN",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "DEFAULT_PORT",
    "EMAIL",
    "Config",
    "Sandbox",
    "build",
    "for_connection",
]


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """The sandbox behind a configured connection, with its token, secret and fields."""
    return build(
        Config(
            email=str(settings.parameters.get("email") or EMAIL),
            client_id=settings.secrets.get("client_id") or CLIENT_ID,
            client_secret=settings.secrets.get("client_secret") or CLIENT_SECRET,
            api_token=settings.secrets.get("api_token") or API_TOKEN,
            parameters=settings.parameters,
            hook_url=hook_url,
            hook_secret=hook_secret,
            state_path=state_path,
        )
    )
