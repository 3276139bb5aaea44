"""Steps whose turn has come → commands. A newer state of a record replaces one that waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from exceptions import operations as cases
from revops.contracts import registry as contracts
from revops.delivery import operations as delivery
from revops.delivery.decide import IN_FLIGHT, State
from revops.delivery.operations import Earlier, Order
from revops.kernel import strict_json
from revops.kernel.keys import sha256
from revops.pipeline import transform
from revops.pipeline.flows import states
from revops.pipeline.flows.capabilities import CAPABILITIES, Capability
from revops.pipeline.flows.catalogue import flows
from revops.pipeline.transform.base import Ask, Made, NotNeeded, Unready
from revops.store import sql

# How long a step waits for a record of its target before it looks again, and how long in all.
# Mostly it is woken when the record comes (``order.arrived``); looking is for what wakes nobody.
SOONEST: Final = timedelta(minutes=1)
LATEST: Final = timedelta(hours=1)
PATIENCE: Final = timedelta(days=7)
# What orders two statements says nothing about what they state.
_TIMELESS: Final = {"version": 0, "as_of": 0}
REPLACED: Final = "A newer state of the same record replaced it."

_LOAD: Final = """
SELECT step.id, step.run_id, step.step, step.connection_id, step.state, run.flow, run.record_kind,
    run.record_id, run.correlation_id, run.legal_entity_id, run.started_at,
    entity.code AS legal_entity, connection.slug, connection.connector,
    coalesce(source.slug, '') AS source, event.contract, event.data, event.occurred_at
