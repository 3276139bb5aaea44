"""
An AvaTax to develop and rehearse against: its wire form, an engine with a rate a region, and faults
that can be switched on. It reports nothing to anybody.

``engine.py`` calculates, ``ledger.py`` keeps the transactions and their states, ``app.py`` speaks
HTTP and has the switchboard under ``/_control/``.
"""

from __future__ import annotations

from starlette.applications import Starlette

from connectors.contract import Settings
from connectors.systems.avalara.sandbox.app import (
    ACCOUNT,
    COMPANIES,
    DEFAULT_PORT,
    LICENSE,
    Config,
    build,
)

__all__ = ["ACCOUNT", "COMPANIES", "DEFAULT_PORT", "LICENSE", "Config", "build", "for_connection"]


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """The sandbox behind a configured connection, with its account, key and companies."""
    return build(
        Config(
            account=str(settings.parameters.get("account") or ""),
            license=settings.secrets.get("license_key") or LICENSE,
            companies=str(settings.parameters.get("companies") or COMPANIES),
            state_path=state_path,
        )
    )
