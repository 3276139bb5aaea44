"""What the measures are now, and what of it a rule counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import structlog
from django.db import DatabaseError, transaction

from revops.alerts import measures
from revops.alerts.deciding import Terms, presses
from revops.alerts.measures import Measure
from revops.mappings.models import LegalEntity
from revops.store import sql

log = structlog.get_logger(__name__)

_CALENDAR: Final = """
SELECT period.legal_entity_id, period.code, period.ends, entity.zone
FROM mappings_accountingperiod period
JOIN mappings_legalentity entity ON entity.id = period.legal_entity_id
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """``value`` of a legal entity's period in one currency; blank where the measure knows none."""

    entity_id: int | None
    period: str
    currency: str
    value: int


@dataclass(frozen=True, slots=True)
class Period:
    entity_id: int
    code: str
    ends: date
    zone: str


def read(wanted: Iterable[Measure]) -> dict[str, list[Reading]]:
    """
    By measure, one statement for each. One that cannot be read is left out and logged: the alerts
    on others go on.
    """
    found: dict[str, list[Reading]] = {}
    given = measures.params()
    for measure in wanted:
        try:
            with transaction.atomic():
                rows = sql.rows(measure.statement, given)
        except DatabaseError:
            log.exception("alerts.unreadable", measure=measure.slug)
            continue
        found[measure.slug] = [
            Reading(row.legal_entity_id, row.period_code, row.currency, row.value) for row in rows
        ]
    return found


def calendar() -> list[Period]:
    """Every accounting period of every legal entity."""
    return [
        Period(row.legal_entity_id, row.code, row.ends, row.zone) for row in sql.rows(_CALENDAR)
    ]


def pressing(
    periods: Sequence[Period], *, at: datetime, within: int
) -> set[tuple[int | None, str]]:
    """The periods that end within so many days of an instant, or have ended."""
    return {
        (one.entity_id, one.code)
        for one in periods
        if presses(ends=one.ends, zone=one.zone, at=at, within=within)
    }


def value_of(
    terms: Terms,
    readings: Iterable[Reading],
    *,
    highest: bool,
    counted: Collection[tuple[int | None, str]] | None,
) -> int:
    """
    What a rule compares: sums, or the ``highest``, over what it is about. ``counted`` are the
    periods that count, None when all do.
    """
    values = [
        one.value
        for one in readings
        if (terms.entity_id is None or one.entity_id == terms.entity_id)
        and one.currency in ("", terms.currency)
        and (counted is None or (one.entity_id, one.period) in counted)
    ]
    return max(values, default=0) if highest else sum(values)


def entity_ids() -> list[int]:
    return list(LegalEntity.objects.order_by("pk").values_list("pk", flat=True))
