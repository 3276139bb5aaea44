"""What a sandbox holds of a kind, added up for the contract test of lists."""

from __future__ import annotations

from collections.abc import Iterable


def added(rows: Iterable[tuple[str, int]]) -> dict[str, dict[str, int]]:
    """Of (currency, minor units): by currency, how many there are and what they come to."""
    found: dict[str, dict[str, int]] = {}
    for currency, minor in rows:
        total = found.setdefault(currency, {"count": 0, "amount": 0})
        total["count"] += 1
        total["amount"] += minor
    return found
