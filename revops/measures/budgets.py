"""
Objectives, error budgets and burn: integers alone, so that a figure can be checked by hand.

An objective is a share that has to be good, in hundredths of a percent. Of so many that were due,
the budget is what may miss it. Burning at 1 uses exactly the budget of the window; at 14.4, all of
it in a fourteenth of the window and a half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WHOLE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Counted:
    """``due`` had to be good by now, ``met`` were."""

    due: int
    met: int

    @property
    def missed(self) -> int:
        return self.due - self.met


@dataclass(frozen=True, slots=True)
class Budget:
    """
    ``target`` in hundredths of a percent. ``allowed`` and ``spent`` are numbers of things;
    ``share`` is what was good of what was due, None when nothing was due.
    """

    target: int
    counted: Counted

    @property
    def share(self) -> int | None:
        due = self.counted.due
        return self.counted.met * WHOLE // due if due else None

    @property
    def allowed(self) -> int:
        """Whole things that may miss; a broken one is never half allowed."""
        return self.counted.due * (WHOLE - self.target) // WHOLE

    @property
    def spent(self) -> int:
        return self.counted.missed

    @property
    def left(self) -> int:
        """What is left of the budget in percent, from 0 to 100."""
        possible = self.counted.due * (WHOLE - self.target)
        if not possible:
            return 100 if not self.spent else 0
        return max(0, 100 - self.spent * WHOLE * 100 // possible)

    @property
    def is_kept(self) -> bool:
        return self.counted.met * WHOLE >= self.counted.due * self.target


def burn(target: int, counted: Counted) -> int | None:
    """How many times too fast the budget is used, in tenths: 10 uses it up just at the end."""
    possible = counted.due * (WHOLE - target)
    return counted.missed * WHOLE * 10 // possible if possible else None
