"""
Which entries are looked at. Pure: the same seed and books give the same choice, by hand too.

Random: entries in the order of the SHA-256 of ``seed:key``, the first so many. Monetary unit:
entries in the order of their keys, laid end to end by amount; every so many units one is hit,
beginning at a place that the seed gives. An amount as large as the step is always hit.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from typing import Final

RANDOM: Final = "random"
MONETARY_UNIT: Final = "monetary-unit"
METHODS: Final = {RANDOM: "Random", MONETARY_UNIT: "Monetary unit"}
MOST: Final = 200


def number_of(seed: str, key: str) -> int:
    return int(hashlib.sha256(f"{seed}:{key}".encode()).hexdigest(), 16)


def random(keys: Iterable[str], *, seed: str, size: int) -> list[str]:
    """``size`` of the keys, in their own order."""
    return sorted(heapq.nsmallest(size, keys, key=lambda key: (number_of(seed, key), key)))


def monetary_unit(
    amounts: Iterable[tuple[str, int]], *, seed: str, size: int, ordered: bool = False
) -> list[str]:
    """
    At most ``size`` of the (key, amount), fewer when large ones are hit twice. Amounts count
    whatever their sign. ``ordered``: they come in the order of their keys each time that they are
    asked for, and need not be held.
    """
    held = amounts if ordered else sorted(amounts)
    whole = sum(abs(amount) for _, amount in held)
    if not whole or size < 1:
        return []
    step = max(1, -(-whole // size))
    place, seen, chosen = number_of(seed, "start") % step, 0, []
    for key, amount in held:
        seen += abs(amount)
        if seen > place:
            chosen.append(key)
            place += step * ((seen - place - 1) // step + 1)
    return chosen


def choose(
    amounts: Iterable[tuple[str, int]], *, seed: str, size: int, method: str, ordered: bool = False
) -> list[str]:
    """By one of METHODS. Raises KeyError."""
    if method == RANDOM:
        return random((key for key, _ in amounts), seed=seed, size=size)
    if method == MONETARY_UNIT:
        return monetary_unit(amounts, seed=seed, size=size, ordered=ordered)
    raise KeyError(method)
