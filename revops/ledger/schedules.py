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
# Credits that were bought to be used: deferred, and drawn down by usage instead of by time (J3c).
ON_USE: Final = "on_use"
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
    until: date | None = None,
) -> tuple[Portion, ...]:
    """
    ``total`` spread over the periods that ``service`` touches, also those that get 0.

    ``periods`` are in order and cover the service; more than that does no harm. The functional
    portions come from the functional total, never from translating rounded portions.

    ``until`` is the first day that is no longer covered, when a change stopped the schedule: what
    belongs to the days before it, as they were. Evenly spread, a period that is cut belongs to what
    comes after, so that a change of nothing moves nothing; otherwise it is shared by its days.

    Raises PeriodMissing for a day without a period, ValueError for periods that overlap and for
    an unknown convention.
    """
    touched = _touched(service, periods)
    weights = weights_of(convention, service, touched)
    whole = sum(weights)
    stopped = until is not None and until <= service.end
    if stopped:
        assert until is not None
        touched, weights, whole = _cut(until, convention, service, touched, weights)
    amounts = _shares(total, weights, whole)
    functional = (
        amounts
        if functional_total == total
        else _functional(functional_total, weights, whole, amounts, goes_on=stopped)
    )
    return tuple(
        [
            Portion(period.code, period.span, amount, own)
            for period, amount, own in zip(touched, amounts, functional, strict=True)
        ]
    )


def cumulative(total: int, weights: Sequence[int]) -> list[int]:
    """R1: round(total·Wᵢ/W) − round(total·Wᵢ₋₁/W), half away from zero. The sum is exact."""
    return _shares(total, weights, sum(weights))


def _shares(total: int, weights: Sequence[int], whole: int) -> list[int]:
    parts = []
    weighed = given = 0
    for weight in weights:
        weighed += weight
        due = divide_half_up(total * weighed, whole)
        parts.append(due - given)
        given = due
    return parts


def remainder_last(total: int, weights: Sequence[int]) -> list[int]:
    """
    R2: each portion rounded by itself, the latest takes the rest. Not how these books round, but
    how some ERPs do (ERPNext): a schedule that differs from ours by it is explained, not broken.
    """
    whole = sum(weights)
    parts = [divide_half_up(total * weight, whole) for weight in weights[:-1]]
    return [*parts, total - sum(parts)]


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


def weights_of(convention: str, service: Span, touched: Sequence[Period]) -> list[int]:
    """How much of the whole each period weighs that ``service`` touches. Raises ValueError."""
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


def _cut(
    until: date, convention: str, service: Span, touched: list[Period], weights: list[int]
) -> tuple[list[Period], list[int], int]:
    """The periods before ``until`` with their weights, and the weight of the whole service."""
    kept = [period for period in touched if period.span.start < until]
    if not kept or until <= service.start:
        return [], [], sum(weights)
    cut = kept[-1].span
    if cut.end < until or convention == POINT_IN_TIME:
        return kept, weights[: len(kept)], sum(weights)
    if convention == MONTH_EVEN:
        return kept[:-1], weights[: len(kept) - 1], sum(weights)
    # What the period has of the service, and how much of that is before the day.
    held = service.overlap(cut)
    before = service.overlap(Span(cut.start, until - _ONE_DAY))
    scaled = [weight * held for weight in weights[: len(kept) - 1]]
    return kept, [*scaled, weights[len(kept) - 1] * before], sum(weights) * held


def _functional(
    total: int, weights: Sequence[int], whole: int, amounts: Sequence[int], *, goes_on: bool
) -> list[int]:
    """
    R1 on the functional total, but nothing where the portion itself is 0: no entry would carry
    it. What waited goes with the next portion that has an amount, or with the latest one unless
    the rest goes on in another schedule.
    """
    carriers = [index for index, amount in enumerate(amounts) if amount]
    parts = [0] * len(amounts)
    if not carriers:
        return parts if goes_on else _shares(total, weights, whole)
    weighed = given = 0
    for index, weight in enumerate(weights):
        weighed += weight
        if amounts[index]:
            last = index == carriers[-1] and not goes_on
            due = total if last else divide_half_up(total * weighed, whole)
            parts[index] = due - given
            given = due
    return parts
