"""
Asking again, with other content, for what a target refused: a further revision of the same thing.

What was refused stays as it was sent. The step goes on with the command that takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from revops.contracts import registry as contracts
from revops.delivery import operations as delivery
from revops.delivery.operations import Order
from revops.kernel import strict_json
from revops.pipeline.flows import states
from revops.pipeline.transform.base import Ask
from revops.store import sql


class CannotRemake(Exception):
    """The command's state forbids it; the message says why, for the person who asked."""


_COMMAND: Final = """
SELECT command.id, command.connection_id, command.lane, command.legal_entity_id,
    entity.code AS legal_entity, command.document_type, command.business_key, command.revision,
    command.kind, command.payload, command.subject_kind, command.subject_id, command.currency,
    command.amount, command.period_code, command.correlation_id, command.state, command.code,
    command.drafted_id, command.unknown_since
FROM delivery_outboundcommand command
JOIN mappings_legalentity entity ON entity.id = command.legal_entity_id
WHERE command.id = %s FOR UPDATE OF command
"""
_STEP: Final = """
SELECT step.id, step.run_id, step.connection_id, run.record_kind, run.record_id,
    entity.code AS legal_entity, coalesce(source.slug, '') AS source, event.contract, event.data,
    event.occurred_at
FROM pipeline_steprun step JOIN pipeline_flowrun run ON run.id = step.run_id
JOIN events_businessevent event ON event.id = run.business_event_id
LEFT JOIN mappings_legalentity entity ON entity.id = run.legal_entity_id
LEFT JOIN connectors_connection source ON source.id = run.source_id
WHERE step.command_id = %s ORDER BY step.id LIMIT 1
"""


def ask_of(command_id: int, *, at: datetime) -> Ask | None:
    """What the step of a command asks its mapping for; None when it is no flow's."""
    row = sql.one(_STEP, (command_id,))
    if row is None:
        return None
    return Ask(
        step_id=row.id,
        connection_id=row.connection_id,
        event=contracts.read(row.contract, strict_json.loads(row.data)),
        occurred_at=row.occurred_at,
        record_kind=row.record_kind,
        record_id=row.record_id,
        legal_entity=row.legal_entity or "",
        source=row.source,
        version=int(at.timestamp() * 1000),
    )


def remake(command_id: int, payload: Mapping[str, Any], *, reason: str, at: datetime) -> int:
    """
    The command that takes the place of a refused one, in the caller's transaction, which wakes the
    connection once it has committed. Raises CannotRemake.
    """
    row = sql.one(_COMMAND, (command_id,))
    step = sql.one(_STEP, (command_id,))
    if row is None or step is None:
        raise CannotRemake("There is nothing to ask for again.")
    if row.state != "exception" or row.code in ("duplicate", "conflict"):
        raise CannotRemake("The system may hold it, or it goes on by itself.")
    if row.drafted_id or row.unknown_since is not None:
        raise CannotRemake("It may have left something in the system.")
    content = strict_json.dumps(payload)
    if content == row.payload:
        raise CannotRemake("It would ask for the very same again.")
    order = Order(
        connection_id=row.connection_id, lane=row.lane, legal_entity_id=row.legal_entity_id,
        legal_entity=row.legal_entity, document_type=row.document_type,
        business_key=row.business_key, revision=row.revision + 1, kind=row.kind, payload=content,
        subject_kind=row.subject_kind, subject_id=row.subject_id, currency=row.currency,
        amount=row.amount, period_code=row.period_code, correlation_id=row.correlation_id,
    )  # fmt: skip
    delivery.supersede([command_id], reason=reason)
    delivery.enqueue([order])
    (made,) = delivery.ids_of([order])
    states.queued([(step.id, made, "")], at=at)
    states.settle([step.run_id], at=at)
    return made
