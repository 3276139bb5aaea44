from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import httpx
from starlette.types import ASGIApp

from connectors.http import Client
from connectors.systems.salesforce import desk, sandbox
from connectors.systems.salesforce.connector import connector
from connectors.testing import SnapshotContract, Total

_AT = 1_772_000_000  # 25 February 2026


class TestSalesforceLists(SnapshotContract):
    connector = connector
    settings = desk.SETTINGS
    days = ("2026-01-01", "2026-12-31")
    page = "connectors.systems.salesforce.snapshots.PAGE"
    undated = frozenset()

    def build(self) -> ASGIApp:
        return sandbox.build()

    async def furnish(self, client: Client, sandbox: httpx.AsyncClient) -> None:
        steps: tuple[tuple[str, dict[str, Any]], ...] = (
            ("customers", {"count": 3, "at": _AT}),
            ("customers", {"at": _AT - 400 * 86_400}),
            ("win", {"at": _AT}),
            ("sign", {"at": _AT}),
        )
        for name, given in steps:
            answer = await sandbox.post(f"/_control/scenario/{name}", json=given)
            assert answer.status_code == 200, answer.text

    async def held(self, sandbox: httpx.AsyncClient, kind: str) -> Mapping[str, Total]:
        """From the sandbox's records: an account has no amount, a contract that of its orders."""
        if kind == "account":
            made = [row for row in await _rows(sandbox, "Account") if _within(row["CreatedDate"])]
            return {"": Total(len(made), 0)}
        if kind == "opportunity":
            deals = [
                row for row in await _rows(sandbox, "Opportunity") if _within(row["CloseDate"])
            ]
            return {"USD": Total(len(deals), _minor(row["Amount"] for row in deals))}
        contracts = [row for row in await _rows(sandbox, "Contract") if _within(row["StartDate"])]
        ids = {row["Id"] for row in contracts}
        orders = {row["Id"] for row in await _rows(sandbox, "Order") if row["ContractId"] in ids}
        lines = [row for row in await _rows(sandbox, "OrderItem") if row["OrderId"] in orders]
        return {"USD": Total(len(contracts), _minor(row["TotalPrice"] for row in lines))}


async def _rows(sandbox: httpx.AsyncClient, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await sandbox.get(f"/_control/records/{kind}")).json()
    return found


def _within(day: str) -> bool:
    return day.startswith("2026-")


def _minor(amounts: Iterable[Any]) -> int:
    return int(sum(Decimal(str(amount)) for amount in amounts) * 100)
