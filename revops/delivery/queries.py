"""Reading delivery: what waits where, and how each connection is, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from revops.delivery import gates, windows
from revops.delivery.gate import Breaker, GateRow
from revops.delivery.weekly import over_at
from revops.store import sql

# Calls are counted among the newest ones, so that a busy hour costs no more than a quiet one.
MOST_CALLS: Final = 20_000
# Longer than a sweep takes to find what is due.
OVERDUE_AFTER: Final = timedelta(minutes=2)
_SIGNED_OUT: Final = "the credentials were not accepted"


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    Commands of one kind and currency that are not posted yet; amounts in minor units.

    ``doubtful`` of them are in doubt, over ``doubtful_amount``; the first of these can be asked
    about for good at ``settles_at``. ``due_at`` is since when the first one could go.
    """

    currency: str
    document_type: str
    count: int
    amount: int
    oldest_at: datetime
    due_at: datetime | None = None
    doubtful: int = 0
    doubtful_amount: int = 0
    settles_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Calls:
    """
    Attempts of the last hour; ``failed`` of those ``sent`` had no answer or a useless one.
    ``capped``: there were more than MOST_CALLS of all connections, the oldest are not counted.
    """

    sent: int
    failed: int
    asked: int
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Fallback:
    """
    Where messages go once sending has been stopped for ``after`` minutes, and how many of this
    stop did, the latest ``at``.
    """

    slug: str
    label: str
    after: int
    count: int
    at: datetime | None


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
    calls: Calls
    succeeded_at: datetime | None
    failed_at: datetime | None
    paused_by: str
    pause_reason: str
    window_note: str
    fallback: Fallback | None = None

    @property
    def waiting_count(self) -> int:
        return sum(item.count for item in self.waiting)

    @property
    def in_doubt(self) -> int:
        return sum(item.doubtful for item in self.waiting)

    @property
    def oldest_at(self) -> datetime | None:
        return min((item.oldest_at for item in self.waiting), default=None)

    @property
    def settles_at(self) -> datetime | None:
        """When the first of what is in doubt can be asked about for good."""
        return min((item.settles_at for item in self.waiting if item.settles_at), default=None)


_HEALTH = f"""
WITH latest AS (
    SELECT command_id, kind, outcome, intent_at FROM delivery_attempt ORDER BY id DESC
    LIMIT {MOST_CALLS}
), calls AS (
    SELECT command.connection_id, count(*) FILTER (WHERE latest.kind = 'send') AS sent,
        count(*) FILTER (WHERE latest.kind = 'send'
            AND latest.outcome IN ('transient', 'auth', 'in_doubt', 'not_sent')) AS failed,
        count(*) FILTER (WHERE latest.kind = 'read') AS asked
    FROM latest JOIN delivery_outboundcommand command ON command.id = latest.command_id
    WHERE latest.intent_at > now() - interval '1 hour'
    GROUP BY command.connection_id
)
SELECT {", ".join(f"gate.{name}" for name in gates.COLUMNS)}, gate.connection_id,
    gate.succeeded_at, gate.failed_at, gate.paused_by, gate.pause_reason, gate.window_note,
    other.slug AS other, other.label AS other_label, gate.fallback_after, gate.fallback_at,
    gate.fallback_count,
    queue.items, {windows.OF_GATE.format(gate="gate")}, now() AS now,
    coalesce(calls.sent, 0) AS sent, coalesce(calls.failed, 0) AS failed,
    coalesce(calls.asked, 0) AS asked,
    (SELECT count(*) = {MOST_CALLS} AND min(intent_at) > now() - interval '1 hour' FROM latest)
        AS capped
FROM delivery_gate gate
LEFT JOIN calls ON calls.connection_id = gate.connection_id
LEFT JOIN connectors_connection other ON other.id = gate.fallback_id
LEFT JOIN LATERAL (
    SELECT json_agg(item ORDER BY item.amount DESC) AS items FROM (
        SELECT currency, document_type, count(*) AS count, sum(amount)::bigint AS amount,
            min(created_at) AS oldest_at,
            min(next_at) FILTER (WHERE state IN ('pending', 'retry_wait')) AS due_at,
            count(*) FILTER (WHERE state = 'unknown') AS doubtful,
            coalesce(sum(amount) FILTER (WHERE state = 'unknown'), 0)::bigint AS doubtful_amount,
            min(settle_until) FILTER (WHERE state = 'unknown') AS settles_at
        FROM delivery_outboundcommand command
        WHERE command.connection_id = gate.connection_id
            AND command.state IN ('pending', 'claimed', 'sending', 'retry_wait', 'unknown')
        GROUP BY currency, document_type
    ) AS item
) AS queue ON true
WHERE gate.connection_id = ANY(%s)
"""  # noqa: S608  own literals


