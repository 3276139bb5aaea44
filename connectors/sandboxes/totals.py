"""What a sandbox holds, counted and added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def held(found: Mapping[str, Iterable[Any]]) -> dict[str, dict[str, Any]]:
    """Of ids by kind: how many there are of each, and which."""
    ids = {kind: list(found[kind]) for kind in sorted(found)}
    return {"counts": {kind: len(of) for kind, of in ids.items()}, "ids": ids}


def added(rows: Iterable[tuple[str, int]]) -> dict[str, dict[str, int]]:
    """
    Of (currency, minor units), for the contract test of lists: by currency, how many there are and
    what they come to.
    """
    found: dict[str, dict[str, int]] = {}
    for currency, minor in rows:
        total = found.setdefault(currency, {"count": 0, "amount": 0})
        total["count"] += 1
        total["amount"] += minor
    return found
