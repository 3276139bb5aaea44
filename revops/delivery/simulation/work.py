"""What a worker has in hand, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from connectors.contract import Outcome, Receipt
from revops.delivery.decide import Next, Row
from revops.delivery.simulation.store import Command

# What the gate learns from a call: how it ended, and for how long the target asked us to wait.
Heard: TypeAlias = tuple[Outcome, int | None]


@dataclass(slots=True, eq=False)
class Work:
    """A claimed command: what the worker holds of it, and what for."""

    command: Command
    row: Row
    next: Next

    def fill(self, outcome: Outcome) -> None:
        """The outcome of the attempt that was made under this claim, once, even when it is late."""
        for attempt in self.command.attempts:
            if attempt.fence == self.row.fence and attempt.outcome is None:
                attempt.outcome = outcome


@dataclass(frozen=True, slots=True)
class Ending:
    """How a claimed command goes on; ``receipt`` when something was sent."""

    work: Work
    row: Row
    receipt: Receipt | None = None
