"""Reading delivery: what waits where, and how each connection is, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from revops.delivery import gates
from revops.delivery.gate import Breaker, GateRow
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Waiting:
    """Commands of one currency that are not posted yet; ``amount`` in its minor units."""

    currency: str
    count: int
    amount: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class Calls:
    """Attempts of the last hour."""

    sent: int
    failed: int
    asked: int


@dataclass(frozen=True, slots=True)
class Health:
    """
    One connection's delivery. ``status`` is a word of revops/web/statuses.py; ``story`` says in a
    sentence what is sent, what waits, and when it is tried again.
    """

    connection_id: int
    status: str
    story: str
    gate: GateRow
    now: datetime
    waiting: Sequence[Waiting]
    in_doubt: int
    stopped: int
    posted: int
    calls: Calls
    succeeded_at: datetime | None
    failed_at: datetime | None
    paused_by: str
    pause_reason: str
    window_note: str

    @property
    def waiting_count(self) -> int:
        return sum(item.count for item in self.waiting)

    @property
    def oldest_at(self) -> datetime | None:
        return min((item.oldest_at for item in self.waiting), default=None)


_WAITING = """
SELECT connection_id, currency, count(*) AS count, sum(amount)::bigint AS amount,
    min(created_at) AS oldest_at, count(*) FILTER (WHERE state = 'unknown') AS in_doubt
FROM delivery_outboundcommand
WHERE state IN ('pending', 'claimed', 'sending', 'retry_wait', 'unknown')
  AND connection_id = ANY(%s)
GROUP BY connection_id, currency ORDER BY connection_id, amount DESC
"""
_DONE = """
SELECT connection_id, count(*) FILTER (WHERE state = 'exception') AS stopped,
    count(*) FILTER (WHERE state = 'posted') AS posted
FROM delivery_outboundcommand WHERE connection_id = ANY(%s) AND created_at > now() - interval '1 day'
GROUP BY connection_id
"""
_CALLS = """
SELECT command.connection_id, count(*) FILTER (WHERE attempt.kind = 'send') AS sent,
    count(*) FILTER (WHERE attempt.kind = 'send'
        AND attempt.outcome IN ('transient', 'auth', 'in_doubt', 'not_sent')) AS failed,
    count(*) FILTER (WHERE attempt.kind = 'read') AS asked
FROM delivery_attempt attempt JOIN delivery_outboundcommand command ON command.id = attempt.command_id
WHERE command.connection_id = ANY(%s) AND attempt.intent_at > now() - interval '1 hour'
GROUP BY command.connection_id
"""
_GATES = """
SELECT connection_id, succeeded_at, failed_at, paused_by, pause_reason, window_note
FROM delivery_gate WHERE connection_id = ANY(%s)
"""


def health(connection_ids: Sequence[int]) -> dict[int, Health]:
    """The health of connections that have a gate, by connection id."""
    ids = list(connection_ids)
    waiting: dict[int, list[Waiting]] = {}
    doubtful: dict[int, int] = {}
    for row in sql.rows(_WAITING, (ids,)):
        item = Waiting(row.currency, row.count, row.amount, row.oldest_at)
        waiting.setdefault(row.connection_id, []).append(item)
        doubtful[row.connection_id] = doubtful.get(row.connection_id, 0) + row.in_doubt
    done = {row.connection_id: row for row in sql.rows(_DONE, (ids,))}
    calls = {row.connection_id: row for row in sql.rows(_CALLS, (ids,))}
    found: dict[int, Health] = {}
    for row in sql.rows(_GATES, (ids,)):
        gate, now = gates.read(row.connection_id)
        queue = waiting.get(row.connection_id, [])
        ended = done.get(row.connection_id)
        called = calls.get(row.connection_id)
        status, story = describe(gate, now, row, sum(item.count for item in queue))
        found[row.connection_id] = Health(
            row.connection_id, status, story, gate, now, queue,
            doubtful.get(row.connection_id, 0), ended.stopped if ended else 0,
            ended.posted if ended else 0,
            Calls(called.sent, called.failed, called.asked) if called else Calls(0, 0, 0),
            row.succeeded_at, row.failed_at, row.paused_by, row.pause_reason, row.window_note,
        )  # fmt: skip
    return found


def describe(gate: GateRow, now: datetime, row: Any, waiting: int) -> tuple[str, str]:
    """(status, sentence). Never “open” or “closed” circuit: what is sent, what waits, until when."""
    queue = _queue(waiting)
    if gate.paused_at and (gate.paused_until is None or now < gate.paused_until):
        until = f" until {_clock(gate.paused_until)}" if gate.paused_until else ""
        return "paused", f"{row.paused_by} paused sending{until}: {row.pause_reason} {queue}"
    if gate.window_from and gate.window_to and gate.window_from <= now < gate.window_to:
        return "paused", f"Maintenance until {_clock(gate.window_to)}. {queue}"
    if gate.breaker is Breaker.OPEN:
        again = gate.retry_at or now
        return "failed", (
            f"Nothing is sent because {gate.story or 'calls failed'}. {queue} "
            f"The next trial is at {_clock(again)}."
        )
    if gate.breaker is Breaker.HALF_OPEN:
        return "retrying", f"One posting is being tried. {queue}"
    if gate.not_before and now < gate.not_before:
        return "late", f"It asked us to slow down until {_clock(gate.not_before)}. {queue}"
    if gate.slow_start:
        return "retrying", f"Sending has begun again, slowly at first. {queue}"
    if gate.failures:
        return "at_risk", f"The latest calls failed; it is still tried. {queue}"
    return "ready", "Everything is sent as it comes." if not waiting else f"Sending. {queue}"


def _queue(waiting: int) -> str:
    if not waiting:
        return "Nothing waits."
    return f"{waiting} {'posting waits' if waiting == 1 else 'postings wait'}."


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class QueueAge:
    """The oldest thing that is due in a queue and not being worked on."""

    queue: str
    connection_id: int
    age: timedelta


_AGES = """
SELECT 'inbox' AS queue, connection_id, now() - min(next_at) AS age FROM events_inboundevent
WHERE state IN ('received', 'parked') AND next_at <= now() GROUP BY connection_id
UNION ALL
SELECT 'commands', connection_id, now() - min(next_at) FROM delivery_outboundcommand
WHERE state IN ('pending', 'claimed', 'sending', 'retry_wait', 'unknown') AND next_at <= now()
GROUP BY connection_id
"""


def queue_ages() -> list[QueueAge]:
    """For /readyz: what is overdue, by queue and connection."""
    return [QueueAge(row.queue, row.connection_id, row.age) for row in sql.rows(_AGES)]