def health(connection_ids: Sequence[int]) -> dict[int, Health]:
    """The health of connections that have a gate, by connection id. One query."""
    found: dict[int, Health] = {}
    for row in sql.rows(_HEALTH, (list(connection_ids),)):
        gate = gates.row_of(row)
        queue = [_waiting(item) for item in row.items or ()]
        status, story = describe(gate, row.now, row, queue)
        found[row.connection_id] = Health(
            row.connection_id, status, story, gate, row.now, queue,
            Calls(row.sent, row.failed, row.asked, row.capped), row.succeeded_at, row.failed_at,
            row.paused_by, row.pause_reason, row.window_note, _fallback(row),
        )  # fmt: skip
    return found


def _fallback(row: Any) -> Fallback | None:
    if row.other is None:
        return None
    this = row.fallback_at and row.opened_at and row.fallback_at >= row.opened_at
    count = row.fallback_count if this else 0
    return Fallback(row.other, row.other_label, row.fallback_after, count, row.fallback_at)


def _waiting(item: Mapping[str, Any]) -> Waiting:
    instants = {
        name: datetime.fromisoformat(item[name]) if item[name] else None
        for name in ("oldest_at", "due_at", "settles_at")
    }
    return Waiting(**{**item, **instants})


def describe(gate: GateRow, now: datetime, row: Any, queue: Sequence[Waiting]) -> tuple[str, str]:
    """
    (status, sentence). Never “open” or “closed” circuit: what is sent, what waits, until when.

    ``row`` has ``paused_by`` and ``pause_reason``. Instants are in the reader's zone, and say it.
    """
    waiting = sum(item.count for item in queue)
    waits = _queue(waiting)
    if gate.paused_at and (gate.paused_until is None or now < gate.paused_until):
        until = f" until {_clock(gate.paused_until, now)}" if gate.paused_until else ""
        reason = row.pause_reason.rstrip(" .") or "no reason given"
        return "paused", f"{row.paused_by} paused sending{until}: {reason}. {waits}"
    if gate.window_from and gate.window_to and gate.window_from <= now < gate.window_to:
        return "maintenance", f"Maintenance until {_clock(gate.window_to, now)}. {waits}"
    if over := over_at(gate.weekly, now=now):
        return "maintenance", f"In its weekly window until {_clock(over, now)}. {waits}"
    if gate.breaker is Breaker.OPEN:
        status = "signed_out" if gate.story == _SIGNED_OUT else "stopped"
        again = gate.retry_at or now
        trial = f"is at {_clock(again, now)}" if again > now else "is due now"
        return status, (
            f"Nothing is sent because {gate.story or 'calls failed'}. {waits} "
            f"The next trial {trial}."
        )
    if gate.breaker is Breaker.HALF_OPEN:
        return "on_trial", f"One posting is being tried. {waits}"
    if gate.not_before and now < gate.not_before:
        return "slowed", f"It asked us to slow down until {_clock(gate.not_before, now)}. {waits}"
    if gate.failures:
        return "at_risk", f"The latest calls failed; it is still tried. {waits}"
    if not waiting:
        return "healthy", "Everything is sent as it comes."
    if gate.slow_start:
        return "sending", f"Sending has begun again, slowly at first. {waits}"
    due = min((item.due_at for item in queue if item.due_at), default=None)
    if due and now - due > OVERDUE_AFTER:
        return "late", f"{waits} Nothing holds them back, but nobody sends them: see the workers."
    return "healthy", f"Sending. {waits}"


def _queue(waiting: int) -> str:
    if not waiting:
        return "Nothing waits."
    return f"{waiting:,} {'posting waits' if waiting == 1 else 'postings wait'}."


def _clock(at: datetime, now: datetime) -> str:
    local = timezone.localtime(at)
    today = local.date() == timezone.localtime(now).date()
    return f"{local:%H:%M:%S %Z}" if today else f"{local:%Y-%m-%d %H:%M %Z}"


CANNOT_SEND: Final = f"""
SELECT count(*) FROM delivery_gate gate
WHERE breaker = 'open' AND (paused_at IS NULL OR paused_until <= now()) AND NOT {windows.ON}
"""  # noqa: S608  own literals
"""How many connections are sent nothing because calls failed; pauses on purpose not counted."""
