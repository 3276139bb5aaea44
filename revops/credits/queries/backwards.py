"""How far taking back is: agreed, voided in billing, mirrored in the ERP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from revops.credits import life
from revops.credits.models import ServiceCredit
from revops.credits.queries.stages import Stage
from revops.store import sql

_VOIDS: Final = """
SELECT run.record_id AS id, step.undo_state AS state, step.undo_note AS note,
    command.state AS command, coalesce(command.reason, '') AS reason, open.id AS case_id
FROM pipeline_flowrun run
JOIN pipeline_steprun step ON step.run_id = run.id AND step.step = 'billing.credit_note.create'
    AND step.undo_state <> ''
LEFT JOIN delivery_outboundcommand command ON command.id = step.undo_command_id
LEFT JOIN exceptions_case open ON open.command_id = command.id AND open.state <> 'resolved'
WHERE run.flow = 'credit.approved' AND run.record_kind = 'credit' AND run.record_id = ANY(%s)
ORDER BY run.id
"""
_MIRRORS: Final = """
SELECT entry.record_id AS id, max(entry.recorded_at) AS recorded_at, count(command.id) AS commands,
    count(*) FILTER (WHERE command.state NOT IN ('posted', 'cancelled')) AS open,
    count(*) FILTER (WHERE command.state = 'exception') AS failed,
    max(command.external_number) AS number, max(connection.label) AS system,
    max(command.finished_at) AS finished_at
FROM ledger_journalentry entry
LEFT JOIN delivery_outboundcommand command ON command.subject_kind = 'journal'
    AND command.subject_id = entry.id AND command.lane = 'primary'
LEFT JOIN connectors_connection connection ON connection.id = command.connection_id
WHERE entry.record_kind = 'credit' AND entry.document_type = 'void' AND entry.record_id = ANY(%s)
GROUP BY entry.record_id
"""


def stages_back(rows: Sequence[ServiceCredit]) -> dict[int, Sequence[Stage]]:
    """The stages of what is or was taken back, by request id; no query where nothing is."""
    taken = [row for row in rows if row.reversing or row.state == life.REVERSED]
    if not taken:
        return {}
    voids = {row.id: row for row in sql.rows(_VOIDS, ([row.record_id for row in taken],))}
    mirrors = {row.id: row for row in sql.rows(_MIRRORS, ([row.memo_id for row in taken],))}
    return {
        row.pk: (
            _agreed(row),
            _voided(row, voids.get(row.record_id)),
            _mirrored(row, mirrors.get(row.memo_id)),
        )
        for row in taken
    }


def _agreed(row: ServiceCredit) -> Stage:
    if row.reversing == life.ASKED:
        return Stage("reversal", "Waits for a yes to taking it back", "here", row.updated_at)
    if row.reversal_id is None:
        return Stage("reversal", "Taken back", "done", row.ended_at, "in billing itself")
    return Stage("reversal", "Taking it back was agreed", "done", None)


def _voided(row: ServiceCredit, void: Any) -> Stage:
    title = "Credit note voided in billing"
    if row.state == life.REVERSED:
        return Stage("voided", title, "done", row.ended_at)
    if row.reversing == life.ASKED:
        return Stage("voided", title, "later")
    if void is not None and (void.state == "failed" or void.command == "exception"):
        return Stage("voided", title, "stuck", None, void.reason or void.note, void.case_id)
    return Stage("voided", title, "here", row.updated_at, "Billing is asked for it.")


def _mirrored(row: ServiceCredit, mirror: Any) -> Stage:
    title = "Reversing journal in the ERP"
    if row.state != life.REVERSED:
        return Stage("mirrored", title, "later")
    if mirror is None:
        return Stage("mirrored", title, "here", row.ended_at, "Its journal is being made.")
    if not mirror.commands:
        return Stage("mirrored", title, "done", mirror.recorded_at, "No ERP keeps these books.")
    if mirror.failed:
        return Stage("mirrored", title, "stuck", None, f"{mirror.system} did not take it.")
    if mirror.open:
        return Stage("mirrored", title, "here", None, f"On its way to {mirror.system}.")
    name = " ".join((mirror.system, mirror.number or ""))
    return Stage("mirrored", title, "done", mirror.finished_at, name)
