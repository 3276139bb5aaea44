"""Working days: Monday to Friday, but for an entity's holidays. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

_DAY: Final = timedelta(days=1)
_FRIDAY: Final = 4
# Holidays that fill a year of days are a mistake, and no reason to look for ever.
_FARTHEST: Final = 1_000


def works(day: date, holidays: Collection[date] = ()) -> bool:
    """Whether people work on that day."""
    return day.weekday() <= _FRIDAY and day not in holidays


def after(day: date, count: int, holidays: Collection[date] = ()) -> date:
    """The ``count``-th working day after ``day``; ``day`` itself for 0."""
    left = count
    for _ in range(_FARTHEST):
        if left <= 0:
            break
        day += _DAY
        left -= works(day, holidays)
    return day


def on_or_after(day: date, holidays: Collection[date] = ()) -> date:
    """``day`` when people work then, else the next day on which they do."""
    return day if works(day, holidays) else after(day, 1, holidays)


def between(first: date, latest: date, holidays: Collection[date] = ()) -> int:
    """How many working days lie after ``first`` up to ``latest``; below zero when it is earlier."""
    if latest < first:
        return -between(latest, first, holidays)
    return sum(
        works(first + timedelta(days=step), holidays)
        for step in range(1, min((latest - first).days, _FARTHEST) + 1)
    )


def days_of(texts: Collection[str]) -> frozenset[date]:
    """Stored holidays as days."""
    return frozenset(date.fromisoformat(text) for text in texts)
