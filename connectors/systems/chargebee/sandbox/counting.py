"""What the sandbox holds, for whoever counts without asking the console."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from connectors.systems.chargebee.sandbox.world import Obj, World

_FIELDS: Final = {"invoice": "total", "credit_note": "total", "transaction": "amount"}
_KINDS: Final = {
    "invoice": "invoice",
    "credit": "credit_note",
    "payment": "transaction",
    "refund": "transaction",
    "customer": "customer",
}


def documents(world: World) -> list[dict[str, Any]]:
    """Final invoices, credit notes, payments and refunds, one row each; write-offs are none."""
    return [
        {
            "kind": one["type"] if name == "transaction" else name, "id": one["id"],
            "number": one["id"], "amount": one[field], "currency": one["currency_code"],
            "at": one["date"],
        }
        for name, field in _FIELDS.items()
        for one in _counting(world, name)
        if one[field]
    ]  # fmt: skip


def totals(world: World, *, kind: str, start: str, end: str) -> dict[str, dict[str, int]]:
    """By currency, count and sum of what was issued within the days (UTC)."""
    found: dict[str, dict[str, int]] = {}
    name = _KINDS[kind]
    for one in _counting(world, name):
        if name == "transaction" and one["type"] != kind:
            continue
        at = one["created_at"] if kind == "customer" else one["date"]
        if not start <= datetime.fromtimestamp(at, UTC).date().isoformat() <= end:
            continue
        code = one.get("currency_code") or one.get("preferred_currency_code", "")
        total = found.setdefault(code, {"count": 0, "amount": 0})
        total["count"] += 1
        total["amount"] += one.get(_FIELDS.get(name, ""), 0)
    return found


def _counting(world: World, name: str) -> Iterator[Obj]:
    for one in world.all(name):
        if one.get("status") not in ("failure", "pending") and (
            one.get("create_reason_code") != "write_off"
        ):
            yield one
