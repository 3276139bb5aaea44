"""
Bringing back what was snoozed: when its time has come, or when it got worse. Set-wise; the line
asks for the causes that it just reported, and a regular look asks for all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from exceptions.models import CaseEntry
from revops.store import sql

_STANDING: Final = """
SELECT id, cause_key, until, more_cases, more_percent, cases, at_stake::text AS at_stake
FROM exceptions_snooze
WHERE ended_at IS NULL AND (%(all)s OR cause_key = ANY(%(keys)s)) ORDER BY id FOR UPDATE
"""

_NOW: Final = """
SELECT cause_key, currency, sum(cases)::bigint AS cases, sum(at_stake)::bigint AS at_stake
FROM exceptions_tally WHERE cause_key = ANY(%s) GROUP BY 1, 2 HAVING sum(cases) <> 0
"""

_END: Final = "UPDATE exceptions_snooze SET ended_at = %s WHERE id = ANY(%s)"

_UP: Final = """
WITH due AS (
    SELECT id FROM exceptions_case
    WHERE NOT (state = 'resolved') AND snoozed
        AND (cause_key = ANY(%(keys)s) OR (%(all)s AND snoozed_until <= %(at)s))
    ORDER BY fingerprint FOR UPDATE
)
UPDATE exceptions_case AS held SET snoozed = false, snoozed_until = NULL
FROM due WHERE held.id = due.id RETURNING held.id, held.cause_key
"""


def wake(keys: Sequence[str], *, at: datetime) -> int:
    """
    End the snoozes of these causes that have got worse, and bring their cases back. How many cases
    came back. Called within the caller's transaction; costs one query when none is snoozed.
    """
    return _wake(list(keys), at=at, everything=False)


def wake_due(*, at: datetime) -> int:
    """The same for every cause and case that is snoozed, and those whose time has come."""
    with transaction.atomic():
        return _wake([], at=at, everything=True)


def _wake(keys: list[str], *, at: datetime, everything: bool) -> int:
    standing = sql.rows(_STANDING, {"all": everything, "keys": keys})
    if not standing and not everything:
        return 0
    now: dict[str, list[Any]] = {}
    for row in sql.rows(_NOW, ([one.cause_key for one in standing],)) if standing else ():
        now.setdefault(row.cause_key, []).append(row)
    why = {
        one.cause_key: said
        for one in standing
        if (said := _worse(one, now.get(one.cause_key, []), at))
    }
    ended = [one.id for one in standing if one.cause_key in why]
    if ended:
        sql.run(_END, (at, ended))
    if not ended and not everything:
        return 0
    woken = sql.rows(_UP, {"keys": list(why), "all": everything, "at": at})
    CaseEntry.objects.bulk_create(
        CaseEntry(
            case_id=row.id, at=at, tone="warn",
            text=f"Back in the queue: {why.get(row.cause_key, 'its time has come.')}",
        )
        for row in woken
    )  # fmt: skip
    return len(woken)


def _worse(snooze: Any, now: Sequence[Any], at: datetime) -> str:
    """Why the snooze ends, or “”. A cause of which nothing is open ends its own."""
    if snooze.until is not None and snooze.until <= at:
        return "its time has come."
    cases = sum(row.cases for row in now)
    if not cases:
        return "nothing of it is open."
    if snooze.more_cases is not None and cases - snooze.cases >= snooze.more_cases:
        return f"{cases - snooze.cases:,} more cases came in."
    if snooze.more_percent is not None:
        held = json.loads(snooze.at_stake)
        for row in now:
            before = abs(int(held.get(row.currency, 0)))
            grown = abs(row.at_stake) * 100 >= before * (100 + snooze.more_percent)
            if row.currency and grown and abs(row.at_stake) > before:
                return f"more money is at stake, in {row.currency}."
    return ""
