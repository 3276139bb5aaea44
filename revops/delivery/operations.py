"""Asking for something to be sent, and what people may do to what is waiting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Protocol

from revops.delivery import decide
from revops.delivery.decide import Row, State
from revops.kernel.keys import idempotency_key, sha256
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Order:
    """One command to be enqueued. ``payload`` is canonical JSON text and frozen with the order."""

    connection_id: int
    lane: str
    legal_entity_id: int
    legal_entity: str
    document_type: str
    business_key: str
    revision: int
    kind: str
    payload: str
    subject_kind: str
    subject_id: int
    currency: str
    amount: int
    period_code: str
    correlation_id: str


_ENQUEUE = """
INSERT INTO delivery_outboundcommand (
    connection_id, lane, legal_entity_id, document_type, business_key, revision, kind, key, payload,
    payload_sha256, subject_kind, subject_id, currency, amount, period_code, correlation_id, state,
    fence, next_at, attempts, crash_count, drafted_id, external_number, code, reason, created_at
)
SELECT new.*, 'pending', 0, now(), 0, 0, '', '', '', '', now()
FROM unnest(%b::bigint[], %b::text[], %b::bigint[], %b::text[], %b::text[], %b::smallint[],
            %b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::bigint[], %b::text[],
            %b::bigint[], %b::text[], %b::text[]) AS new
ON CONFLICT (lane, legal_entity_id, document_type, business_key, revision) DO NOTHING
"""


def enqueue(orders: Sequence[Order]) -> int:
    """
    Store commands in the caller's transaction, together with what caused them. A command for the
    same business identity and revision exists once, whatever its target; repeats do nothing.
    """
    if not orders:
        return 0
    return sql.run(
        _ENQUEUE,
        (
            [order.connection_id for order in orders],
            [order.lane for order in orders],
            [order.legal_entity_id for order in orders],
            [order.document_type for order in orders],
            [order.business_key for order in orders],
            [order.revision for order in orders],
            [order.kind for order in orders],
            [_key(order) for order in orders],
            [order.payload for order in orders],
            [sha256(order.payload) for order in orders],
            [order.subject_kind for order in orders],
            [order.subject_id for order in orders],
            [order.currency for order in orders],
            [order.amount for order in orders],
            [order.period_code for order in orders],
            [order.correlation_id for order in orders],
        ),
    )


@dataclass(frozen=True, slots=True)
class Earlier:
    """The newest command of a business identity. ``asked`` is its identity in the asked order."""

    asked: int
    id: int
    revision: int
    state: State
    payload: str


_EARLIER = """
SELECT DISTINCT ON (wanted.place) wanted.place::int AS asked, command.id, command.revision,
    command.state, command.payload
FROM unnest(%b::text[], %b::bigint[], %b::text[], %b::text[])
    WITH ORDINALITY AS wanted (lane, entity, document, key, place)
JOIN delivery_outboundcommand command ON command.lane = wanted.lane
    AND command.legal_entity_id = wanted.entity AND command.document_type = wanted.document
    AND command.business_key = wanted.key
ORDER BY wanted.place, command.revision DESC
"""


def newest(identities: Sequence[tuple[str, int, str, str]]) -> dict[int, Earlier]:
    """
    For each (lane, legal entity id, document type, business key), by its place in the list: the
    command of the highest revision. Places without one are absent.
    """
    if not identities:
        return {}
    columns = [list(column) for column in zip(*identities, strict=True)]
    return {
        row.asked - 1: Earlier(row.asked - 1, row.id, row.revision, State(row.state), row.payload)
        for row in sql.rows(_EARLIER, columns)
    }


_SUPERSEDE = """
UPDATE delivery_outboundcommand SET state = 'cancelled', fence = fence + 1, finished_at = now(),
    reason = %s
WHERE id = ANY(%s) AND (state = 'exception'
    OR (state IN ('pending', 'retry_wait') AND unknown_since IS NULL AND drafted_id = ''))
RETURNING id
"""


def supersede(command_ids: Sequence[int], *, reason: str) -> set[int]:
    """
    Withdraw commands that told a state, because a newer one exists. What is under way stays, and
    so does what may have left something at the target. The ids that were withdrawn.
    """
    if not command_ids:
        return set()
    return {row.id for row in sql.rows(_SUPERSEDE, (reason, list(command_ids)))}


def ids_of(orders: Sequence[Order]) -> list[int]:
    """The command of each order, after ``enqueue``; also where an equal one existed before."""
    keys = [_key(order) for order in orders]
    found = {
        row.key: row.id
        for row in sql.rows(
            "SELECT key, id FROM delivery_outboundcommand WHERE key = ANY(%s)", (keys,)
        )
    }
    return [found[key] for key in keys]


def _key(order: Order) -> str:
    return idempotency_key(
        lane=order.lane,
        legal_entity=order.legal_entity,
        document_type=order.document_type,
        business_key=order.business_key,
        revision=order.revision,
    )


class NotPossible(Exception):
    """The command's state forbids this; the message says why, for the person who asked."""


_ROW = tuple(field.name for field in fields(Row))
_LOCK = (
    f"SELECT id, connection_id, {', '.join(_ROW)}, clock_timestamp() AS now "  # noqa: S608  own fields
    "FROM delivery_outboundcommand WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
)


def retry(command_ids: Sequence[int]) -> tuple[list[int], list[str]]:
    """
    Send refused commands again: same key, same content. (ids that will be sent, why others not).

    What is in doubt is never sent again by a person; it can only be checked.
    """
    return _change(command_ids, decide.retry, _why_not_retry)


def check_now(command_ids: Sequence[int]) -> tuple[list[int], list[str]]:
    """Ask the target now about what is in doubt. Reads only."""
    return _change(command_ids, decide.check_now, lambda row: f"It is {row.state}, not in doubt.")


class _Change(Protocol):
    def __call__(self, row: Row, *, now: datetime) -> Row | None: ...


def _change(
    command_ids: Sequence[int], change: _Change, why_not: Callable[[Row], str]
) -> tuple[list[int], list[str]]:
    done: list[int] = []
    refused: list[str] = []
    with sql.atomic():
        for found in sql.rows(_LOCK, (list(command_ids),)):
            row = Row(State(found.state), *found[3:-1])
            new = change(row, now=found.now)
            if new is None:
                refused.append(why_not(row))
                continue
            sql.run(
                "UPDATE delivery_outboundcommand SET state = %s, next_at = %s, crash_count = %s, "
                "code = %s, reason = %s, fence = fence + 1 WHERE id = %s",
                (new.state.value, new.next_at, new.crash_count, new.code, new.reason, found.id),
            )
            done.append(found.id)
    return done, refused


def _why_not_retry(row: Row) -> str:
    if row.state is State.UNKNOWN:
        return "Its outcome is not known yet: it can be checked, not sent again."
    if row.state is State.POSTED:
        return "It has been posted since."
    if row.code == "duplicate":
        return "The target holds it more than once: one has to be reversed first."
    if row.code == "conflict":
        return (
            "The target holds other content under its key: the difference has to be settled first."
        )
    return f"It is {row.state.value} and goes on by itself."
