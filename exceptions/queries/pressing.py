"""
What the queue's tabs need beyond a case's own columns: which periods press, and which causes grow.

*Blocks close* is a period that is closed, over, or ends within three days, in its entity's zone.
*Escalating* is a cause whose oldest open case is past its due time, or one that is older than a
day and at least doubled within it (five cases or more).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from exceptions.queries.closes import BLOCKS_WITHIN
from revops.store import sql

_DAY: Final = timedelta(hours=24)
_FEW: Final = 5

_SIGNALS: Final = """
WITH standing AS (
    SELECT cause_key, sum(cases)::bigint AS cases FROM exceptions_tally
    WHERE NOT snoozed AND state = 'open' GROUP BY 1 HAVING sum(cases) > 0
), lately AS MATERIALIZED (
    SELECT cause_key, count(*) AS came FROM exceptions_case
    WHERE NOT (state = 'resolved') AND opened_at >= %(since)s GROUP BY 1
), grown AS MATERIALIZED (
    SELECT lately.cause_key FROM lately
    JOIN standing ON standing.cause_key = lately.cause_key
        AND lately.came >= greatest(%(few)s, (standing.cases + 1) / 2)
    JOIN exceptions_cause cause ON cause.key = lately.cause_key AND cause.first_at < %(since)s
), judged AS MATERIALIZED (
    SELECT standing.cause_key, coalesce((
        SELECT due_at < %(at)s FROM exceptions_case held
        WHERE held.cause_key = standing.cause_key AND NOT (held.state = 'resolved')
            AND held.state = 'open' AND NOT held.snoozed
        ORDER BY held.opened_at, held.id LIMIT 1
    ), false) AS late, standing.cause_key IN (SELECT cause_key FROM grown) AS growing
    FROM standing
)
SELECT DISTINCT tally.legal_entity_id, tally.period_code, '' AS cause_key, false AS late,
    false AS growing
FROM exceptions_tally tally
JOIN mappings_legalentity entity ON entity.id = tally.legal_entity_id
JOIN mappings_accountingperiod period
    ON period.legal_entity_id = tally.legal_entity_id AND period.code = tally.period_code
WHERE period.state = 'closed'
    OR period.ends - (%(at)s::timestamptz AT TIME ZONE entity.zone)::date <= %(within)s
UNION ALL
SELECT NULL, '', cause_key, late, growing FROM judged WHERE late OR growing
"""


@dataclass(frozen=True, slots=True)
class Signals:
    """``blocking`` are (legal entity's id, period code); ``growing`` and ``late`` cause keys."""

    blocking: tuple[tuple[int, str], ...] = ()
    late: frozenset[str] = frozenset()
    growing: frozenset[str] = frozenset()

    @property
    def escalating(self) -> list[str]:
        return sorted(self.late | self.growing)


def signals(at: datetime) -> Signals:
    """One query, by index; it grows with the causes and with what came within a day."""
    found = sql.rows(_SIGNALS, {"at": at, "within": BLOCKS_WITHIN, "since": at - _DAY, "few": _FEW})
    return Signals(
        tuple(
            (row.legal_entity_id, row.period_code)
            for row in found
            if row.legal_entity_id is not None
        ),
        frozenset(row.cause_key for row in found if row.late),
        frozenset(row.cause_key for row in found if row.growing),
    )
