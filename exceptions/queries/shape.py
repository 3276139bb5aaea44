"""Where a cause's money sits, and how it grew: by entity, period and currency, and by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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

# Sums of what came and what went by day, each read once by the cause's indexes.
_TREND: Final = """
WITH moved AS (
    SELECT (opened_at AT TIME ZONE %(zone)s)::date AS day, currency, 1 AS cases, 1 AS came,
        coalesce(at_stake, 0) AS amount
    FROM exceptions_case WHERE cause_key = %(key)s
    UNION ALL
    SELECT (resolved_at AT TIME ZONE %(zone)s)::date, currency, -1, 0, -coalesce(at_stake, 0)
    FROM exceptions_case WHERE cause_key = %(key)s AND state = 'resolved'
), summed AS (
    SELECT greatest(day, %(first)s::date - 1) AS day, currency, sum(cases) AS cases,
        sum(came) FILTER (WHERE day >= %(first)s) AS came, sum(amount) AS amount
    FROM moved GROUP BY 1, 2
)
SELECT day, currency, cases::bigint, coalesce(came, 0)::bigint AS came, amount::bigint
FROM summed ORDER BY day
"""


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
    found = sql.rows(_TREND, {"key": cause_key, "first": first, "zone": zone})
    weights: dict[str, int] = {}
    for row in found:
        if row.currency:
            weights[row.currency] = weights.get(row.currency, 0) + abs(row.amount)
    if not weights:
        return ()
    currency = max(weights, key=lambda code: (weights[code], code))
    moves = {row.day: row for row in found if row.currency == currency}
    before = moves.get(first - timedelta(days=1))
    cases, amount = (before.cases, before.amount) if before else (0, 0)
    days = []
    for number in range(DAYS):
        day = first + timedelta(days=number)
        move = moves.get(day)
        if move is not None:
            cases, amount = cases + move.cases, amount + move.amount
        days.append(Day(day, move.came if move else 0, cases, Money(amount, currency)))
    return days
