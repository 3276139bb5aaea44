"""
Once an hour: tasks of periods that have ended, how ready each close is, and names that no longer
stand for what they were given for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from revops.close.areas import AREAS
from revops.close.models import ReadinessSample
from revops.close.operations.signing import suspend_changed
from revops.close.operations.tasks import roll
from revops.close.queries import samples
from revops.close.queries.periods import Closing, closings
from revops.close.readiness import of_closings
from revops.kernel import clock
from revops.store import sql

# A period is looked at from some days before its end until it is closed.
_BEFORE: Final = timedelta(days=14)
# Samples are kept for two years of closes.
_KEPT: Final = timedelta(days=800)
_DUE: Final = """
SELECT code FROM mappings_accountingperiod
WHERE ends <= %s AND (state <> 'closed' OR ends >= %s) AND ends >= %s
GROUP BY code ORDER BY max(ends) DESC LIMIT 24
"""


def look(at: datetime | None = None) -> int:
    """All of it, once; how many closes were looked at. Twice in an hour is once."""
    now = at or clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    today = now.date()
    due = sql.rows(_DUE, (today + _BEFORE, today - 4 * _BEFORE, today - _KEPT))
    seen = 0
    for row in due:
        held = closings(row.code)
        for one in held:
            if one.ended(now):
                roll(one)
            suspend_changed(one)
        _sample([one for one in held if not one.closed], hour, now)
        seen += len(held)
    ReadinessSample.objects.filter(at__lt=hour - _KEPT).delete()
    return seen


def _sample(held: list[Closing], hour: datetime, now: datetime) -> None:
    if not held:
        return
    counted = samples.counted(held)
    rows = [
        ReadinessSample(
            legal_entity_id=found.closing.entity_id, period_code=found.closing.code, at=hour,
            area=area.slug, state=area.state, checked=area.checked, open=area.open,
            money=dict(area.money),
        )
        for found in of_closings(held, at=now, checked=counted)
        for area in found.areas
    ]  # fmt: skip
    assert len(rows) == len(held) * len(AREAS)
    ReadinessSample.objects.bulk_create(
        rows, update_conflicts=True, update_fields=["state", "checked", "open", "money"],
        unique_fields=["legal_entity", "period_code", "at", "area"],
    )  # fmt: skip
