"""
Times are counted in buckets of fixed bounds: buckets add up over hours and legal entities, which
percentiles do not. A percentile is said as the bound that it stays within, never as more exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

BOUNDS: Final[tuple[int, ...]] = (
    1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200,
    86_400, 172_800, 259_200, 432_000, 604_800, 1_209_600, 2_592_000,
)  # fmt: skip
"""Upper bounds in seconds, inclusive; the last bucket after them is open."""

assert all(low < high for low, high in pairwise(BOUNDS))
BUCKETS: Final = len(BOUNDS) + 1


def bucket_of(seconds: int) -> int:
    """Where a time is counted; a clock that went back counts as no time at all."""
    for place, bound in enumerate(BOUNDS):
        if seconds <= bound:
            return place
    return len(BOUNDS)


def added(spreads: Iterable[Sequence[int]]) -> list[int]:
    """The sum of spreads, place by place; an empty one counts nothing."""
    total = [0] * BUCKETS
    for spread in spreads:
        for place, count in enumerate(spread):
            total[place] += count
    return total


def within(spread: Sequence[int], seconds: int) -> int:
    """How many took at most so long; ``seconds`` is one of BOUNDS. Raises ValueError."""
    return sum(spread[: BOUNDS.index(seconds) + 1])


def percentile(spread: Sequence[int], percent: int) -> int | None:
    """
    The bound that at least ``percent`` of the times stay within, in seconds. None without any
    time; 0 when it lies over the last bound.
    """
    total = sum(spread)
    if not total:
        return None
    wanted, seen = -(-total * percent // 100), 0
    for place, count in enumerate(spread):
        seen += count
        if seen >= wanted:
            return BOUNDS[place] if place < len(BOUNDS) else 0
    raise AssertionError("the buckets add up to their total")
