"""What a close stands on beside its own records: the periods before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from revops.close.queries.periods import Closing
from revops.store import sql

# As ``period_end.periods.close_period`` refuses it: every earlier one that is not closed.
_EARLIER: Final = """
SELECT asked.entity_id, count(*) AS periods,
    (array_agg(period.code ORDER BY period.starts))[1] AS first
FROM unnest(%(entities)s::bigint[], %(starts)s::date[]) AS asked (entity_id, starts)
JOIN mappings_accountingperiod period ON period.legal_entity_id = asked.entity_id
    AND period.starts < asked.starts AND period.state <> 'closed'
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Around:
    """How many things of a test are not as they have to be, in words, and where the first is."""

    open: int
    said: str
    link: str


def earlier(closings: Sequence[Closing]) -> Mapping[int, Around]:
    """
    Periods before these that are not closed, by legal entity's id, one statement: periods are
    closed in order. A legal entity without any is missing.
    """
    if not closings:
        return {}
    entities = {one.entity_id: one.entity for one in closings}
    rows = sql.rows(
        _EARLIER, {"entities": list(entities), "starts": [one.starts for one in closings]}
    )
    return {
        row.entity_id: Around(
            row.periods,
            f"{row.first} is still open"
            if row.periods == 1
            else f"{row.first} and {row.periods - 1:,} more are still open",
            f"/close/{row.first}/{entities[row.entity_id]}/",
        )
        for row in rows
    }
