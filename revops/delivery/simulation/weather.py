"""What goes wrong, how often, and how often it did."""

from __future__ import annotations

import random
from collections import Counter


class Weather:
    """Strikes while ``rough``; every strike is counted under its name."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.rough = True
        self.counts: Counter[str] = Counter()

    def strikes(self, name: str, probability: float) -> bool:
        if not self.rough or self.rng.random() >= probability:
            return False
        self.counts[name] += 1
        return True

    def soon(self, seconds: float) -> float:
        """A waiting time with the given mean."""
        return self.rng.expovariate(1 / seconds)
