"""
Both sides and their breaks by currency, as a run keeps them (``Run.figures``). Pure.

    {"USD": {"left": {"count", "amount"}, "right": {…}, "difference",
             "types": {"missing_right": {"count", "difference", "gross"}, …},
             "unclassified"}}

What the breaks do not account for is ``unclassified``: 0 unless the engine is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Total:
    """A side in one currency; ``fold`` is the sum of its rows' hashes, whatever their order."""

    count: int
    amount: int
    fold: int


Totals = dict[str, Total]


def figures(
    left: Totals, right: Totals, breaks: Iterable[tuple[str, str, int, int, int]]
) -> dict[str, Any]:
    """``breaks`` are (currency, type, count, difference, gross) of those that stand."""
    types: dict[str, dict[str, Mapping[str, int]]] = {}
    for currency, type, count, difference, gross in sorted(breaks):
        held = types.setdefault(currency, {})
        held[type] = {"count": count, "difference": difference, "gross": gross}
    return {
        currency: _of(left, right, currency, types.get(currency, {}))
        for currency in sorted({*left, *right, *types})
    }


def _of(
    left: Totals, right: Totals, currency: str, types: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    sides = {}
    for name, totals in (("left", left), ("right", right)):
        held = totals.get(currency)
        sides[name] = {"count": held.count if held else 0, "amount": held.amount if held else 0}
    off = sides["left"]["amount"] - sides["right"]["amount"]
    told = sum(one["difference"] for one in types.values())
    return {**sides, "difference": off, "types": dict(types), "unclassified": off - told}
