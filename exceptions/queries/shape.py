"""Where a cause's money sits, and how it grew: by entity, period and currency, and by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from revops.kernel.money import Money
from revops.store import sql

DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Place:
    """Unresolved cases of an entity's period in one currency; no amount: not known."""

    entity: str
    period: str
    cases: int
    amount: Money | None


@dataclass(frozen=True, slots=True)
class Day:
    """How a cause stood at the end of a day, in one currency; ``came`` are its new cases."""

    day: date
    came: int
    cases: int
    amount: Money


_PLACES: Final = """
SELECT entity.name AS entity, tally.period_code, tally.currency, sum(tally.cases)::bigint AS cases,
    sum(tally.at_stake)::bigint AS at_stake
FROM exceptions_tally tally
LEFT JOIN mappings_legalentity entity ON entity.id = tally.legal_entity_id
WHERE tally.cause_key = %s AND tally.state <> 'resolved'
GROUP BY 1, 2, 3 HAVING sum(tally.cases) <> 0
ORDER BY abs(sum(tally.at_stake)) DESC, 1, 2, 3
"""

# What is not known counts under no currency, as in the tally.
_KNOWN: Final = "CASE WHEN at_stake IS NULL THEN '' ELSE currency END AS currency"
# What stands now, from the tally, and what came and went within the days, by the cause's indexes:
# how it stood before follows from both, however long its history is.
_TREND: Final = f"""
WITH moved AS (
    SELECT (opened_at AT TIME ZONE %(zone)s)::date AS day, {_KNOWN}, 1 AS cases, 1 AS came,
        coalesce(at_stake, 0) AS amount
    FROM exceptions_case
    WHERE cause_key = %(key)s AND NOT (state = 'resolved') AND opened_at >= %(since)s
    UNION ALL
    SELECT (opened_at AT TIME ZONE %(zone)s)::date, {_KNOWN}, 1, 1, coalesce(at_stake, 0)
    FROM exceptions_case
    WHERE cause_key = %(key)s AND state = 'resolved' AND resolved_at >= %(since)s
        AND opened_at >= %(since)s
    UNION ALL
    SELECT (resolved_at AT TIME ZONE %(zone)s)::date, {_KNOWN}, -1, 0, -coalesce(at_stake, 0)
    FROM exceptions_case
    WHERE cause_key = %(key)s AND state = 'resolved' AND resolved_at >= %(since)s
)
SELECT day, currency, sum(cases)::bigint AS cases, sum(came)::bigint AS came,
    sum(amount)::bigint AS amount
FROM moved WHERE day >= %(first)s GROUP BY 1, 2
UNION ALL
SELECT NULL, currency, sum(cases)::bigint, 0, sum(at_stake)::bigint
FROM exceptions_tally WHERE cause_key = %(key)s AND NOT (state = 'resolved') GROUP BY 2
"""  # noqa: S608  the columns are this file's own


def places(cause_key: str) -> list[Place]:
    """One row of cases for each entity, period and currency, the most money first. One query."""
    return [
        Place(
            row.entity or "", row.period_code, row.cases,
            Money(row.at_stake, row.currency) if row.currency else None,
        )
        for row in sql.rows(_PLACES, (cause_key,))
    ]  # fmt: skip


def trend(cause_key: str, *, at: datetime, zone: str = "UTC") -> Sequence[Day]:
    """
    The last 14 days in the currency with most of the money; () when no amount is known. One query.
    """
    today = at.date()
    first = today - timedelta(days=DAYS - 1)
    # A day earlier than the first one in any zone.
    since = datetime.combine(first - timedelta(days=1), time.min, UTC)
    params = {"key": cause_key, "first": first, "since": since, "zone": zone}
    found = sql.rows(_TREND, params)
    weights: dict[str, int] = {}
    for row in found:
        if row.currency:
            weights[row.currency] = weights.get(row.currency, 0) + abs(row.amount)
    if not weights:
        return ()
    currency = max(weights, key=lambda code: (weights[code], code))
    own = [row for row in found if row.currency == currency]
    moves = {row.day: row for row in own if row.day is not None}
    cases = sum(row.cases for row in own if row.day is None)
    amount = sum(row.amount for row in own if row.day is None)
    days = []
    for number in reversed(range(DAYS)):
        day = first + timedelta(days=number)
        move = moves.get(day)
        days.append(Day(day, move.came if move else 0, cases, Money(amount, currency)))
        if move is not None:
            cases, amount = cases - move.cases, amount - move.amount
    return days[::-1]
