"""
The store's side of delivery: claims, intents and outcomes, a batch at a time, under the fence.

``decide`` says what a row becomes; here it is written. Every write after the claim names the fence
and drops rows that somebody else has taken over since (rule 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from connectors.contract import Receipt
from revops.delivery.decide import Next, Row, State, purpose
from revops.kernel import strict_json
from revops.store import sql


@dataclass(slots=True)
class Work:
    """A claimed command: its deciding row, what it says, and what it is about."""

    id: int
    key: str
    kind: str
    payload: str
    payload_sha256: str
    correlation_id: str
    subject_kind: str
    subject_id: int
    legal_entity_id: int
    period_code: str
    currency: str
    amount: int
    number: int
    row: Row
    next: Next = Next.SEND
    wire: str = ""


_TOLD = tuple(field.name for field in fields(Work))[:13]

# The same as decide.claim for one row; tests/delivery holds both to the same result.
_CLAIM = """
WITH due AS (
    SELECT id, state FROM delivery_outboundcommand
    WHERE connection_id = %(connection)s
      AND state IN ('pending', 'claimed', 'sending', 'retry_wait', 'unknown') AND next_at <= now()
    ORDER BY next_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE delivery_outboundcommand AS command
SET fence = command.fence + 1,
    state = CASE WHEN due.state IN ('sending', 'unknown') THEN 'unknown' ELSE 'claimed' END,
    next_at = now() + %(lease)s * interval '1 second',
    crash_count = command.crash_count + (due.state IN ('claimed', 'sending'))::int,
    unknown_since = CASE WHEN due.state IN ('sending', 'unknown')
        THEN coalesce(command.unknown_since, now()) ELSE command.unknown_since END
FROM due WHERE command.id = due.id
RETURNING command.id, command.key, command.kind, command.payload, command.payload_sha256,
    command.correlation_id, command.subject_kind, command.subject_id, command.legal_entity_id,
    command.period_code, command.currency, command.amount,
    (SELECT coalesce(max(number), 0) FROM delivery_attempt a WHERE a.command_id = command.id)
        AS number,
    command.state, command.fence, command.next_at, command.attempts, command.crash_count,
    command.unknown_since, command.settle_until, command.drafted_id, command.external_id,
    command.external_number, command.code, command.reason, now() AS now
"""


def claim(*, connection_id: int, most: int, lease: float) -> tuple[list[Work], datetime | None]:
    """Due commands in order, each under a fresh fence, and the database's clock. Commits."""
    found = sql.rows(_CLAIM, {"connection": connection_id, "most": most, "lease": lease})
    batch: list[Work] = []
    now: datetime | None = None
    for values in found:
        now = values.now
        row = Row(State(values.state), *values[14:25])
        told: dict[str, Any] = dict(zip(_TOLD, values, strict=False))
        batch.append(Work(**told, row=row, next=purpose(row, now=values.now)))
    batch.sort(key=lambda work: work.id)
    return batch, now


_INTENT = """
WITH intended AS (
    UPDATE delivery_outboundcommand AS command
    SET state = 'sending', attempts = intent.attempts, next_at = intent.next_at,
        settle_until = intent.settle_until
    FROM unnest(%b::bigint[], %b::bigint[], %b::int[], %b::timestamptz[], %b::timestamptz[],
                %b::int[], %b::text[])
        AS intent (id, fence, attempts, next_at, settle_until, number, sha256)
    WHERE command.id = intent.id AND command.fence = intent.fence AND command.state = 'claimed'
    RETURNING command.id, command.fence, intent.number, intent.settle_until, intent.sha256
)
INSERT INTO delivery_attempt (command_id, number, kind, fence, intent_at, settle_until,
                              request_sha256, reason, excerpt)
SELECT id, number, 'send', fence, now(), settle_until, sha256, '', '' FROM intended
RETURNING command_id AS id
"""


def intend(batch: Sequence[Work], rows: Sequence[Row]) -> set[int]:
    """Write-ahead: the intents of a batch, committed. Ids that are still ours and may be sent."""
    if not batch:
        return set()
    for work in batch:
        work.number += 1
    written = sql.rows(
        _INTENT,
        (
            [work.id for work in batch],
            [work.row.fence for work in batch],
            [row.attempts for row in rows],
            [row.next_at for row in rows],
            [row.settle_until for row in rows],
            [work.number for work in batch],
            [work.payload_sha256 for work in batch],
        ),
    )
    return {row.id for row in written}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a claimed command goes on: its next row, and the receipt when something was sent."""

    work: Work
    row: Row
    receipt: Receipt | None = None


_WRITE = """
UPDATE delivery_outboundcommand AS command
SET state = new.state, next_at = coalesce(new.next_at, command.next_at), attempts = new.attempts,
    crash_count = new.crash_count, unknown_since = new.unknown_since,
    settle_until = new.settle_until, drafted_id = new.drafted_id, external_id = new.external_id,
    external_number = new.external_number, code = new.code, reason = new.reason,
    finished_at = CASE WHEN new.state IN ('posted', 'cancelled') THEN now() END
FROM unnest(%b::bigint[], %b::bigint[], %b::text[], %b::timestamptz[], %b::int[], %b::smallint[],
            %b::timestamptz[], %b::timestamptz[], %b::text[], %b::text[], %b::text[], %b::text[],
            %b::text[])
    AS new (id, fence, state, next_at, attempts, crash_count, unknown_since, settle_until,
            drafted_id, external_id, external_number, code, reason)
WHERE command.id = new.id AND command.fence = new.fence
RETURNING command.id
"""

_OUTCOME = """
UPDATE delivery_attempt AS attempt
SET outcome = answer.outcome, http_status = answer.status, reason = answer.reason,
    excerpt = answer.excerpt, wire = answer.wire, finished_at = now()
FROM unnest(%b::bigint[], %b::int[], %b::text[], %b::smallint[], %b::text[], %b::text[], %b::text[])
    AS answer (command_id, number, outcome, status, reason, excerpt, wire)
WHERE attempt.command_id = answer.command_id AND attempt.number = answer.number
  AND attempt.outcome IS NULL
"""

_ASKED = sql.Columns(
    "delivery_attempt",
    command_id="bigint",
    number="int",
    kind="text",
    fence="bigint",
    intent_at="timestamptz",
    request_sha256="text",
    outcome="text",
    reason="text",
    excerpt="text",
    wire="text",
    finished_at="timestamptz",
)


def write(endings: Sequence[Ending]) -> set[int]:
    """The next rows under their fences, with the outcomes of their attempts. Ids still ours."""
    if not endings:
        return set()
    rows = [ending.row for ending in endings]
    written = sql.rows(
        _WRITE,
        (
            [ending.work.id for ending in endings],
            [row.fence for row in rows],
            [row.state.value for row in rows],
            [row.next_at for row in rows],
            [row.attempts for row in rows],
            [row.crash_count for row in rows],
            [row.unknown_since for row in rows],
            [row.settle_until for row in rows],
            [row.drafted_id for row in rows],
            [row.external_id for row in rows],
            [row.external_number for row in rows],
            [row.code for row in rows],
            [_clean(row.reason) for row in rows],
        ),
    )
    answered = [(ending.work, ending.receipt) for ending in endings if ending.receipt is not None]
    if answered:
        sql.run(
            _OUTCOME,
            (
                [work.id for work, _ in answered],
                [work.number for work, _ in answered],
                [receipt.outcome.value for _, receipt in answered],
                [receipt.http_status for _, receipt in answered],
                [_clean(receipt.reason) for _, receipt in answered],
                [_clean(receipt.excerpt) for _, receipt in answered],
                [work.wire for work, _ in answered],
            ),
        )
    return {row.id for row in written}


def record_reads(batch: Sequence[Work], *, outcome: str, reasons: Sequence[str]) -> None:
    """One line of history for each question asked."""
    now = sql.one("SELECT now() AS now")
    assert now is not None
    values = []
    for work, reason in zip(batch, reasons, strict=True):
        work.number += 1
        values.append((
            work.id, work.number, "read", work.row.fence, now.now, work.payload_sha256, outcome,
            _clean(reason), "", work.wire, now.now,
        ))  # fmt: skip
    _ASKED.insert(values, "ON CONFLICT DO NOTHING")


def _clean(text: str) -> str:
    return strict_json.storable(text)[0]
