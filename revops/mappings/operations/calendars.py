"""
Making an entity's accounting periods: months, or weeks in quarters of thirteen.

Years of weeks have 52 weeks, and 53 every fifth or sixth year; the extra week goes to the last
period, so that it has five or six. Which year has it is the entity's decision, never computed.
"""

from __future__ import annotations

import calendar as months
from datetime import date, timedelta
from typing import Final

from django.db import transaction

from revops.kernel.periods import Span
from revops.mappings.models import AccountingPeriod, LegalEntity

MONTHLY: Final = "monthly"
WEEKLY: Final = {"4-4-5": (4, 4, 5), "4-5-4": (4, 5, 4), "5-4-4": (5, 4, 4)}
_ONE_DAY: Final = timedelta(days=1)


class CalendarRefused(ValueError):
    """The periods would overlap others, leave days without a period, or make no sense."""


@transaction.atomic
def make_calendar(
    entity: LegalEntity,
    *,
    year: int,
    kind: str = MONTHLY,
    starts: date | None = None,
    weeks: int = 52,
) -> list[AccountingPeriod]:
    """
    The twelve open periods of a fiscal year, named ``2026-01`` … (by month), ``2026-P01`` … (by
    weeks). ``starts`` is the year's first day: 1 January unless said, and needed for weeks. A
    year that is there already is returned as it is.

    Raises CalendarRefused when it does not follow on the day after the latest period, for another
    kind or number of weeks, and for months that do not begin on the first.
    """
    entity = LegalEntity.objects.select_for_update().get(pk=entity.pk)
    spans = _spans(kind, year, starts, weeks)
    held = {
        period.code: period
        for period in AccountingPeriod.objects.filter(
            legal_entity=entity, code__in=[code for code, _ in spans]
        )
    }
    if held:
        same = [
            code in held and (held[code].starts, held[code].ends) == (span.start, span.end)
            for code, span in spans
        ]
        if not all(same):
            raise CalendarRefused(f"{entity} has other periods of these names in {year}.")
        return [held[code] for code, _ in spans]
    _must_follow(entity, spans[0][1].start, spans[-1][1].end)
    made = AccountingPeriod.objects.bulk_create(
        AccountingPeriod(legal_entity=entity, code=code, starts=span.start, ends=span.end)
        for code, span in spans
    )
    if entity.calendar != kind:
        entity.calendar = kind
        entity.save(update_fields=["calendar"])
    return made


def _spans(kind: str, year: int, starts: date | None, weeks: int) -> list[tuple[str, Span]]:
    if kind == MONTHLY:
        return _by_month(starts or date(year, 1, 1))
    if kind not in WEEKLY:
        raise CalendarRefused(f"“{kind}” is no kind of calendar.")
    if weeks not in (52, 53):
        raise CalendarRefused(f"A year of weeks has 52 or 53 of them, not {weeks}.")
    if starts is None:
        raise CalendarRefused("Say on which day a year of weeks begins.")
    lengths = list(WEEKLY[kind] * 4)
    lengths[-1] += weeks - 52
    found, first = [], starts
    for number, length in enumerate(lengths, start=1):
        latest = first + timedelta(weeks=length) - _ONE_DAY
        found.append((f"{year}-P{number:02}", Span(first, latest)))
        first = latest + _ONE_DAY
    return found


def _by_month(starts: date) -> list[tuple[str, Span]]:
    if starts.day != 1:
        raise CalendarRefused("A year of months begins on the first of a month.")
    found, first = [], starts
    for _ in range(12):
        latest = first.replace(day=months.monthrange(first.year, first.month)[1])
        found.append((f"{first:%Y-%m}", Span(first, latest)))
        first = latest + _ONE_DAY
    return found


def _must_follow(entity: LegalEntity, first: date, latest: date) -> None:
    """Every day between the first and the latest period belongs to exactly one."""
    periods = AccountingPeriod.objects.filter(legal_entity=entity).order_by("starts")
    before, after = periods.first(), periods.last()
    if before is None or after is None:
        return
    if first != after.ends + _ONE_DAY and latest != before.starts - _ONE_DAY:
        raise CalendarRefused(
            f"The periods of {entity} run from {before.starts} to {after.ends}: a year that begins "
            f"on {first} and ends on {latest} would overlap them or leave a gap."
        )