FROM pipeline_steprun step JOIN pipeline_flowrun run ON run.id = step.run_id
JOIN mappings_legalentity entity ON entity.id = run.legal_entity_id
JOIN connectors_connection connection ON connection.id = step.connection_id
LEFT JOIN connectors_connection source ON source.id = run.source_id
JOIN events_businessevent event ON event.id = run.business_event_id
WHERE step.id = ANY(%s) AND step.state IN ('waiting', 'held', 'unready') ORDER BY step.id
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A step with its capability and what its command will say."""

    row: Any
    capability: Capability
    made: Made

    @property
    def identity(self) -> tuple[str, int, str, str]:
        """Lane, legal entity, document type and business key."""
        row = self.row
        return lane(row.slug), row.legal_entity_id, self.capability.document, self.made.key

    @property
    def record_key(self) -> str:
        return sha256(strict_json.dumps(list(self.identity)))

    def order(self, revision: int) -> Order:
        row = self.row
        return Order(
            connection_id=row.connection_id,
            lane=lane(row.slug),
            legal_entity_id=row.legal_entity_id,
            legal_entity=row.legal_entity,
            document_type=self.capability.document,
            business_key=self.made.key,
            revision=revision,
            kind=self.capability.kind,
            payload=strict_json.dumps(self.made.payload),
            subject_kind=self.made.subject[0] or row.record_kind,
            subject_id=self.made.subject[1] or row.record_id,
            currency=self.made.currency,
            amount=self.made.amount,
            period_code="",
            correlation_id=row.correlation_id,
        )


def lane(slug: str) -> str:
    """Each target has a lane of its own, so that telling one says nothing about another."""
    return slug if len(slug) <= 24 else f"{slug[:15]}-{sha256(slug)[:8]}"


def release(step_ids: Sequence[int], *, at: datetime) -> set[int]:
    """
    Make commands of these steps, in the caller's transaction. Says which connections got some.

    What a step says is read now, not when its event came: a step that had to wait tells how things
    are by then.
    """
    rows = sql.rows(_LOAD, (list(step_ids),)) if step_ids else []
    if not rows:
        return set()
    notes = states.Notes(at)
    turns = _turns(rows, notes)
    sql.lock_objects(f"flow:{turn.record_key}" for turn in turns)
    found = delivery.newest([turn.identity for turn in turns])
    groups: dict[str, list[tuple[Turn, Earlier | None]]] = defaultdict(list)
    for place, turn in enumerate(turns):
        groups[turn.record_key].append((turn, found.get(place)))
    newest = [group[-1][0] for group in groups.values()]
    states.superseded_by([(one.record_key, one.row.id) for one in newest if one.capability.latest])
    placed: list[tuple[Turn, Order]] = []
    for group in groups.values():
        turn, earlier = group[-1]
        for older, _ in group[:-1]:
            _older(older, turn, placed, notes)
        order = _newest_state(turn, earlier, notes) if turn.capability.latest else turn.order(1)
        if order is not None:
            placed.append((turn, order))
    orders = [order for _, order in placed]
    delivery.enqueue(orders)
    notes.write()
    states.queued(
        [(turn.row.id, command, turn.record_key if turn.capability.latest else "")
         for (turn, _), command in zip(placed, delivery.ids_of(orders), strict=True)], at=at,
    )  # fmt: skip
    states.settle({row.run_id for row in rows}, at=at)
    return {order.connection_id for order in orders}


def _turns(rows: Sequence[Any], notes: states.Notes) -> list[Turn]:
    """What each step says; steps that have nothing to say, or not yet, are noted as such."""
    by_capability: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_capability[flows()[row.flow].step(row.step).capability].append(row)
    turns: list[Turn] = []
    for kind, group in by_capability.items():
        answers = transform.payloads(kind, [_ask(row, notes.at) for row in group])
        for row in group:
            answer = answers[row.id]
            if isinstance(answer, Made):
                turns.append(Turn(row, CAPABILITIES[kind], answer))
            elif isinstance(answer, NotNeeded):
                notes.skipped(row.id, answer.why)
            else:
                _not_yet(row, answer, notes)
    return sorted(turns, key=lambda turn: turn.row.id)


def _ask(row: Any, at: datetime) -> Ask:
    return Ask(
        step_id=row.id,
        connection_id=row.connection_id,
        event=contracts.read(row.contract, strict_json.loads(row.data)),
        occurred_at=row.occurred_at,
        record_kind=row.record_kind,
        record_id=row.record_id,
        legal_entity=row.legal_entity,
        source=row.source,
        version=int(at.timestamp() * 1000),
    )


def _not_yet(row: Any, answer: Unready, notes: states.Notes) -> None:
    if notes.at - row.started_at > PATIENCE:
        why = f"{answer.why} Nothing came for {PATIENCE.days} days."
        notes.skipped(row.id, why)
    else:
        next_at = notes.at + look_after(notes.at - row.started_at)
        notes.unready(row.id, answer.why, next_at=next_at, waits_for=answer.waits_for)


def look_after(waited: timedelta) -> timedelta:
    """As long again as it has waited, within a minute and an hour: 1, 2, 4, 8 … 60 minutes."""
    return max(SOONEST, min(LATEST, waited))


def _older(older: Turn, newer: Turn, placed: list[tuple[Turn, Order]], notes: states.Notes) -> None:
    if newer.capability.latest:
        notes.superseded(older.row.id)
    else:
        placed.append((older, older.order(1)))


def _newest_state(turn: Turn, earlier: Earlier | None, notes: states.Notes) -> Order | None:
    """
    The order for a state: None while an earlier one of the record is under way, and when the
    target holds the very same already.
    """
    if earlier is None:
        return turn.order(1)
    if earlier.state in IN_FLIGHT or earlier.state is State.UNKNOWN:
        notes.held(turn.row.id, turn.record_key)
        return None
    if earlier.state is State.POSTED and _same(earlier.payload, turn.made.payload):
        notes.skipped(turn.row.id, "The system was told the very same before.")
        return None
    if earlier.state is not State.POSTED and earlier.state is not State.CANCELLED:
        withdrawn = delivery.supersede([earlier.id], reason=REPLACED)
        if not withdrawn and earlier.state is not State.EXCEPTION:
            notes.held(turn.row.id, turn.record_key)
            return None
        states.superseded_commands(withdrawn)
        cases.settle(command_ids=list(withdrawn), text=REPLACED, at=notes.at)
    return turn.order(earlier.revision + 1)


def _same(sent: str, wanted: Any) -> bool:
    before = strict_json.loads(sent)
    after = strict_json.loads(strict_json.dumps(wanted))
    if not isinstance(before, dict):
        return False
    return {**before, **_TIMELESS} == {**after, **_TIMELESS}
