"""How long a side lags behind the other, learnt from what agreed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Fewer pairs than this teach nothing.
ENOUGH: Final = 20
SHARE: Final = 95
MOST: Final = 60


def percentile(days: Mapping[int, int], *, share: int = SHARE) -> int | None:
    """
    The days within which ``share`` of a hundred pairs had both sides; ``days`` has how many pairs
    took how long. A counterpart that came first took none. None when there are too few.
    """
    pairs = sum(days.values())
    if pairs < ENOUGH:
        return None
    needed = -(-pairs * share // 100)
    seen = 0
    for length, count in sorted(days.items()):
        seen += count
        if seen >= needed:
            return min(max(length, 0), MOST)
    return None
