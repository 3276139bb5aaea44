"""What a close stands on beside its own records: the periods before it, and its connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from revops.close.queries.periods import Closing
from revops.store import sql

# A poll that failed is tried again within minutes.
_PATIENCE: Final = timedelta(minutes=10)

# The earlier ones are those for which ``period_end.periods.close_period`` refuses. An ERP is the
# one that kept the books on the period's last day; maintenance that was told ahead is no trouble.
_AROUND: Final = """
WITH asked AS (
    SELECT * FROM unnest(%(entities)s::bigint[], %(starts)s::date[], %(ends)s::date[])
        AS asked (entity_id, starts, ends)
), home AS (
    SELECT 'erp_healthy' AS test, asked.entity_id, route.connection_id
    FROM asked JOIN mappings_erproute route ON route.legal_entity_id = asked.entity_id
        AND route.lane = 'primary' AND route.valid @> asked.ends
    UNION
    SELECT 'sources_healthy', asked.entity_id, map.connection_id
    FROM asked JOIN mappings_entitymap map ON map.legal_entity_id = asked.entity_id
), ill AS (
    SELECT home.test, home.entity_id, held.slug, held.label, gate.story,
        CASE WHEN NOT (held.state = 'live') THEN 'unused'
            WHEN gate.paused_at IS NOT NULL
                AND (gate.paused_until IS NULL OR gate.paused_until > %(at)s) THEN 'paused'
            WHEN gate.breaker = 'open' THEN 'stopped'
            WHEN NOT (cursor.problem = '') AND home.test = 'sources_healthy'
                AND coalesce(cursor.polled_at <= %(before)s, true) THEN 'unpolled' END AS why
    FROM home JOIN connectors_connection held ON held.id = home.connection_id
    LEFT JOIN delivery_gate gate ON gate.connection_id = held.id
    LEFT JOIN events_sourcecursor cursor ON cursor.connection_id = held.id
    WHERE held.state = 'live' OR home.test = 'erp_healthy'
)
SELECT test, entity_id, slug, label, story, why FROM ill WHERE why IS NOT NULL
UNION ALL
SELECT 'earlier_closed', asked.entity_id, period.code, '', '', ''
FROM asked JOIN mappings_accountingperiod period ON period.legal_entity_id = asked.entity_id
    AND period.starts < asked.starts AND NOT (period.state = 'closed')
ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Around:
    """How many things of a test are not as they have to be, in words, and where the first is."""

    open: int
    said: str
    link: str


def around(closings: Sequence[Closing], *, at: datetime) -> Mapping[int, Mapping[str, Around]]:
    """
    By legal entity's id, then by test, one statement; a test of which nothing is open is missing.
    What is closed already needs none of it.
    """
    held = {one.entity_id: one for one in closings if not one.closed}
    if not held:
        return {}
    rows = sql.rows(
        _AROUND,
        {
            "entities": list(held), "starts": [one.starts for one in held.values()],
            "ends": [one.ends for one in held.values()], "at": at, "before": at - _PATIENCE,
        },
    )  # fmt: skip
    found: dict[int, dict[str, list[Any]]] = {}
    for row in rows:
        found.setdefault(row.entity_id, {}).setdefault(row.test, []).append(row)
    return {
        entity_id: {test: _told(test, held[entity_id], mine) for test, mine in by_test.items()}
        for entity_id, by_test in found.items()
    }


def _told(test: str, closing: Closing, rows: Sequence[Any]) -> Around:
    first, rest = rows[0], len(rows) - 1
    if test == "earlier_closed":
        said = f"{first.slug} and {rest:,} more are" if rest else f"{first.slug} is"
        return Around(len(rows), f"{said} still open", f"/close/{first.slug}/{closing.entity}/")
    said = f"{first.label} {_why(first)}"
    return Around(
        len(rows), f"{said}; {rest:,} more" if rest else said, f"/connections/{first.slug}/"
    )


def _why(row: Any) -> str:
    if row.why == "stopped":
        return f"is stopped: {(row.story or 'calls failed').rstrip('.')}"
    return {"unused": "is not in use", "paused": "is paused", "unpolled": "cannot be polled"}[
        row.why
    ]
