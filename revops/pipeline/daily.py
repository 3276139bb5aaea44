"""What happens once a day, whoever is awake: ended periods, owners, twins, and what never came."""

from __future__ import annotations

import structlog

from revops.pipeline import absences, identity, ownership, renewals
from revops.pipeline.period_end import runs
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
    try:
        runs.run_due()
    except Exception:
        log.exception("daily.period_end_failed")
    try:
        ownership.look_again()
    except Exception:
        log.exception("daily.ownership_failed")
    try:
        identity.look()
    except Exception:
        log.exception("daily.identity_failed")
    try:
        renewals.look()
    except Exception:
        log.exception("daily.renewals_failed")
    try:
        absences.look()
    except Exception:
        log.exception("daily.absences_failed")
    return True
