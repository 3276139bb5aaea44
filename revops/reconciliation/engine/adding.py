"""
Which few rows add up to an amount. Pure and bounded: the search looks at no more than ``MOST`` rows
and ``STEPS`` sums, and takes the smallest set, nearest days first, so that its answer is always the
same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Final

MOST: Final = 24
LARGEST: Final = 6
STEPS: Final = 60_000


def adds_up(target: int, amounts: Sequence[int]) -> tuple[int, ...] | None:
    """
    The positions of two or more of ``amounts`` whose sum is ``target``, fewest first, then in the
    order given; None when the search finds none within its bounds.
    """
    held = amounts[:MOST]
    steps = 0
    for size in range(2, min(LARGEST, len(held)) + 1):
        for chosen in combinations(range(len(held)), size):
            steps += 1
            if steps > STEPS:
                return None
            if sum(held[position] for position in chosen) == target:
                return chosen
    whole = tuple(range(len(held)))
    if len(held) > LARGEST and len(held) == len(amounts) and sum(held) == target:
        return whole
    return None
