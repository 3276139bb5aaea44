"""What was sampled hour by hour: what was checked, and how the money in the way went down."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from revops.close.queries.periods import Closing
from revops.store import sql

# Working days before a period's end from which its burn-down is drawn.
_BEFORE: Final = timedelta(days=10)
# How many settled cases say how long causes take.
_MOST: Final = 5_000
_CLOSES: Final = 6

_CHECKED: Final = """
SELECT DISTINCT ON (legal_entity_id, area) legal_entity_id AS entity_id, area, checked
FROM close_readinesssample WHERE legal_entity_id = ANY(%s) AND period_code = %s
ORDER BY legal_entity_id, area, at DESC
"""
# What people look at, counted where the books are: once an hour, never on a page.
_COUNTED: Final = """
SELECT entry.legal_entity_id AS entity_id, entry.document_type AS document, count(*) AS entries
FROM ledger_journalentry entry WHERE entry.period_id = ANY(%s) GROUP BY 1, 2
"""
_DAYS: Final = """
SELECT DISTINCT ON (sample.legal_entity_id, sample.area, day.day)
    sample.legal_entity_id AS entity_id, day.day, sample.money, sample.open
FROM close_readinesssample sample
CROSS JOIN LATERAL (SELECT (sample.at AT TIME ZONE 'UTC')::date AS day) AS day
WHERE sample.legal_entity_id = ANY(%s) AND sample.period_code = %s AND sample.at >= %s
ORDER BY sample.legal_entity_id, sample.area, day.day, sample.at DESC
"""
_TOOK: Final = """
WITH over AS (
    SELECT cause_key, legal_entity_id, period_code, opened_at, resolved_at FROM exceptions_case
    WHERE state = 'resolved' AND legal_entity_id = ANY(%s) AND period_code <> ''
        AND period_code < %s
    ORDER BY resolved_at DESC LIMIT %s
), closes AS (
    SELECT DISTINCT period_code FROM over ORDER BY period_code DESC LIMIT %s
)
SELECT legal_entity_id AS entity_id,
    greatest(0, extract(epoch FROM max(resolved_at) - min(opened_at)) / 3600)::int AS hours
FROM over JOIN closes USING (period_code) GROUP BY legal_entity_id, cause_key, period_code
"""

_DOCUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "invoice": ("billing_sync", "tax"),
    "payment": ("payments",), "application": ("payments",), "refund": ("payments",),
    "payout": ("payments",), "dispute": ("payments",),
    "credit": ("credits",), "credit_accrual": ("credits",),
    "recognition": ("revenue",), "late_accrual": ("revenue",), "reclass": ("revenue",),
    "remeasurement": ("revenue",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Day:
    """What stood in the way of an entity's close at the end of a day (UTC)."""

    day: date
    money: Mapping[str, int]
    open: int


def checked(closings: Sequence[Closing]) -> dict[tuple[int, str], int]:
    """How many things were looked at, by (legal entity's id, area), as last sampled."""
    ids = [one.entity_id for one in closings]
    rows = sql.rows(_CHECKED, (ids, closings[0].code if closings else ""))
    return {(row.entity_id, row.area): row.checked for row in rows}


def counted(closings: Sequence[Closing]) -> dict[tuple[int, str], int]:
    """The same, counted now."""
    found: dict[tuple[int, str], int] = {}
    for row in sql.rows(_COUNTED, ([one.period_id for one in closings],)):
        for area in ("erp_posting", *_DOCUMENTS.get(row.document, ())):
            key = (row.entity_id, area)
            found[key] = found.get(key, 0) + row.entries
    return found


def days(closings: Sequence[Closing]) -> dict[int, list[Day]]:
    """The burn-down of each legal entity, day by day."""
    if not closings:
        return {}
    since = datetime.combine(closings[0].ends, datetime.min.time()).astimezone() - _BEFORE
    rows = sql.rows(_DAYS, ([one.entity_id for one in closings], closings[0].code, since))
    held: dict[tuple[int, date], tuple[dict[str, int], int]] = {}
    for row in rows:
        money, count = held.get((row.entity_id, row.day), ({}, 0))
        sums: Mapping[str, int] = json.loads(row.money)
        for code, minor in sums.items():
            money[code] = money.get(code, 0) + minor
        held[row.entity_id, row.day] = (money, count + row.open)
    found: dict[int, list[Day]] = {}
    for (entity_id, day), (money, count) in sorted(held.items()):
        found.setdefault(entity_id, []).append(Day(day, money, count))
    return found


def took(closings: Sequence[Closing]) -> dict[int, list[int]]:
    """Hours that each cause took in the last six closes, by legal entity's id."""
    if not closings:
        return {}
    ids = [one.entity_id for one in closings]
    found: dict[int, list[int]] = {}
    for row in sql.rows(_TOOK, (ids, closings[0].code, _MOST, _CLOSES)):
        found.setdefault(row.entity_id, []).append(row.hours)
    return found
