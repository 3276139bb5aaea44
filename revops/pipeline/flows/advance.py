"""What follows from the endings of commands, in the transaction that records them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from revops.canonical.operations.batch import REFERENCES
from revops.delivery.claims import Ending
from revops.delivery.decide import State
from revops.pipeline.flows import sold, states, undo
from revops.pipeline.flows.capabilities import CAPABILITIES
from revops.pipeline.flows.order import ready
from revops.pipeline.flows.release import release
from revops.store import sql

JOURNAL: Final = "journal"

_POSTED: Final = """
UPDATE pipeline_flowrun AS run SET posting = false,
    state = CASE WHEN EXISTS (SELECT 1 FROM pipeline_steprun step WHERE step.run_id = run.id)
        OR run.state <> 'running' THEN run.state ELSE 'done' END,
    finished_at = CASE WHEN EXISTS (SELECT 1 FROM pipeline_steprun step WHERE step.run_id = run.id)
        THEN NULL ELSE now() END
WHERE run.posting
    AND run.business_event_id IN (
        SELECT business_event_id FROM ledger_journalentry WHERE id = ANY(%s))
    AND NOT EXISTS (
        SELECT 1 FROM ledger_journalentry entry
        JOIN delivery_outboundcommand command ON command.subject_kind = 'journal'
            AND command.subject_id = entry.id AND command.lane = 'primary'
            AND command.state NOT IN ('posted', 'cancelled')
        WHERE entry.business_event_id = run.business_event_id)
RETURNING run.id, run.state
"""
_ENDED: Final = """
UPDATE pipeline_steprun AS step
SET state = CASE WHEN new.state = 'posted' THEN 'done' ELSE 'failed' END,
    note = CASE WHEN new.state = 'posted' THEN '' ELSE new.reason END,
    finished_at = CASE WHEN new.state = 'posted' THEN now() END
FROM unnest(%b::bigint[], %b::text[], %b::text[]) AS new (command, state, reason)
WHERE step.command_id = new.command AND step.state IN ('queued', 'failed')
RETURNING step.run_id, step.record_key
"""
_HELD: Final = """
SELECT id, run_id FROM pipeline_steprun WHERE state = 'held' AND record_key = ANY(%s) ORDER BY id
"""


def follow(connection_id: int, endings: Sequence[Ending], *, at: datetime) -> set[int]:
    """
    Steps that waited for these commands go on. Says which connections got commands by it; they are
    to be woken once the transaction has committed.
    """
    journals = [
        ending.work.subject_id
        for ending in endings
        if ending.work.subject_kind == JOURNAL and ending.row.state is State.POSTED
    ]
    due: set[int] = set()
    if journals:
        due |= {row.id for row in sql.rows(_POSTED, (journals,)) if row.state != "done"}
    ended = [
        ending
        for ending in endings
        if ending.work.subject_kind != JOURNAL
        and ending.row.state in (State.POSTED, State.EXCEPTION)
    ]
    if not due and not ended:
        return set()
    woken: set[int] = set()
    held: set[int] = set()
    if ended:
        _references(connection_id, ended, at=at)
        values = (
            [ending.work.id for ending in ended],
            [ending.row.state.value for ending in ended],
            [ending.row.reason for ending in ended],
        )
        rows = sql.rows(_ENDED, values)
        due |= {row.run_id for row in rows}
        keys = [row.record_key for row in rows if row.record_key]
        waiting = sql.rows(_HELD, (keys,)) if keys else []
        held = {row.id for row in waiting}
        due |= {row.run_id for row in waiting}
        due |= undo.ended(*values)
    states.settle(due)
    woken |= undo.go_on(sorted(due), at=at)
    return woken | release([*held, *ready(sorted(due))], at=at)


_UNREADY: Final = """
SELECT id FROM pipeline_steprun WHERE state = 'unready' AND next_at <= now()
ORDER BY next_at LIMIT %s FOR UPDATE SKIP LOCKED
"""


def look_again(*, most: int = 200) -> set[int]:
    """
    Steps that wait for a record of their target look again. Says which connections got commands;
    they are to be woken once the transaction has committed.
    """
    row = sql.one("SELECT now() AS now")
    assert row is not None
    return release([found.id for found in sql.rows(_UNREADY, (most,))], at=row.now)


def _references(connection_id: int, ended: Sequence[Ending], *, at: datetime) -> None:
    """The target's own id of what it made for us."""
    made = [
        (connection_id, what.makes, ending.row.external_id or "", work.subject_kind,
         work.subject_id)
        for ending in ended
        for work in (ending.work,)
        if ending.row.state is State.POSTED
        and (what := CAPABILITIES.get(work.kind)) is not None
        and what.makes
    ]  # fmt: skip
    REFERENCES.insert(made, "ON CONFLICT DO NOTHING")
    sold.link_answers(
        connection_id, [values[2] for values in made if values[1] == sold.PROVISIONED], at=at
    )
