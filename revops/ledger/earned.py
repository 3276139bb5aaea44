"""
What schedules make of the days before a day, for many of them at once.

Portions are differences of rounded running totals, so their sum up to a day is one such total and
needs no portions in between: two divisions instead of one for each period. The weights of a service
are the same for every schedule with it, and are kept. Whatever has no such short way (a day within
a period of an evenly prorated end, portions that round to nothing) is spread out as ever.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Final

from revops.kernel.money import divide_half_up
from revops.kernel.periods import Span
from revops.ledger.chains import Amount
from revops.ledger.schedules import (
    DAILY,
    MONTH_EVEN,
    MONTH_PRORATE_ENDS,
    POINT_IN_TIME,
    Period,
    portions,
)

# Of a service before a day: the weight without its latest portion, with it, and of all of it.
_Weights = tuple[int, int, int]
_NONE: Final = (0, 0, 1)


class Earned:
    """What schedules of one calendar have earned before ``until``, its first day left out."""

    def __init__(self, periods: Sequence[Period], until: date) -> None:
        self._periods = periods
        self._until = until
        self._starts = [period.span.start for period in periods]
        self._known: dict[tuple[date, date, str], _Weights | None] = {}
        ordinals = [(one.span.start.toordinal(), one.span.end.toordinal()) for one in periods]
        self._whole = all(end + 1 == start for (_, end), (start, _) in pairwise(ordinals))

    def of(
        self, start: date, end: date, convention: str, *, total: int, functional_total: int
    ) -> Amount:
        """
        The sum of ``portions(…, until=until)`` of such a schedule, in both currencies. Raises what
        ``portions`` raises.
        """
        key = (start, end, convention)
        if key not in self._known:
            self._known[key] = self._weights(start, end, convention)
        weights = self._known[key]
        if weights is None:
            return self._spread(start, end, convention, total, functional_total)
        if weights is _NONE or self._until > end:
            return Amount() if weights is _NONE else Amount(total, functional_total)
        before, weighed, whole = weights
        amount = divide_half_up(total * weighed, whole)
        if functional_total == total:
            return Amount(amount, amount)
        if amount == divide_half_up(total * before, whole):
            return self._spread(start, end, convention, total, functional_total)
        return Amount(amount, divide_half_up(functional_total * weighed, whole))

    def _weights(self, start: date, end: date, convention: str) -> _Weights | None:
        """None where only spreading it out tells."""
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, end) - 1
        if not self._whole or first < 0 or end > self._periods[last].span.end or end < start:
            return None
        until = self._until
        if until > end:
            return (0, 1, 1)
        if until <= start:
            return _NONE
        latest = bisect_left(self._starts, until) - 1
        cut = self._periods[latest].span.end >= until
        if convention == DAILY:
            held = max(start, self._starts[latest])
            return ((held - start).days, (until - start).days, (end - start).days + 1)
        if convention == POINT_IN_TIME:
            # The latest portion is nothing unless it is the first one.
            return (0, 1, 1) if latest == first else None
        if convention == MONTH_EVEN:
            kept = latest - first + (0 if cut else 1)
            return (kept - 1, kept, last - first + 1) if kept else _NONE
        if convention == MONTH_PRORATE_ENDS and not cut and last > first:
            return self._prorated(Span(start, end), first, latest, last)
        return None

    def _prorated(self, service: Span, first: int, latest: int, last: int) -> _Weights:
        """Whole numbers as in ``schedules``: 17/31, 1, 1, 14/30 over their common denominator."""
        head, tail = self._periods[first].span, self._periods[last].span
        full = head.days * tail.days
        begun = service.overlap(head) * tail.days
        weighed = begun + (latest - first) * full
        before = weighed - full if latest > first else 0
        return (
            before,
            weighed,
            begun + (last - first - 1) * full + service.overlap(tail) * head.days,
        )

    def _spread(
        self, start: date, end: date, convention: str, total: int, functional_total: int
    ) -> Amount:
        found = portions(
            total=total, functional_total=functional_total, service=Span(start, end),
            convention=convention, periods=self._periods, until=self._until,
        )  # fmt: skip
        return Amount(sum([one.amount for one in found]), sum([one.functional for one in found]))
