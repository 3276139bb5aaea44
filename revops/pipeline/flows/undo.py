"""
Taking back what a run did: from its last step to its first, each by a command of its own.

Where it stands is stored with every step, so that whoever dies on the way is followed by somebody
who goes on from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from exceptions import operations as cases
from revops.contracts import registry as contracts
from revops.delivery import operations as delivery
from revops.delivery.operations import Order
from revops.kernel import strict_json
from revops.pipeline import transform
from revops.pipeline.flows.base import Step
from revops.pipeline.flows.capabilities import CAPABILITIES, systems
from revops.pipeline.flows.catalogue import flows
from revops.pipeline.transform.base import Ask, Made, Unready
from revops.store import sql


class CannotUndo(Exception):
    """The run's state forbids it; the message says why, for the person who asked."""


_LOCK: Final = "SELECT id, flow, state FROM pipeline_flowrun WHERE id = %s FOR UPDATE"
_STEPS: Final = """
SELECT step.id, step.step, step.state, step.command_id, connection.connector
FROM pipeline_steprun step
JOIN connectors_connection connection ON connection.id = step.connection_id
WHERE step.run_id = %s ORDER BY step.position
"""
_SET: Final = """
UPDATE pipeline_steprun AS step SET state = new.state, undo_state = new.undo, undo_note = new.note,
    next_at = NULL
FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::text[]) AS new (id, state, undo, note)
WHERE step.id = new.id
"""
WITHDRAWN: Final = "The flow is taken back."


def undo(run_id: int, *, why: str, at: datetime) -> set[int]:
    """
    Begin to take back a run, in the caller's transaction. Says which connections got commands.

    What was not sent is withdrawn; what was done is undone, or stays, as its flow says; what is
    under way is undone when its end is known. Raises CannotUndo.
    """
    run = sql.one(_LOCK, (run_id,))
    if run is None or run.state in ("compensating", "compensated"):
        raise CannotUndo("It is being taken back already." if run else "There is no such run.")
    flow = flows()[run.flow]
    steps = sql.rows(_STEPS, (run_id,))
    unsent = [row.command_id for row in steps if row.state in ("queued", "failed")]
    withdrawn = delivery.supersede(unsent, reason=WITHDRAWN)
    cases.settle(command_ids=list(withdrawn), text=WITHDRAWN, at=at)
    values = []
    for row in steps:
        state, mark, note = row.state, "", ""
        if row.state in ("waiting", "held", "unready") or row.command_id in withdrawn:
            state = "withdrawn"
        elif row.state in ("done", "queued"):
            mark, note = _way_back(flow.step(row.step), row.connector)
        values.append((row.id, state, mark, note))
    sql.run(_SET, [list(column) for column in zip(*values, strict=True)] if values else [[]] * 4)
    sql.run(
        "UPDATE pipeline_flowrun SET state = 'compensating', note = %s, finished_at = NULL "
        "WHERE id = %s",
        (why, run_id),
    )
    return go_on([run_id], at=at)


def _way_back(step: Step, connector: str) -> tuple[str, str]:
    """Whether a step is undone or stays, and why it stays."""
    back = step.undo
    if back is None or not back.capability:
        return "kept", back.why if back else ""
    if connector in systems(back.capability):
        return "waiting", ""
    return "kept", CAPABILITIES[back.capability].absent


_ENDED: Final = """
UPDATE pipeline_steprun AS step
SET undo_state = CASE WHEN new.state = 'posted' THEN 'done' ELSE 'failed' END,
    undo_note = CASE WHEN new.state = 'posted' THEN '' ELSE new.reason END
FROM unnest(%b::bigint[], %b::text[], %b::text[]) AS new (command, state, reason)
WHERE step.undo_command_id = new.command RETURNING step.run_id
"""


def ended(commands: Sequence[int], ends: Sequence[str], reasons: Sequence[str]) -> set[int]:
    """Note the endings of commands that took something back. The runs that may go on."""
    return {row.run_id for row in sql.rows(_ENDED, (commands, ends, reasons))}


