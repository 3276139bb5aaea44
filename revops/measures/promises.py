"""
Objectives and assumptions as they are until somebody decides otherwise (``models.Objective``,
``models.Assumption``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Promise:
    """
    A share of ``measure`` that has to be good: ``target`` in hundredths of a percent, over
    ``days``. With ``within`` (seconds, one of ``bounds.BOUNDS``), good is what took at most so
    long; without, what ended well.
    """

    slug: str
    name: str
    measure: str
    within: int | None
    target: int
    days: int = 28


@dataclass(frozen=True, slots=True)
class Estimate:
    """``seconds`` that a person would take for one thing; ``note`` says where that comes from."""

    slug: str
    name: str
    seconds: int
    note: str


PROMISES: Final[dict[str, Promise]] = {
    one.slug: one
    for one in (
        Promise("posted", "In the ERP in time", "posting", 300, 9_900),
        Promise("understood", "Events that need nobody", "events", None, 9_950),
        Promise("resolved", "Cases resolved in time", "cases", 86_400, 9_000),
        Promise("decided", "Requests decided in time", "approvals", 172_800, 9_500),
    )
}
MATCHING: Final = Estimate(
    "matching", "Matching one row by hand", 90,
    "An estimate of ours. Time it in your own team, and put that number here.",
)  # fmt: skip
ESTIMATES: Final[dict[str, Estimate]] = {MATCHING.slug: MATCHING}
