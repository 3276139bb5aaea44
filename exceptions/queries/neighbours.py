"""Which cause comes before and after one, in the order of the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from revops.store import sql

# As the queue ranks by impact (queries/causes.py); what is snoozed is in no order.
_NEIGHBOURS: Final = """
WITH cell AS (
    SELECT cause_key, legal_entity_id, period_code, sum(at_stake)::bigint AS at_stake
    FROM exceptions_tally WHERE NOT snoozed OR cause_key = %(key)s
    GROUP BY 1, 2, 3 HAVING sum(cases) <> 0
), ranked AS (
    SELECT cell.cause_key, sum(abs(cell.at_stake)
        * (60 / (1 + coalesce(greatest(0, least(59, period.ends - %(today)s)), 59)))) AS impact
    FROM cell LEFT JOIN mappings_accountingperiod period
        ON period.legal_entity_id = cell.legal_entity_id AND period.code = cell.period_code
    GROUP BY cell.cause_key
), placed AS (
    SELECT cause_key, row_number() OVER ranking AS number, count(*) OVER () AS causes,
        lag(cause_key) OVER ranking AS previous, lead(cause_key) OVER ranking AS next
    FROM ranked WINDOW ranking AS (ORDER BY impact DESC, cause_key)
)
SELECT number, causes, coalesce(previous, '') AS previous, coalesce(next, '') AS next
FROM placed WHERE cause_key = %(key)s
"""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The cause's place among all, by impact; blank where there is none before or after."""

    number: int
    of: int
    previous: str
    next: str


def neighbours(key: str, *, today: date) -> Neighbours | None:
    """One query; None for a cause of which nothing is open."""
    row = sql.one(_NEIGHBOURS, {"key": key, "today": today})
    return row and Neighbours(row.number, row.causes, row.previous, row.next)
