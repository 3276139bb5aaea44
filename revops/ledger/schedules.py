"""
How an amount is spread over accounting periods. Pure arithmetic on whole minor units.

Conventions (accounting.md, straight-line conventions): ``daily`` weighs a period by its days in
the service (actual/actual); ``month_even`` weighs each period touched alike;
``month_prorate_ends`` weighs full periods alike and the first and last by their share of days;
``point_in_time`` gives all to the period in which the service starts.

Rounding is R1, cumulative: a portion is the difference of two rounded running totals. So the sum
is exact, no portion is off by more than one minor unit, and starting again at any period gives
the same portions.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Final

from revops.kernel.money import divide_half_up
from revops.kernel.periods import Span
from revops.ledger.drafts import CannotJournalize, Portion

DAILY: Final = "daily"
MONTH_EVEN: Final = "month_even"
MONTH_PRORATE_ENDS: Final = "month_prorate_ends"
POINT_IN_TIME: Final = "point_in_time"
CONVENTIONS: Final = frozenset((DAILY, MONTH_EVEN, MONTH_PRORATE_ENDS, POINT_IN_TIME))

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """A row of an entity's calendar, whichever it follows: months, 4-4-5 weeks, or its own."""

    code: str
    span: Span
    open: bool = True


class PeriodMissing(CannotJournalize):
    """The entity's calendar has no period for ``day``."""

    def __init__(self, day: date, entity: str = "") -> None:
        self.day = day
        self.entity = entity
        whose = f" of {entity}" if entity else ""
        super().__init__(f"The calendar{whose} has no accounting period that holds {day}.")


@dataclass(frozen=True, slots=True)
class Placement:
    """A portion and the period that it posts in; the portion keeps its own service days."""

    portion: Portion
    posts_in: Period


def portions(
    *,
    total: int,
    functional_total: int,
    service: Span,
    convention: str,
    periods: Sequence[Period],
) -> tuple[Portion, ...]:
    """
    ``total`` spread over the periods that ``service`` touches, also those that get 0.

    ``periods`` are in order and cover the service; more than that does no harm. The functional
    portions come from the functional total, never from translating rounded portions.

    Raises PeriodMissing for a day without a period, ValueError for periods that overlap and for
    an unknown convention.
    """
    touched = _touched(service, periods)
    weights = _weights(convention, service, touched)
    amounts = cumulative(total, weights)
    functional = (
        amounts if functional_total == total else _functional(functional_total, weights, amounts)
    )
    return tuple(
        [
            Portion(period.code, period.span, amount, own)
            for period, amount, own in zip(touched, amounts, functional, strict=True)
        ]
    )


def cumulative(total: int, weights: Sequence[int]) -> list[int]:
    """R1: round(total·Wᵢ/W) − round(total·Wᵢ₋₁/W), half away from zero. The sum is exact."""
    whole = sum(weights)
    parts = []
    weighed = given = 0
    for weight in weights:
        weighed += weight
        due = divide_half_up(total * weighed, whole)
        parts.append(due - given)
        given = due
    return parts


def placed(spread: Sequence[Portion], *, first_open: Period) -> tuple[Placement, ...]:
    """
    Where each portion posts: in its own period, or in ``first_open`` when its own is closed.

    An invoice of 10 May for service since 1 April, with April closed, posts April's and May's
    portions in May (accounting.md, late and back-dated). Nothing is written into a closed period.
    """
    return tuple(
        [
            Placement(
                portion,
                first_open
                if portion.span.start <= first_open.span.start
                else Period(portion.period, portion.span),
            )
            for portion in spread
        ]
    )


def _touched(service: Span, periods: Sequence[Period]) -> list[Period]:
    start, end = service.start, service.end
    # Calendars hold many years and services few months; only the latter are looked at.
    first = max(0, bisect_right(periods, start, key=_start) - 1)
    touched = []
    for period in islice(periods, first, None):
        if period.span.start > end:
            break
        if period.span.end >= start:
            touched.append(period)
    day = start
    for period in touched:
        if period.span.start > day:
            raise PeriodMissing(day)
        if period.span.start < day and day != start:
            raise ValueError(f"The period {period.code} begins before the one before it ends.")
        day = period.span.end + _ONE_DAY
    if day <= end:
        raise PeriodMissing(day)
    return touched


def _start(period: Period) -> date:
    return period.span.start


def _weights(convention: str, service: Span, touched: Sequence[Period]) -> list[int]:
    if convention == DAILY:
        return [service.overlap(period.span) for period in touched]
    if convention == MONTH_EVEN:
        return [1] * len(touched)
    if convention == POINT_IN_TIME:
        return [1] + [0] * (len(touched) - 1)
    if convention == MONTH_PRORATE_ENDS:
        return _ends_prorated(service, touched)
    raise ValueError(f"“{convention}” is no recognition convention.")


def _ends_prorated(service: Span, touched: Sequence[Period]) -> list[int]:
    """17/31, 1, 1, 14/30 as whole numbers over their common denominator."""
    if len(touched) == 1:
        return [1]
    first, latest = touched[0].span, touched[-1].span
    full = first.days * latest.days
    return [
        service.overlap(first) * latest.days,
        *[full] * (len(touched) - 2),
        service.overlap(latest) * first.days,
    ]


def _functional(total: int, weights: Sequence[int], amounts: Sequence[int]) -> list[int]:
    """
    R1 on the functional total, but nothing where the portion itself is 0: no entry would carry
    it. What waited goes with the next portion that has an amount, or with the latest one.
    """
    whole = sum(weights)
    carriers = [index for index, amount in enumerate(amounts) if amount]
    parts = [0] * len(amounts)
    if not carriers:
        return cumulative(total, weights)
    weighed = given = 0
    for index, weight in enumerate(weights):
        weighed += weight
        if amounts[index]:
            due = total if index == carriers[-1] else divide_half_up(total * weighed, whole)
            parts[index] = due - given
            given = due
    return parts
