"""The contract of every warehouse, against the sandbox; and what only Snowflake has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
from starlette.types import ASGIApp

from connectors.contract import Settings
from connectors.systems.snowflake import sandbox
from connectors.systems.snowflake.connector import connector
from connectors.testing import LOOPBACK, WarehouseContract

SETTINGS = Settings(
    slug="snowflake",
    base_url=LOOPBACK,
    parameters={
        "account": "demo", "user": "revops", "role": "REVOPS", "warehouse": "REVOPS",
        "database": "REVOPS", "schema": "FACTS",
    },
    secrets={"private_key": sandbox.private_key()},
)  # fmt: skip


class TestSnowflake(WarehouseContract):
    connector = connector
    settings = SETTINGS
    page = "connectors.systems.snowflake.listing.PAGE"

    def build(self) -> ASGIApp:
        return sandbox.build()

    async def kept(
        self, sandbox: httpx.AsyncClient, table: str, columns: str
    ) -> Sequence[tuple[Any, ...]]:
        asked = {"table": table, "columns": columns}
        answer = await sandbox.get("/_control/rows", params=asked)
        return [tuple(row) for row in answer.json()["rows"]]

    async def forget(self, sandbox: httpx.AsyncClient, table: str, column: str) -> None:
        await sandbox.post("/_control/forget", json={"table": table, "column": column})
