"""
The sweeper: finds everything that is due, whoever forgot it. It runs in every worker process, on a
thread of its own, and in every beat; any number of sweepers do no harm.
"""

from __future__ import annotations

import threading
import time

import structlog
from django.conf import settings
from django.db import close_old_connections, connection

from revops.pipeline import daily, fetch, health, poll, process, send, wake
from revops.pipeline.flows.advance import look_again
from revops.pipeline.metering import turn
from revops.store import sql

log = structlog.get_logger(__name__)

_DUE = """
SELECT 'inbox' AS what, connection_id FROM (
    SELECT DISTINCT connection_id FROM events_inboundevent
    WHERE state IN ('received', 'parked') AND next_at <= now()) AS inbox
UNION ALL
SELECT 'commands', connection_id FROM (
    SELECT DISTINCT connection_id FROM delivery_outboundcommand
    WHERE state IN ('pending', 'claimed', 'sending', 'retry_wait', 'unknown')
      AND next_at <= now()) AS commands
UNION ALL
SELECT 'poll', cursor.connection_id FROM events_sourcecursor cursor
JOIN connectors_connection connection ON connection.id = cursor.connection_id
WHERE cursor.next_at <= now() AND connection.state = 'live'
UNION ALL
SELECT 'fetch', connection_id FROM (
    SELECT DISTINCT connection_id FROM events_inboundevent
    WHERE state = 'parked' AND waits_for LIKE 'fetch:%') AS wanted
"""


def sweep(*, drainer: str) -> int:
    """Do whatever is due now, once round. How many connections had something due."""
    due = sql.rows(_DUE)
    for row in due:
        try:
            if row.what == "inbox":
                process.advance(row.connection_id, seconds=settings.REVOPS_DRAIN_SECONDS, linger=0)
            elif row.what == "commands":
                send.drain(
                    row.connection_id,
                    drainer=drainer,
                    seconds=settings.REVOPS_DRAIN_SECONDS,
                    linger=0,
                )
            elif row.what == "fetch":
                fetch.fetch(row.connection_id)
            else:
                poll.poll(row.connection_id)
        except Exception:
            # One connection's trouble must not keep the others waiting; it is due again next time.
            log.exception("sweep.failed", what=row.what, connection=row.connection_id)
    try:
        turn.sweep(seconds=settings.REVOPS_DRAIN_SECONDS)
    except Exception:
        log.exception("sweep.usage_failed")
    try:
        _look_again()
    except Exception:
        log.exception("sweep.flows_failed")
    health.look()
    daily.run_if_due()
    return len(due)


def _look_again() -> None:
    """Steps that wait for a record of their target, such as an account to be linked."""
    with sql.atomic():
        woken = look_again()
    for connection_id in woken:
        wake.delivery(connection_id)


class Sweeper(threading.Thread):
    """Sweeps at an interval until told to stop."""

    def __init__(self, drainer: str) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._drainer = drainer
        self._stop_asked = threading.Event()

    def run(self) -> None:
        while not self._stop_asked.wait(settings.REVOPS_SWEEP_INTERVAL):
            started = time.monotonic()
            try:
                close_old_connections()
                sweep(drainer=self._drainer)
            except Exception:
                # The database may be away: it will be back, and so will we.
                log.exception("sweep.unavailable", seconds=round(time.monotonic() - started, 1))
                connection.close()

    def stop(self) -> None:
        self._stop_asked.set()
