"""Everything that the page shows, from two reads of samples and three of what stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from revops.measures.budgets import Budget, burn
from revops.measures.catalogue import AGES, MEASURES, Way
from revops.measures.promises import Promise
from revops.measures.queries.samples import (
    DAY,
    HOUR,
    Series,
    Sums,
    counted,
    sampled_at,
    series,
    total,
)
from revops.measures.queries.standing import Closed, Saved, closed, promises, saved

SHORT: Final = timedelta(hours=6)
LONG: Final = timedelta(hours=24)
WEEK: Final = 7
MONTH: Final = 28
# How far back closed periods and runs are looked for.
YEAR: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Kept:
    """An objective with its budget, and how fast it burns (tenths; None: nothing was due)."""

    promise: Promise
    budget: Budget
    short: int | None
    long: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A measure over the last 24 hours, 7 days and 28 days."""

    slug: str
    label: str
    about: str
    day: Sums
    week: Sums
    month: Sums


@dataclass(frozen=True, slots=True)
class Shown:
    """``now`` holds what stands: ages of open cases, and invoices by their age."""

    at: datetime
    sampled: datetime | None
    objectives: Sequence[Kept]
    lines: Sequence[Line]
    days: Series
    now: dict[str, Sums]
    closed: Sequence[Closed]
    saved: Saved


def midnight(at: datetime) -> datetime:
    """In UTC, like the samples."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def read(*, at: datetime, entity: str = "") -> Shown:
    """As the session sees it; with ``entity``, of that legal entity alone."""
    mine, sampled = promises(), sampled_at()
    moving = [slug for slug, one in MEASURES.items() if one.way is not Way.NOW]
    longest = max(MONTH, *(one.days for one in mine))
    days = series(moving, since=midnight(at) - (longest - 1) * DAY, step=DAY, entity=entity)
    hours = series([*moving, "ageing", *AGES], since=at - LONG - HOUR, step=HOUR, entity=entity)
    return Shown(
        at, sampled,
        [_kept(one, days, hours, at) for one in mine],
        [_line(slug, days, hours, at) for slug in moving],
        days,
        {slug: _latest(hours, slug, sampled) for slug in ("ageing", *AGES)},
        closed(since=(at - YEAR).date(), entity=entity),
        saved(since=(at - YEAR).date(), entity=entity),
    )  # fmt: skip


def _kept(one: Promise, days: Series, hours: Series, at: datetime) -> Kept:
    since = midnight(at) - (one.days - 1) * DAY
    whole = counted(days[one.measure], within_seconds=one.within, at=at, since=since)
    short, long = (
        counted(hours[one.measure], within_seconds=one.within, at=at, since=at - length - HOUR)
        for length in (SHORT, LONG)
    )
    return Kept(one, Budget(one.target, whole), burn(one.target, short), burn(one.target, long))


def _line(slug: str, days: Series, hours: Series, at: datetime) -> Line:
    measure, today = MEASURES[slug], midnight(at)
    return Line(
        slug, measure.label, measure.about,
        total(hours[slug], since=at - LONG),
        total(days[slug], since=today - (WEEK - 1) * DAY),
        total(days[slug], since=today - (MONTH - 1) * DAY),
    )  # fmt: skip


def _latest(hours: Series, slug: str, sampled: datetime | None) -> Sums:
    return total(one for one in hours[slug] if one.starts == sampled)
