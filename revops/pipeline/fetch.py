"""
Asking a source for an object, when an event only names it or two events of one moment disagree.

The line parks such events under a name of ours; here, outside of any transaction, the object is
asked for, stored as a further event of the inbox, and what waited for it is over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog

from connectors.contract import CallFailed
from connectors.http import NotSent
from connectors.manifest import Capability
from exceptions.findings import Finding
from revops.events.models import Channel
from revops.events.operations import Claimed
from revops.pipeline import receive, sources, wake
from revops.pipeline.sources import Source
from revops.store import sql

log = structlog.get_logger(__name__)

# At most so many objects in one turn; the next turn goes on.
MOST: Final = 100
# After a call that failed the source is left alone for this long, in seconds.
PAUSE: Final = 30.0

_not_before: dict[int, float] = {}

# What the newest event of it is too young for waits for the next turn, and so do its elders.
_WANTED = """
SELECT waits_for, min(object_type) AS kind, min(object_id) AS object_id, max(occurred_at) AS newest
FROM events_inboundevent
WHERE connection_id = %s AND state = 'parked' AND waits_for LIKE 'fetch:%%'
GROUP BY waits_for
HAVING max(occurred_at) <= now() - make_interval(secs => %s)
ORDER BY min(id) LIMIT %s
"""
# Events that began to wait after the object was asked for wait on.
_OVER = """
UPDATE events_inboundevent AS event SET state = answer.state, reason = answer.reason,
    waits_for = '', deadline_at = NULL, processed_at = now()
FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[])
    AS answer (waits_for, state, reason, newest)
WHERE event.connection_id = %s AND event.state = 'parked' AND NOT event.leased
    AND event.waits_for = answer.waits_for AND event.occurred_at <= answer.newest
"""


@dataclass(frozen=True, slots=True)
class _Answer:
    """``newest``: the time of the last event that had asked; ``body`` is None for what is gone."""

    waits_for: str
    newest: datetime
    what: str
    body: bytes | None


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
    wanted = sql.rows(_WANTED, (connection_id, source.manifest.fetch_after_s, MOST))
    if not wanted:
        return 0
    answers: list[_Answer] = []
    with asyncio.Runner() as runner:
        try:
            runner.run(_ask(source, wanted, answers))
        except (CallFailed, NotSent) as failure:
            wait_for = getattr(failure, "retry_after", None) or PAUSE
            _not_before[connection_id] = time.monotonic() + wait_for
            log.info("fetch.failed", connection=source.slug, why=str(failure))
    if answers:
        _keep(source, answers)
        wake.line(connection_id)
    return len(answers)


async def _ask(source: Source, wanted: Sequence[Any], answers: list[_Answer]) -> None:
    """One after the other, no faster than the source allows. What was answered stands in a list."""
    pause = 1 / source.manifest.requests_per_second if source.manifest.requests_per_second else 0
    async with sources.client_of(source) as client:
        for number, row in enumerate(wanted):
            if number:
                await asyncio.sleep(pause)
            body = await source.connector.fetch(client, source.settings, row.kind, row.object_id)
            what = f"{row.kind} {row.object_id}"
            answers.append(_Answer(row.waits_for, row.newest, what, body))


def _keep(source: Source, answers: Sequence[_Answer]) -> None:
    """Store the answers as events, and end the waiting of those that asked for them."""
    over = []
    for one in answers:
        if one.body is None:
            state, reason = "ignored", f"{source.label} has no {one.what} any more."
        else:
            recorded = receive.store_body(source, one.body, Channel.POLL)
            state, reason = "processed", f"The {one.what} was fetched: EVT-{recorded.id}."
        over.append((one.waits_for, state, reason, one.newest))
    sql.run(_OVER, (*(list(column) for column in zip(*over, strict=True)), source.id))


def ask_soon(source: Source) -> bool:
    """Poll the source at once, as where it cannot be asked for one object. Whether it is polled."""
    sql.run(
        "UPDATE events_sourcecursor SET next_at = now() "
        "WHERE connection_id = %s AND next_at > now()",
        (source.id,),
    )
    polled = "SELECT 1 AS one FROM events_sourcecursor WHERE connection_id = %s"
    return sql.one(polled, (source.id,)) is not None


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
