"""The service periods of usage, in days. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar

from revops.kernel.periods import Span, month

T = TypeVar("T")
_MONTHS_A_YEAR = 12


def period_of(day: date, *, months: int, anchor: date | None = None) -> Span:
    """
    The period of ``months`` months that holds ``day``: counted from January of year 0, so that
    months, quarters and years are the calendar's; or from ``anchor``, whose day of the month it
    keeps as far as the month has it (a period from 31 January ends on 27 February).
    """
    months = max(1, months)
    if anchor is None:
        start = (day.year * _MONTHS_A_YEAR + day.month - 1) // months * months
        return Span(_first(start), _first(start + months) - timedelta(days=1))
    turn = (_index(day) - _index(anchor)) // months
    if _anniversary(anchor, turn * months) > day:
        turn -= 1
    elif _anniversary(anchor, (turn + 1) * months) <= day:
        turn += 1
    start_on = _anniversary(anchor, turn * months)
    return Span(start_on, _anniversary(anchor, (turn + 1) * months) - timedelta(days=1))


def _index(day: date) -> int:
    return day.year * _MONTHS_A_YEAR + day.month - 1


def _first(index: int) -> date:
    return date(index // _MONTHS_A_YEAR, index % _MONTHS_A_YEAR + 1, 1)


def _anniversary(anchor: date, months: int) -> date:
    index = _index(anchor) + months
    whole = month(index // _MONTHS_A_YEAR, index % _MONTHS_A_YEAR + 1)
    return whole.start.replace(day=min(anchor.day, whole.end.day))


@dataclass(frozen=True, slots=True)
class Since(Generic[T]):
    """What holds from a day on."""

    day: date
    value: T


class Timeline(Generic[T]):
    """What holds on which day; of several for one day the last one given stands."""

    def __init__(self, entries: Sequence[Since[T]]) -> None:
        by_day = {entry.day: entry for entry in entries}
        self.entries = [by_day[day] for day in sorted(by_day)]

    def on(self, day: date) -> T | None:
        found = None
        for entry in self.entries:
            if entry.day > day:
                break
            found = entry.value
        return found

    def days(self, span: Span) -> set[date]:
        """The days within the span, after its first, on which something else begins to hold."""
        return {entry.day for entry in self.entries if span.start < entry.day <= span.end}


def stretches(span: Span, changes: set[date]) -> Iterator[Span]:
    """The span cut before each of the days."""
    start = span.start
    for day in sorted(change for change in changes if span.start < change <= span.end):
        yield Span(start, day - timedelta(days=1))
        start = day
    yield Span(start, span.end)
