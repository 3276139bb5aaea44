"""The weekly windows in the database: of a gate as ``weekly`` knows them, and for statements."""

from __future__ import annotations

from datetime import time
from typing import Any, Final

from revops.delivery.models import WeeklyWindow
from revops.delivery.weekly import Weekly

MOST: Final = 14

OF_GATE: Final = """
(SELECT json_agg(json_build_array(w.day, w.starts, w.minutes, w.zone) ORDER BY w.day, w.starts)
 FROM delivery_weeklywindow w WHERE w.connection_id = {gate}.connection_id) AS weekly
"""
"""A column beside those of a gate; ``parse`` reads it."""

# By what clocks show now. On a day on which they change this may be an hour off; ``gate.allow``,
# which decides what is sent, is not.
_SHOWN: Final = "(now() AT TIME ZONE w.zone)"
_SINCE_BEGUN: Final = f"""
mod(floor(extract(epoch FROM {_SHOWN} - date_trunc('week', {_SHOWN}) - w.starts) / 60)::int
    - w.day * 1440 + 20160, 10080)
"""

ON: Final = f"""
(coalesce(gate.window_from <= now() AND now() < gate.window_to, false) OR EXISTS (
    SELECT 1 FROM delivery_weeklywindow w
    WHERE w.connection_id = gate.connection_id AND {_SINCE_BEGUN} < w.minutes))
"""  # noqa: S608  own literals
"""Whether a ``gate`` is in a maintenance window that was announced."""

OVER_SINCE: Final = f"""
greatest(
    CASE WHEN gate.window_to <= now() THEN gate.window_to END,
    (SELECT max(now() - ({_SINCE_BEGUN} - w.minutes) * interval '1 minute')
     FROM delivery_weeklywindow w
     WHERE w.connection_id = gate.connection_id AND {_SINCE_BEGUN} >= w.minutes))
"""  # noqa: S608  own literals
"""When the latest window of a ``gate`` ended; NULL when there was none."""


def parse(value: Any) -> tuple[Weekly, ...]:
    """What OF_GATE gave."""
    return tuple(
        Weekly(day, time.fromisoformat(starts), minutes, zone)
        for day, starts, minutes, zone in value or ()
    )


def as_weekly(row: WeeklyWindow) -> Weekly:
    return Weekly(row.day, row.starts, row.minutes, row.zone)
