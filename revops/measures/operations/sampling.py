"""
The worker's samples: the last two hours every few minutes, the last day once an hour, and older
hours as long as something of them is open.

Whoever comes first takes a lock for the transaction, so that workers do not do it twice. What is
read is read again and replaced, so that a tick that was missed leaves no hole.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from revops.kernel import clock
from revops.measures.catalogue import MEASURES, Measure, Way, params
from revops.measures.models import Sample
from revops.store import sql

log = structlog.get_logger(__name__)

HOUR: Final = timedelta(hours=1)
OFTEN: Final = timedelta(hours=2)
DAILY: Final = timedelta(hours=24)
# What of the time before the first sample is made up for: the longest window of a page.
FIRST: Final = timedelta(days=35)
# How long an hour with something open is looked at again, and how many of them at a time.
PATIENCE: Final = timedelta(days=60)
LATE_HOURS: Final = 24
KEPT: Final = timedelta(days=400)
_LOCK: Final = 7_340_026

_REPLACE: Final = """
WITH found AS ({statement}), gone AS (
    DELETE FROM measures_sample sample WHERE measure = %(measure)s
        AND hour >= %(starts)s AND hour < %(ends)s
        AND NOT EXISTS (SELECT 1 FROM found WHERE found.hour = sample.hour
            AND found.legal_entity_id IS NOT DISTINCT FROM sample.legal_entity_id)
)
INSERT INTO measures_sample (measure, hour, legal_entity_id, count, good, open, total, spread)
SELECT %(measure)s, hour, legal_entity_id, count, good, open, total, spread FROM found
ON CONFLICT (measure, hour, legal_entity_id) DO UPDATE SET
    count = excluded.count, good = excluded.good, open = excluded.open, total = excluded.total,
    spread = excluded.spread
"""
_MARK: Final = """
INSERT INTO measures_sample (measure, hour, legal_entity_id, count, good, open, total, spread)
SELECT 'ageing', %s, id, 0, 0, 0, 0, ARRAY[]::bigint[]
FROM (SELECT id FROM mappings_legalentity UNION ALL SELECT NULL) AS entity
ON CONFLICT (measure, hour, legal_entity_id) DO NOTHING
"""


def hour_of(at: datetime) -> datetime:
    """The full hour at or before an instant."""
    return at.replace(minute=0, second=0, microsecond=0)


def sample(*, at: datetime | None = None) -> bool:
    """Once round; False when another worker is at it. Idempotent."""
    now = at or clock.now()
    hour = hour_of(now)
    ends = hour + HOUR
    with transaction.atomic():
        got = sql.one("SELECT pg_try_advisory_xact_lock(%s) AS got", (_LOCK,))
        if got is None or not got.got:
            return False
        fresh = not Sample.objects.filter(measure="ageing", hour=hour).exists()
        back = OFTEN
        if fresh:
            back = DAILY if Sample.objects.exists() else FIRST
        for measure in MEASURES.values():
            past = HOUR if measure.way is Way.NOW else back
            _replace(measure, ends - past, ends, now)
            if fresh and measure.way is Way.COHORT:
                for late in _late(measure, before=ends - past, now=now):
                    _replace(measure, late, late + HOUR, now)
        # Nothing may be open: that somebody looked has to be seen all the same, by everybody.
        sql.run(_MARK, (hour,))
        if fresh:
            sql.run("DELETE FROM measures_sample WHERE hour < %s", (hour - KEPT,))
    return True


def _replace(measure: Measure, starts: datetime, ends: datetime, now: datetime) -> None:
    # Braces of the statement stay as they are: it is put in place, not formatted.
    statement = _REPLACE.replace("{statement}", measure.statement)
    sql.run(statement, params(at=now, starts=starts, ends=ends, measure=measure.slug))


def _late(measure: Measure, *, before: datetime, now: datetime) -> Sequence[datetime]:
    """Older hours of which something was open when it was last looked at, the newest first."""
    found = Sample.objects.filter(
        measure=measure.slug, open__gt=0, hour__lt=before, hour__gte=now - PATIENCE
    )
    hours = found.order_by("-hour").values_list("hour", flat=True).distinct()
    return list(hours[:LATE_HOURS])
