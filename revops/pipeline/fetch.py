"""
Asking a source for an object, when an event only names it or two events of one moment disagree.

The line parks such events under a name of ours; here, outside of any transaction, the object is
asked for, stored as a further event of the inbox, and what waited for it is over.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

import structlog

from connectors.contract import CallFailed
from connectors.http import NotSent
from connectors.manifest import Capability
from exceptions.findings import Finding
from revops.events.models import Channel
from revops.events.operations import Claimed
from revops.kernel import correlation
from revops.pipeline import receive, sources, wake
from revops.pipeline.sources import Source
from revops.store import sql

log = structlog.get_logger(__name__)

# At most so many objects in one turn; the next turn goes on.
MOST: Final = 100
# After a call that failed the source is left alone for this long, in seconds.
PAUSE: Final = 30.0

_not_before: dict[int, float] = {}

_WANTED = """
SELECT waits_for, min(object_type) AS kind, min(object_id) AS object_id FROM events_inboundevent
WHERE connection_id = %s AND state = 'parked' AND waits_for LIKE 'fetch:%%'
GROUP BY waits_for ORDER BY min(id) LIMIT %s
"""
_OVER = """
UPDATE events_inboundevent SET state = %s, reason = %s, waits_for = '', deadline_at = NULL,
    processed_at = now()
WHERE connection_id = %s AND state = 'parked' AND waits_for = %s AND NOT leased
"""


def fetch_name(connection_id: int, kind: str, object_id: str) -> str:
    """What events wait for that need an object of a source."""
    return f"fetch:{connection_id}:{kind}:{object_id}"[:200]


def forget() -> None:
    """Ask everybody again at once; for tests."""
    _not_before.clear()


def fetch(connection_id: int) -> int:
    """Ask for what this connection's events wait for. How many objects were answered."""
    source = sources.by_id(connection_id)
    if time.monotonic() < _not_before.get(connection_id, 0):
        return 0
    if not source.manifest.can(Capability.FETCH):
        return 0
    wanted = sql.rows(_WANTED, (connection_id, MOST))
    done = 0
    with asyncio.Runner() as runner:
        try:
            client = sources.client_of(source)
            runner.run(client.__aenter__())
            try:
                for row in wanted:
                    body = runner.run(
                        source.connector.fetch(client, source.settings, row.kind, row.object_id)
                    )
                    _keep(source, row.waits_for, f"{row.kind} {row.object_id}", body)
                    done += 1
            finally:
                runner.run(client.__aexit__(None, None, None))
        except (CallFailed, NotSent) as failure:
            wait_for = getattr(failure, "retry_after", None) or PAUSE
            _not_before[connection_id] = time.monotonic() + wait_for
            log.info("fetch.failed", connection=source.slug, why=str(failure))
    if done:
        wake.line(connection_id)
    return done


def _keep(source: Source, name: str, what: str, body: bytes | None) -> None:
    """Store the answer as an event, and end the waiting of those that asked for it."""
    if body is None:
        state, reason = "ignored", f"{source.label} has no {what} any more."
    else:
        envelope = receive.opened(source, body)
        recorded = receive.store(source, envelope, body, Channel.POLL, correlation.new_id())
        state, reason = "processed", f"The {what} was fetched: EVT-{recorded.id}."
    sql.run(_OVER, (state, reason, source.id, name))


def ask_soon(source: Source) -> None:
    """A source that cannot be asked for one object is polled at once instead."""
    sql.run(
        "UPDATE events_sourcecursor SET next_at = now() "
        "WHERE connection_id = %s AND next_at > now()",
        (source.id,),
    )


def overdue(source: Source, event: Claimed, what: str) -> Finding:
    """An object that could not be fetched in time."""
    return Finding(
        kind="dependency_overdue",
        identity=f"event:{event.id}",
        cause_parts=f"{source.slug}|fetch",
        cause=f"{source.label} does not answer for what its events name",
        what_happened=(
            f"An event names {what}, and {source.label} has not answered for it. "
            "It goes on by itself as soon as it does."
        ),
        path=f"{source.label} → console",
        subject_label=what,
        blocked_steps=(f"Read {what}",),
        inbound_id=event.id,
        connection_slug=source.slug,
        correlation_id=event.correlation_id,
    )