_LEFT: Final = """
SELECT run.id AS run_id, run.flow, run.record_kind, run.record_id, run.legal_entity_id,
    run.correlation_id, entity.code AS legal_entity, coalesce(source.slug, '') AS source,
    event.contract, event.data, event.occurred_at, step.id, step.step, step.state,
    step.undo_state, step.position, step.connection_id, command.business_key, command.lane,
    command.external_id, command.currency, command.amount, command.subject_kind,
    command.subject_id
FROM pipeline_flowrun run
JOIN mappings_legalentity entity ON entity.id = run.legal_entity_id
JOIN events_businessevent event ON event.id = run.business_event_id
JOIN pipeline_steprun step ON step.run_id = run.id
LEFT JOIN connectors_connection source ON source.id = run.source_id
LEFT JOIN delivery_outboundcommand command ON command.id = step.command_id
WHERE run.id = ANY(%s) AND run.state = 'compensating'
    AND step.undo_state IN ('waiting', 'queued', 'failed')
ORDER BY run.id, step.position DESC
"""
_FINISHED: Final = """
UPDATE pipeline_flowrun AS run SET state = 'compensated', finished_at = now()
WHERE run.id = ANY(%s) AND run.state = 'compensating' AND NOT EXISTS (
    SELECT 1 FROM pipeline_steprun step
    WHERE step.run_id = run.id AND step.undo_state IN ('waiting', 'queued', 'failed'))
"""


def go_on(run_ids: Sequence[int], *, at: datetime) -> set[int]:
    """The next steps of runs that are being taken back. Which connections got commands."""
    if not run_ids:
        return set()
    by_run: dict[int, list[Any]] = defaultdict(list)
    for row in sql.rows(_LEFT, (list(run_ids),)):
        by_run[row.run_id].append(row)
    turn = [
        row
        for rows in by_run.values()
        for row in rows
        if row.position == rows[0].position and row.undo_state == "waiting" and row.state == "done"
    ]
    orders = [(row, order) for row in turn if (order := _order(row, at)) is not None]
    delivery.enqueue([order for _, order in orders])
    for (row, _), command in zip(
        orders, delivery.ids_of([order for _, order in orders]), strict=True
    ):
        sql.run(
            "UPDATE pipeline_steprun SET undo_state = 'queued', undo_command_id = %s WHERE id = %s",
            (command, row.id),
        )
    sql.run(_FINISHED, (list(run_ids),))
    return {order.connection_id for _, order in orders}


def _order(row: Any, at: datetime) -> Order | None:
    """The command that takes a step back; None when it has nothing to say (noted at the step)."""
    back = flows()[row.flow].step(row.step).undo
    assert back is not None
    capability = CAPABILITIES[back.capability]
    ask = Ask(
        step_id=row.id,
        connection_id=row.connection_id,
        event=contracts.read(row.contract, strict_json.loads(row.data)),
        occurred_at=row.occurred_at,
        record_kind=row.record_kind,
        record_id=row.record_id,
        legal_entity=row.legal_entity,
        source=row.source,
        version=int(at.timestamp() * 1000),
        made_id=row.external_id or "",
    )
    answer = transform.payloads(back.capability, [ask])[row.id]
    if not isinstance(answer, Made):
        failed = isinstance(answer, Unready)
        sql.run(
            "UPDATE pipeline_steprun SET undo_state = %s, undo_note = %s WHERE id = %s",
            ("failed" if failed else "kept", answer.why, row.id),
        )
        return None
    return Order(
        connection_id=row.connection_id,
        lane=row.lane,
        legal_entity_id=row.legal_entity_id,
        legal_entity=row.legal_entity,
        document_type=capability.document,
        business_key=row.business_key,
        revision=1,
        kind=capability.kind,
        payload=strict_json.dumps(answer.payload),
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        currency=row.currency,
        amount=row.amount,
        period_code="",
        correlation_id=row.correlation_id,
    )
