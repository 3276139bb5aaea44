"""A partition for each month of use: made ahead by the sweep, on demand, never for the far past."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

import psycopg
import structlog

from revops.kernel import clock
from revops.store import sql

log = structlog.get_logger(__name__)

# Older use lies in the default partition: a sender's wrong clock must not make a thousand tables.
MONTHS_BACK: Final = 36
MONTHS_AHEAD: Final = 2
_LOCK: Final = 8_306_112_004_772

_THERE: Final = """
SELECT count(*) AS there FROM unnest(%s::text[]) AS wanted (name)
WHERE to_regclass(wanted.name) IS NOT NULL
"""


def make_room(first: datetime, last: datetime) -> list[str]:
    """
    Make the partitions of the months from ``first`` to ``last`` that are missing; their names.

    A month whose records already lie in the default partition stays there, which costs speed and
    nothing else.
    """
    wanted = _months(first, last)
    if not wanted:
        return []
    names = [f"usage_record_{month:%Y_%m}" for month in wanted]
    found = sql.one(_THERE, (names,))
    if found is not None and found.there == len(names):
        return []
    return [name for name, start in zip(names, wanted, strict=True) if _make(name, start)]


def make_ahead() -> list[str]:
    """This month and the coming ones."""
    now = clock.now()
    start = now.date().replace(day=1)
    for _ in range(MONTHS_AHEAD):
        start = _next(start)
    return make_room(now, datetime(start.year, start.month, 1, tzinfo=UTC))


def _make(name: str, start: date) -> bool:
    try:
        with sql.atomic():
            sql.run("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            there = sql.one("SELECT to_regclass(%s) IS NOT NULL AS yes", (name,))
            if there is not None and there.yes:
                return False
            # Who writes usage may make no tables; the function may, and only a month's partition.
            sql.run("SELECT usage_make_partition(%s)", (start,))
    except (psycopg.errors.CheckViolation, psycopg.errors.LockNotAvailable) as error:
        log.warning("usage.partition_not_made", name=name, error=type(error).__name__)
        return False
    return True


def _months(first: datetime, last: datetime) -> list[date]:
    now = clock.now()
    month = now.year * 12 + now.month - 1
    low = max(_index(first), month - MONTHS_BACK)
    high = min(_index(last), month + MONTHS_AHEAD)
    return [_first(index) for index in range(low, high + 1)]


def _index(moment: datetime) -> int:
    utc = moment.astimezone(UTC)
    return utc.year * 12 + utc.month - 1


def _first(index: int) -> date:
    return date(index // 12, index % 12 + 1, 1)


def _next(day: date) -> date:
    return _first(day.year * 12 + day.month)
