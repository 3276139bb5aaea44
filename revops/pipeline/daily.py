"""What happens once a day, whoever is awake: recognition of ended periods, the comparison."""

from __future__ import annotations

import structlog

from revops.kernel import clock
from revops.pipeline import compare
from revops.pipeline.recognize import due_periods, recognize
from revops.store import sql

log = structlog.get_logger(__name__)

# Whoever moves the row does the day's work; the others see that it is done.
_TAKE = """
INSERT INTO pipeline_heartbeat (name, at) VALUES ('daily', now())
ON CONFLICT (name) DO UPDATE SET at = now()
WHERE pipeline_heartbeat.at < now() - interval '1 day' RETURNING name
"""


def run_if_due() -> bool:
    """Whether it was due. One part's trouble does not keep the other from being done."""
    if sql.one(_TAKE) is None:
        return False
    for entity_id, period_code in due_periods(clock.now().date()):
        try:
            recognize(entity_id=entity_id, period_code=period_code)
        except Exception:
            log.exception("daily.recognition_failed", entity=entity_id, period=period_code)
    try:
        compare.compare_open_periods()
    except Exception:
        log.exception("daily.comparison_failed")
    return True
