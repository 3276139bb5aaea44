"""
What is read as it stands, and not sampled: objectives and assumptions in force, how long periods
took to close, and how many rows rules have matched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from revops.measures.models import Assumption, Objective
from revops.measures.promises import ESTIMATES, PROMISES, Estimate, Promise
from revops.store import sql

# The first time that somebody closed a period, in the zone of its legal entity: the act, or the
# reviewer's name where the close was brought along from before.
_CLOSED: Final = """
SELECT entity.code AS entity, period.code AS period, period.ends,
    (min(first.at) AT TIME ZONE entity.zone)::date - period.ends AS days
FROM mappings_accountingperiod period
JOIN mappings_legalentity entity ON entity.id = period.legal_entity_id
CROSS JOIN LATERAL (
    SELECT act.ts AS at FROM audit_event act
    WHERE act.kind = 'period' AND act.action = 'periods.close'
        AND act.reference = entity.code || ' ' || period.code
    UNION ALL
    SELECT name.at FROM close_periodsignoff name
    WHERE name.legal_entity_id = entity.id AND name.period_code = period.code
        AND name.role = 'reviewer'
) AS first
WHERE period.state = 'closed' AND period.ends >= %(since)s
    AND (%(entity)s = '' OR entity.code = %(entity)s)
GROUP BY entity.id, period.id ORDER BY period.ends, entity.code
"""
# The left rows of the newest run of each pair, without those in a break and those of a person.
_MATCHED: Final = """
WITH newest AS (
    SELECT DISTINCT ON (pair_id, legal_entity_id, period_code)
        id, pair_id, legal_entity_id, period_code, figures
    FROM reconciliation_run WHERE state = 'done' AND ends >= %(since)s
    ORDER BY pair_id, legal_entity_id, period_code, id DESC
)
SELECT coalesce(sum(listed.rows), 0)::bigint AS rows,
    coalesce(sum(least(listed.rows, apart.rows + mine.rows)), 0)::bigint AS by_people
FROM newest JOIN mappings_legalentity entity ON entity.id = newest.legal_entity_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum((side.value -> 'left' ->> 'count')::bigint), 0) AS rows
    FROM jsonb_each(newest.figures) side
) AS listed
CROSS JOIN LATERAL (
    SELECT coalesce(sum(jsonb_array_length(found.left)), 0) AS rows
    FROM reconciliation_break found
    WHERE found.pair_id = newest.pair_id AND found.legal_entity_id = newest.legal_entity_id
        AND found.period_code = newest.period_code AND found.state <> 'settled'
) AS apart
CROSS JOIN LATERAL (
    SELECT count(*) AS rows FROM reconciliation_match held
    JOIN reconciliation_matchitem item ON item.match_id = held.id AND item.side = 'left'
    WHERE held.pair_id = newest.pair_id AND held.legal_entity_id = newest.legal_entity_id
        AND held.period_code = newest.period_code AND held.released_at IS NULL
        AND held.made_by_id IS NOT NULL
) AS mine
WHERE %(entity)s = '' OR entity.code = %(entity)s
"""


@dataclass(frozen=True, slots=True)
class Closed:
    """A period and how many days after its end it was closed first."""

    entity: str
    period: str
    ends: date
    days: int


@dataclass(frozen=True, slots=True)
class Saved:
    """``rows`` were compared; rules matched those that no person had to look at."""

    rows: int
    by_people: int
    seconds: int

    @property
    def by_rules(self) -> int:
        return self.rows - self.by_people

    @property
    def hours(self) -> int:
        """Whole hours that a person would have taken."""
        return self.by_rules * self.seconds // 3600


def promises() -> list[Promise]:
    """As they are in force, in the order of the page."""
    decided = {one.slug: one for one in Objective.objects.all()}
    found = []
    for slug, promise in PROMISES.items():
        mine = decided.get(slug)
        found.append(
            replace(promise, target=mine.target, within=mine.within, days=mine.days)
            if mine
            else promise
        )
    return found


def estimate(slug: str) -> Estimate:
    """As it is in force. Raises KeyError for one that there is not."""
    given = ESTIMATES[slug]
    mine = Assumption.objects.filter(slug=slug).first()
    return replace(given, seconds=mine.seconds, note=mine.note) if mine else given


def closed(*, since: date, entity: str = "") -> Sequence[Closed]:
    """Periods that are closed and ended since a day, the oldest first."""
    rows = sql.rows(_CLOSED, {"since": since, "entity": entity})
    return [Closed(row.entity, row.period, row.ends, row.days) for row in rows]


def saved(*, since: date, entity: str = "") -> Saved:
    """What rules matched in the newest run of each pair, for periods that ended since a day."""
    row = sql.one(_MATCHED, {"since": since, "entity": entity})
    seconds = estimate("matching").seconds
    return Saved(row.rows, row.by_people, seconds) if row else Saved(0, 0, seconds)
