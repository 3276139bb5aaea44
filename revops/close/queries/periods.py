"""Which periods there are to close, and by when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from revops.close import workdays
from revops.kernel.clock import local_date
from revops.mappings.models import PeriodState
from revops.store import sql

_DEFAULT_TARGET: Final = 3

_OF: Final = """
SELECT period.id, period.code, period.starts, period.ends, period.state, entity.id AS entity_id,
    entity.code AS entity, entity.name, entity.zone, entity.functional_currency AS currency,
    coalesce(calendar.target_days, %(usual)s) AS target_days,
    coalesce(calendar.holidays, '[]'::jsonb) AS holidays
FROM mappings_accountingperiod period
JOIN mappings_legalentity entity ON entity.id = period.legal_entity_id
LEFT JOIN close_closecalendar calendar ON calendar.legal_entity_id = entity.id
WHERE period.code = %(code)s AND (%(entity)s = '' OR entity.code = %(entity)s)
ORDER BY entity.name
"""
# The newest that has ended everywhere and that somebody still has to close; else the one that has
# begun everywhere. A day is that of each legal entity's own zone.
_CURRENT: Final = """
SELECT period.code FROM mappings_accountingperiod AS period
JOIN mappings_legalentity AS entity ON entity.id = period.legal_entity_id
CROSS JOIN LATERAL (SELECT (%(at)s::timestamptz AT TIME ZONE entity.zone)::date AS day) AS today
WHERE %(entity)s = '' OR entity.code = %(entity)s
GROUP BY period.code HAVING bool_and(period.starts <= today.day)
ORDER BY (bool_and(period.ends < today.day) AND bool_or(period.state <> 'closed')) DESC,
    max(period.starts) DESC
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Closing:
    """A legal entity's period, and the day by which it should be closed (WD+``target_days``)."""

    period_id: int
    code: str
    starts: date
    ends: date
    state: str
    entity_id: int
    entity: str
    name: str
    zone: str
    currency: str
    target_days: int
    target: date
    holidays: frozenset[date]

    @property
    def closed(self) -> bool:
        return self.state == PeriodState.CLOSED

    @property
    def soft(self) -> bool:
        return self.state == PeriodState.SOFT_CLOSED

    @property
    def open(self) -> bool:
        return self.state == PeriodState.OPEN

    def began(self, at: datetime) -> bool:
        return self.starts <= local_date(at, self.zone)

    def ended(self, at: datetime) -> bool:
        return self.ends < local_date(at, self.zone)

    @property
    def over_at(self) -> datetime:
        """The instant at which its last day is over, in the entity's zone."""
        return datetime.combine(self.ends + timedelta(days=1), time(), tzinfo=ZoneInfo(self.zone))

    def workday(self, at: datetime) -> int:
        """The how manieth working day of the close it is; 0 or less before the period has ended."""
        return workdays.between(self.ends, local_date(at, self.zone), self.holidays)

    @property
    def scope(self) -> str:
        return f"?entity={self.entity}&period={self.code}"


def closings(code: str, *, entity: str = "") -> list[Closing]:
    """The periods of that name, one for each legal entity that has it, by the entity's name."""
    rows = sql.rows(_OF, {"code": code, "entity": entity, "usual": _DEFAULT_TARGET})
    return [_closing(row) for row in rows]


def current(*, at: datetime, entity: str = "") -> str:
    """The period that people close now, or “” where there is no calendar."""
    row = sql.one(_CURRENT, {"at": at, "entity": entity})
    return str(row.code) if row else ""


def _closing(row: Any) -> Closing:
    held: Sequence[str] = json.loads(row.holidays)
    holidays = workdays.days_of(held)
    return Closing(
        row.id, row.code, row.starts, row.ends, row.state, row.entity_id, row.entity, row.name,
        row.zone, row.currency, row.target_days,
        workdays.after(row.ends, row.target_days, holidays), holidays,
    )  # fmt: skip
