"""
When an alert begins and when it ends. Pure: the worker and the trial decide alike.

A rule has to hold for its time before it fires. A firing alert ends when the rule has not held for
five minutes, so that a value which wavers around its limit tells nobody twice.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from revops.kernel.clock import local_date
from revops.notices.hours import zone_of

SETTLES: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What a rule asks. ``threshold`` is in minor units of ``currency``, minutes, or a number, as its
    measure has it. No ``entity_id``: all of them. ``closes_within`` counts only what belongs to
    periods that end within so many days, or have ended.
    """

    measure: str
    entity_id: int | None
    currency: str
    threshold: int
    at_least: bool = False
    for_minutes: int = 0
    closes_within: int | None = None

    def holds(self, value: int) -> bool:
        return value >= self.threshold if self.at_least else value > self.threshold


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of a zone in which nobody is told: from one full hour to another, also over night."""

    start: int
    end: int
    zone: str

    def at(self, instant: datetime) -> bool:
        hour = instant.astimezone(zone_of(self.zone)).hour
        if self.start < self.end:
            return self.start <= hour < self.end
        return hour >= self.start or hour < self.end


@dataclass(frozen=True, slots=True)
class Standing:
    """Since when a rule holds, whether it has fired for that, and since when it holds no more."""

    since: datetime | None = None
    fired: bool = False
    untrue_since: datetime | None = None


class Turn(enum.Enum):
    NOTHING = "nothing"
    FIRES = "fires"
    ENDS = "ends"


def step(before: Standing, terms: Terms, value: int, at: datetime) -> tuple[Standing, Turn]:
    """How a rule stands when its measure is ``value`` at an instant, and what that sets off."""
    if terms.holds(value):
        since = before.since or at
        fires = not before.fired and at - since >= timedelta(minutes=terms.for_minutes)
        standing = Standing(since, fired=before.fired or fires)
        return standing, Turn.FIRES if fires else Turn.NOTHING
    if not before.fired:
        return Standing(), Turn.NOTHING
    untrue_since = before.untrue_since or at
    if at - untrue_since >= SETTLES:
        return Standing(), Turn.ENDS
    return replace(before, untrue_since=untrue_since), Turn.NOTHING


def unseen(before: Standing) -> Standing:
    """How a rule stands after a time in which nobody measured: it has to hold anew to fire."""
    return replace(before, untrue_since=None) if before.fired else Standing()


def presses(*, ends: date, zone: str, at: datetime, within: int) -> bool:
    """Whether a period's end is at most so many days away in its entity's zone, or over."""
    return (ends - local_date(at, zone)).days <= within
