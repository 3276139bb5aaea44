"""What happened to the queue since a moment: what came up, and what was settled meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from exceptions.queries.causes import CauseRow, page_of_causes
from exceptions.queries.selection import Selection
from exceptions.queries.totals import Sum
from revops.store import sql

# Whoever comes back after longer reads the queue itself.
_LONGEST: Final = timedelta(days=30)
_SHOWN: Final = 4

_SETTLED: Final = """
SELECT CASE WHEN at_stake IS NULL THEN '' ELSE currency END AS currency, count(*) AS cases,
    coalesce(sum(at_stake), 0)::bigint AS at_stake
FROM exceptions_case
WHERE state = 'resolved' AND resolved_at >= %(since)s AND {condition} GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class News:
    """``causes`` with the cases that came since, the dearest first; ``settled`` ones with money."""

    since: datetime
    causes: Sequence[CauseRow]
    settled: Sum


def news(selection: Selection, *, since: datetime) -> News:
    """Two queries; the selection's signals are looked up already."""
    since = max(since, selection.at - _LONGEST)
    new = replace(selection, status="new", new_for=selection.at - since)
    condition, params = new.tally()
    settled = Sum()
    for row in sql.rows(_SETTLED.format(condition=condition), params):
        settled.add(row.cases, row.currency, row.at_stake)
    return News(since, page_of_causes(new, size=_SHOWN).rows, settled)
