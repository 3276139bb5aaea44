"""Service periods, accounting periods and the days between them. Dates are inclusive."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from revops.kernel.clock import local_date


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``start`` to ``end``, both included. Raises ValueError when it ends too early."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"The period ends ({self.end}) before it starts ({self.start}).")

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def overlap(self, other: Span) -> int:
        """How many days both share."""
        first, latest = max(self.start, other.start), min(self.end, other.end)
        return max(0, (latest - first).days + 1)

    def clipped(self, other: Span) -> Span | None:
        """The days that both share, or None."""
        first, latest = max(self.start, other.start), min(self.end, other.end)
        return Span(first, latest) if first <= latest else None

    def __contains__(self, day: object) -> bool:
        """A datetime is refused (TypeError): it has no day before somebody names a zone."""
        return isinstance(day, date) and self.start <= day <= self.end


def service_span(start: datetime, end: datetime, zone: str) -> Span:
    """
    A billing system's half-open instants as inclusive days in the entity's zone: Stripe's
    01-15T00:00Z..02-15T00:00Z is 01-15..02-14. The end is the day before the local day of the end
    instant (accounting.md, Dates), so that a period anchored at midday does not share its last day
    with the next one. Instants of one day are that day.

    Raises ValueError for naive instants and for an end before its start.
    """
    first = local_date(start, zone)
    if end.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    if end < start:
        raise ValueError(f"The service ends ({end}) before it starts ({start}).")
    latest = local_date(end, zone) - timedelta(days=1)
    return Span(first, max(first, latest))


def month(year: int, number: int) -> Span:
    """A calendar month. Accounting periods come from the entity's table, not from here."""
    return Span(date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1]))
