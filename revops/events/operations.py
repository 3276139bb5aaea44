"""Writing the inbox: store once, whatever the channel, before anybody tries to understand."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from revops.events.models import Channel, InboxState
from revops.store import sql


class Stored(enum.StrEnum):
    NEW = "new"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Arrival:
    """
    A delivery to be stored. ``content_sha256`` covers what may not differ between deliveries of
    one event; ``body`` is kept byte for byte.
    """

    connection_id: int
    account: str
    source_event_id: str
    channel: Channel
    type: str
    schema_version: str
    object_type: str
    object_id: str
    object_version: int
    occurred_at: datetime
    body: bytes
    content_sha256: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Recorded:
    id: int
    stored: Stored


_STORE = """
INSERT INTO events_inboundevent (
    connection_id, account, source_event_id, channel, type, schema_version, object_type, object_id,
    object_version, occurred_at, received_at, body, body_sha256, state, reason, waits_for,
    deliveries, fence, next_at, leased, crash_count, correlation_id
) VALUES (
    %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now(), %s, %s, 'received', '', '', 1, 0, now(), false,
    0, %s
)
ON CONFLICT (connection_id, account, source_event_id)
DO UPDATE SET deliveries = events_inboundevent.deliveries + 1
RETURNING id, (xmax = 0) AS fresh, body_sha256
"""

_CONFLICT = """
INSERT INTO events_eventconflict (event_id, body, body_sha256, received_at)
VALUES (%s, %s, %s, now()) ON CONFLICT DO NOTHING
"""


def record(arrival: Arrival) -> Recorded:
    """
    Store one delivery durably. A repeat only counts; a repeat with other content is kept beside
    the first one, which stands.

    Raises psycopg errors when it cannot be stored; nothing may be acknowledged then.
    """
    row = sql.one(
        _STORE,
        (
            arrival.connection_id,
            arrival.account,
            arrival.source_event_id,
            arrival.channel.value,
            arrival.type,
            arrival.schema_version,
            arrival.object_type,
            arrival.object_id,
            arrival.object_version,
            arrival.occurred_at,
            arrival.body,
            arrival.content_sha256,
            arrival.correlation_id,
        ),
    )
    assert row is not None
    if row.fresh:
        return Recorded(row.id, Stored.NEW)
    if row.body_sha256 == arrival.content_sha256:
        return Recorded(row.id, Stored.DUPLICATE)
    sql.run(_CONFLICT, (row.id, arrival.body, arrival.content_sha256))
    return Recorded(row.id, Stored.CONFLICT)


@dataclass(frozen=True, slots=True)
class Claimed:
    """An inbound event that the line works on under a lease."""

    id: int
    fence: int
    channel: str
    type: str
    body: bytes
    correlation_id: str
    crash_count: int
    was_parked: bool
    waits_for: str
    deadline_at: datetime | None
    received_at: datetime


_CLAIM = """
WITH due AS (
    SELECT id, state, leased FROM events_inboundevent
    WHERE connection_id = %s AND state IN ('received', 'parked') AND next_at <= now()
    ORDER BY next_at, id LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE events_inboundevent AS event
SET fence = event.fence + 1, leased = true, next_at = now() + %s * interval '1 second',
    crash_count = event.crash_count + due.leased::int
FROM due WHERE event.id = due.id
RETURNING event.id, event.fence, event.channel, event.type, event.body, event.correlation_id,
    event.crash_count, (due.state = 'parked') AS was_parked, event.waits_for, event.deadline_at,
    event.received_at
"""


def claim(*, connection_id: int, most: int, lease: float) -> list[Claimed]:
    """
    Take up to ``most`` due events for ``lease`` seconds, oldest first. Commits at once, so that a
    worker that dies while it works is counted on the row.
    """
    found = sql.rows(_CLAIM, (connection_id, most, lease))
    return sorted((Claimed(*row) for row in found), key=lambda event: event.id)


_WAS_ALIVE = """
UPDATE events_inboundevent SET crash_count = crash_count - 1
WHERE id = ANY(%s) AND leased AND crash_count > 0
"""


def was_alive(batch: Sequence[Claimed]) -> None:
    """
    Who took these events over counted a crash of the worker that had them. That worker was only
    slow, and takes its crash back.
    """
    sql.run(_WAS_ALIVE, ([event.id for event in batch],))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a claimed event."""

    id: int
    fence: int
    state: InboxState
    reason: str = ""
    waits_for: str = ""
    correlation_id: str = ""


class ClaimLost(Exception):
    """Somebody else took over an event of this batch; nothing of the batch may be written."""


_CONCLUDE = """
UPDATE events_inboundevent AS event
SET state = verdict.state, reason = verdict.reason, waits_for = verdict.waits_for, leased = false,
    crash_count = 0,
    correlation_id = CASE WHEN verdict.story = '' THEN event.correlation_id ELSE verdict.story END,
    processed_at = CASE WHEN verdict.state = 'parked' THEN NULL ELSE now() END,
    deadline_at = CASE WHEN verdict.state = 'parked'
        THEN coalesce(event.deadline_at, now() + %s * interval '1 second') END,
    next_at = CASE WHEN verdict.state <> 'parked' THEN event.next_at
        WHEN event.deadline_at > now() THEN event.deadline_at
        ELSE now() + %s * interval '1 second' END
FROM unnest(%b::bigint[], %b::bigint[], %b::text[], %b::text[], %b::text[], %b::text[])
    AS verdict (id, fence, state, reason, waits_for, story)
WHERE event.id = verdict.id AND event.fence = verdict.fence
"""


def conclude(verdicts: Sequence[Verdict], *, patience: timedelta) -> None:
    """
    Write what became of claimed events, in the transaction that holds their effects.

    ``patience`` is how long a parked event waits before a person is told. Raises ClaimLost when a
    fence has moved on.
    """
    if not verdicts:
        return
    seconds = patience.total_seconds()
    written = sql.run(
        _CONCLUDE,
        (
            seconds,
            seconds,
            [verdict.id for verdict in verdicts],
            [verdict.fence for verdict in verdicts],
            [verdict.state.value for verdict in verdicts],
            [verdict.reason for verdict in verdicts],
            [verdict.waits_for for verdict in verdicts],
            [verdict.correlation_id for verdict in verdicts],
        ),
    )
    if written != len(verdicts):
        raise ClaimLost(f"{len(verdicts) - written} events were taken over")


_RELEASE = """
UPDATE events_inboundevent SET state = 'received', next_at = now(), leased = false
WHERE (state = 'parked' AND waits_for = ANY(%s))
   OR (state = 'quarantined' AND waits_for = ANY(%s))
RETURNING id
"""


def release(known: Sequence[str], *, mended: Sequence[str] = ()) -> list[int]:
    """
    Wake events parked for records that are ``known`` now, and those quarantined with the trouble
    of records that are ``mended``; names are ``connection:kind:source id``.
    """
    if not known and not mended:
        return []
    return [row.id for row in sql.rows(_RELEASE, (list(known), list(mended)))]


_REPLAY = """
UPDATE events_inboundevent
SET state = 'received', next_at = now(), leased = false, crash_count = 0, reason = ''
WHERE id = ANY(%s) AND state IN ('quarantined', 'poison', 'parked', 'ignored', 'processed')
RETURNING id
"""


def send_again_through_the_line(ids: Sequence[int]) -> list[int]:
    """The same events once more through all steps; what they already did is not done again."""
    return [row.id for row in sql.rows(_REPLAY, (list(ids),))]


MEANINGS = sql.Columns(
    "events_businessevent",
    id="bigint",
    inbound_id="bigint",
    position="smallint",
    contract="text",
    subject="text",
    subject_id="text",
    legal_entity="text",
    data="text",
    occurred_at="timestamptz",
    recorded_at="timestamptz",
    correlation_id="text",
    note="text",
)
