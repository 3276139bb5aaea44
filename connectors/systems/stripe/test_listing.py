from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import httpx
from starlette.applications import Starlette

from connectors.contract import Settings
from connectors.http import Client
from connectors.systems.stripe import sandbox
from connectors.systems.stripe.connector import connector
from connectors.systems.stripe.sandbox.world import World
from connectors.testing import LOOPBACK, SnapshotContract, Total

_AT: Final = 1_770_000_000  # 2 February 2026
_DAY: Final = 86_400
# Our kind → Stripe's object and the field of its amount.
_OBJECTS: Final[Mapping[str, tuple[str, str]]] = {
    "invoice": ("invoice", "total"),
    "credit": ("credit_note", "total"),
    "payment": ("charge", "amount_captured"),
    "refund": ("refund", "amount"),
    "dispute": ("dispute", "amount"),
    "payout": ("payout", "amount"),
}


class TestStripeLists(SnapshotContract):
    connector = connector
    settings = Settings(
        slug="stripe", base_url=LOOPBACK, secrets={"api_key": sandbox.API_KEY}, zone="UTC"
    )
    days = ("2026-01-01", "2026-12-31")
    page = "connectors.systems.stripe.listing.PAGE_SIZE"
    # What is in the payouts of the days may itself be older.
    undated: ClassVar[frozenset[str]] = frozenset({"customer", "balance"})
    world: World

    def build(self) -> Starlette:
        app = sandbox.build()
        self.world = app.state.world
        return app

    async def furnish(self, client: Client, sandbox: httpx.AsyncClient) -> None:
        steps: tuple[tuple[str, dict[str, Any]], ...] = (
            ("customers", {"count": 4, "at": _AT}),
            ("refund", {"at": _AT + _DAY}),
            ("credit", {"at": _AT + _DAY}),
            ("dispute", {"at": _AT + 2 * _DAY}),
            ("payout", {"at": _AT + 3 * _DAY}),
            ("customers", {"at": _AT - 400 * _DAY}),
        )
        for name, given in steps:
            answer = await sandbox.post(f"/_control/scenario/{name}", json=given)
            assert answer.status_code == 200, (name, answer.text)

    async def held(self, sandbox: httpx.AsyncClient, kind: str) -> Mapping[str, Total]:
        """From the sandbox's own objects."""
        if kind == "customer":
            codes = Counter(
                str(one.get("currency") or "").upper() for one in self._made("customer")
            )
            return {code: Total(count, 0) for code, count in codes.items()}
        if kind == "fee":
            moved = [one for one in self._made("balance_transaction") if one["type"] == "charge"]
            return _totals(moved, "fee")
        if kind == "balance":
            return _totals(
                [
                    self.world.get("balance_transaction", one)
                    for one in self.world.of_payout
                    if self.world.get("balance_transaction", one)["type"] != "payout"
                ],
                "net",
            )
        name, field = _OBJECTS[kind]
        final = [one for one in self._made(name) if one.get("status") not in ("draft", "failed")]
        return _totals(final, field)

    def _made(self, kind: str) -> list[dict[str, Any]]:
        when = "arrival_date" if kind == "payout" else "created"
        return [one for one in self.world.all(kind) if _year(one[when]) == 2026]


def _year(seconds: int) -> int:
    return datetime.fromtimestamp(seconds, UTC).year


def _totals(items: Iterable[Mapping[str, Any]], field: str) -> dict[str, Total]:
    found: dict[str, Total] = {}
    for one in items:
        code = str(one["currency"]).upper()
        before = found.get(code, Total(0, 0))
        found[code] = Total(before.count + 1, before.amount + int(one[field]))
    return found
