"""Polling a source: what its webhooks told us is found again, what they did not is new."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from connectors.contract import CallFailed, Page
from connectors.http import NotSent
from connectors.manifest import Capability
from exceptions import operations as cases
from exceptions.findings import fingerprint_of
from revops.events.models import Channel
from revops.events.operations import Stored
from revops.kernel import clock
from revops.pipeline import problems, receive, sources, wake
from revops.pipeline.sources import Source
from revops.store import sql

log = structlog.get_logger(__name__)

PAGES = 200
# A webhook may still be on its way for this long.
GRACE = timedelta(seconds=60)

_CLAIM = """
UPDATE events_sourcecursor SET fence = fence + 1, next_at = now() + interval '120 seconds'
WHERE connection_id = %s AND next_at <= now() RETURNING cursor, fence, polled_at
"""
_ADVANCE = """
UPDATE events_sourcecursor SET cursor = %s, found = found + %s, missed = missed + %s, problem = '',
    polled_at = now(), next_at = now() + %s * interval '1 second'
WHERE connection_id = %s AND fence = %s
"""
_FAIL = """
UPDATE events_sourcecursor SET problem = %s, next_at = now() + %s * interval '1 second'
WHERE connection_id = %s AND fence = %s
"""


def poll(connection_id: int) -> int:
    """
    Fetch what is new since the cursor, when polling is due. How many events were new to us.

    The cursor moves only after everything before it is stored.
    """
    source = sources.by_id(connection_id)
    if not source.manifest.can(Capability.EVENTS):
        return 0
    claimed = sql.one(_CLAIM, (connection_id,))
    if claimed is None:
        return 0
    with asyncio.Runner() as runner:
        return _poll(runner, source, claimed.cursor, claimed.fence, claimed.polled_at is None)


def _poll(runner: asyncio.Runner, source: Source, cursor: str, fence: int, first: bool) -> int:
    new = late = 0
    try:
        client = sources.client_of(source)
        runner.run(client.__aenter__())
        try:
            for _ in range(PAGES):
                page = runner.run(source.connector.poll(client, source.settings, cursor=cursor))
                found, missed = _store(source, page)
                new, late = new + found, late + missed
                cursor = page.cursor
                pause = 0 if page.more else source.manifest.poll_interval_s
                sql.run(
                    _ADVANCE,
                    (cursor, len(page.bodies), 0 if first else missed, pause, source.id, fence),
                )
                if not page.more:
                    break
        finally:
            runner.run(client.__aexit__(None, None, None))
    except (CallFailed, NotSent) as failure:
        wait_for = getattr(failure, "retry_after", None) or min(60, source.manifest.poll_interval_s)
        log.info("poll.failed", connection=source.slug, why=str(failure))
        sql.run(_FAIL, (str(failure), wait_for, source.id, fence))
    else:
        _tell(source, 0 if first else late)
    if new:
        wake.line(source.id)
    return new


def _tell(source: Source, missed: int) -> None:
    """What webhooks should have brought is a case until a poll finds nothing new."""
    if missed:
        problems.report([problems.webhooks_missing(source, missed)])
        return
    fingerprint = fingerprint_of("webhooks_missing", source.slug)
    with sql.atomic():
        cases.settle(fingerprints=[fingerprint], text="Webhooks arrive again.", at=clock.now())


def _store(source: Source, page: Page) -> tuple[int, int]:
    """(how many were new to us, how many of these a webhook should have brought)."""
    new = missed = 0
    for body in page.bodies:
        envelope, recorded = receive.store_found(source, body, Channel.POLL)
        if recorded.stored is Stored.NEW:
            new += 1
            missed += not envelope.polled and clock.now() - envelope.occurred_at > GRACE
    return new, missed
