"""
A stand-in for a Snowflake account: its SQL API in its own wire form, with faults that can be
switched on. It runs the statements it is sent, as far as it knows their grammar, on SQLite.

``app.py`` speaks HTTP, ``proofs.py`` looks at who calls, ``work.py`` keeps statements that are at
work and what became of them, ``engine.py`` runs one, ``grammar.py`` reads it, ``values.py`` knows
Snowflake's types.
"""

from __future__ import annotations

from starlette.applications import Starlette

from connectors.contract import Settings
from connectors.systems.snowflake.sandbox.app import Config, build
from connectors.systems.snowflake.sandbox.proofs import private_key

__all__ = ["Config", "build", "for_connection", "private_key"]


def for_connection(
    settings: Settings, *, hook_url: str = "", hook_secret: str = "", state_path: str = ""
) -> Starlette:
    """The account behind a configured connection, with its user, its key and its places."""
    given = {name: str(value or "") for name, value in settings.parameters.items()}
    own = Config()
    return build(
        Config(
            account=given.get("account") or own.account,
            user=given.get("user") or own.user,
            role=given.get("role") or own.role,
            warehouse=given.get("warehouse") or own.warehouse,
            database=given.get("database") or own.database,
            schema=given.get("schema") or own.schema,
            private_key=settings.secrets.get("private_key", ""),
            state_path=state_path,
        )
    )
