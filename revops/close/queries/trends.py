"""How the last closes went: days they took, whether they were in time, what stood in their way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from exceptions import kinds
from revops.close import workdays
from revops.kernel.clock import local_date
from revops.kernel.money import Money
from revops.store import sql

MOST: Final = 12

# A close counts when somebody reviewed it; what was closed otherwise says nothing of how long.
_CLOSED: Final = """
SELECT period.id, period.code, period.starts, period.ends, entity.id AS entity_id,
    entity.code AS entity, entity.name, entity.zone, first.at AS signed_at, first.by,
    coalesce(calendar.target_days, 3) AS target_days,
    coalesce(calendar.holidays, '[]'::jsonb) AS holidays,
    (SELECT count(*) FROM events_businessevent opened
     WHERE opened.subject = 'period' AND opened.subject_id = period.code
        AND opened.legal_entity = entity.code AND opened.contract = 'period.opened/1') AS reopened
FROM mappings_accountingperiod period
JOIN mappings_legalentity entity ON entity.id = period.legal_entity_id
LEFT JOIN close_closecalendar calendar ON calendar.legal_entity_id = entity.id
JOIN LATERAL (
    SELECT sign.at, person.name AS by FROM close_periodsignoff sign
    JOIN accounts_user person ON person.id = sign.by_id
    WHERE sign.legal_entity_id = entity.id AND sign.period_code = period.code
        AND sign.role = 'reviewer'
    ORDER BY sign.id LIMIT 1
) AS first ON true
WHERE %(entity)s = '' OR entity.code = %(entity)s
ORDER BY period.ends DESC, entity.name LIMIT %(most)s
"""
_CAUSES: Final = """
SELECT kind, CASE WHEN at_stake IS NULL THEN '' ELSE currency END AS currency,
    count(*) AS cases, count(DISTINCT cause_key) AS causes,
    coalesce(sum(abs(at_stake)), 0)::bigint AS money
FROM (
    SELECT kind, currency, at_stake, cause_key FROM exceptions_case
    WHERE state = 'resolved' AND period_code = ANY(%s)
        AND (%s::bigint IS NULL OR legal_entity_id = %s)
    ORDER BY resolved_at DESC LIMIT 50000
) AS over GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Closed:
    """A close that was formally signed. ``took`` are working days from the period's end."""

    period_id: int
    code: str
    entity: str
    name: str
    ends: date
    on: date
    by: str
    took: int
    target: int
    reopened: int

    @property
    def in_time(self) -> bool:
        return self.took <= self.target


@dataclass(slots=True)
class Stood:
    """A sort of trouble that stood in the way of these closes."""

    kind: str
    label: str
    cases: int
    causes: int
    amounts: list[Money]


def closed(*, entity: str = "", most: int = MOST) -> list[Closed]:
    """The newest first; ``entity`` is a code. ``most`` counts closes of one legal entity."""
    rows = sql.rows(_CLOSED, {"entity": entity, "most": most * (1 if entity else 10)})
    return [_closed(row) for row in rows]


def _closed(row: Any) -> Closed:
    on = local_date(row.signed_at, row.zone)
    took = workdays.between(row.ends, on, workdays.days_of(json.loads(row.holidays)))
    return Closed(
        row.id, row.code, row.entity, row.name, row.ends, on, row.by, took, row.target_days,
        row.reopened,
    )  # fmt: skip


def stood(codes: Sequence[str], *, entity_id: int | None = None) -> list[Stood]:
    """What stood in the way of the closes of these periods, the most cases first."""
    found: dict[str, Stood] = {}
    for row in sql.rows(_CAUSES, (list(codes), entity_id, entity_id)):
        held = found.setdefault(
            row.kind, Stood(row.kind, kinds.described(row.kind).label, 0, 0, [])
        )
        held.cases += row.cases
        held.causes += row.causes
        if row.currency and row.money:
            held.amounts.append(Money(row.money, row.currency))
    return sorted(found.values(), key=lambda one: (-one.cases, one.kind))
