"""How far requests are: asked, decided, credit note, memo, told. A few queries for a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from approvals.models import ApprovalRequest
from approvals.queries.ladder import ladder
from revops.credits import life
from revops.credits.models import ServiceCredit
from revops.credits.queries.backwards import stages_back
from revops.credits.queries.stages import Stage
from revops.kernel import clock
from revops.store import sql
from revops.web.formats import MONTHS

_NOTES: Final = """
SELECT run.record_id AS id, step.state, step.note, command.state AS command,
    coalesce(command.reason, '') AS reason, open.id AS case_id
FROM pipeline_flowrun run
JOIN pipeline_steprun step ON step.run_id = run.id AND step.step = 'billing.credit_note.create'
    AND step.state <> 'skipped'
LEFT JOIN delivery_outboundcommand command ON command.id = step.command_id
LEFT JOIN exceptions_case open ON open.command_id = command.id AND open.state <> 'resolved'
WHERE run.flow = 'credit.approved' AND run.record_kind = 'credit' AND run.record_id = ANY(%s)
ORDER BY run.id
"""
_MEMOS: Final = """
SELECT entry.record_id AS id, max(entry.id) AS entry_id, max(entry.recorded_at) AS recorded_at,
    count(command.id) AS commands,
    count(*) FILTER (WHERE command.state NOT IN ('posted', 'cancelled')) AS open,
    count(*) FILTER (WHERE command.state = 'exception') AS failed,
    max(command.external_number) AS number, max(connection.label) AS system
FROM ledger_journalentry entry
LEFT JOIN delivery_outboundcommand command ON command.subject_kind = 'journal'
    AND command.subject_id = entry.id AND command.lane = 'primary'
LEFT JOIN connectors_connection connection ON connection.id = command.connection_id
WHERE entry.record_kind = 'credit' AND entry.document_type = 'credit' AND entry.record_id = ANY(%s)
GROUP BY entry.record_id
"""
_TOLD: Final = """
SELECT run.record_id AS id, step.step, step.state, step.finished_at, step.note,
    connection.label AS system
FROM pipeline_flowrun run JOIN pipeline_steprun step ON step.run_id = run.id
JOIN connectors_connection connection ON connection.id = step.connection_id
WHERE run.flow = 'credit.issued' AND run.record_kind = 'credit' AND run.record_id = ANY(%s)
ORDER BY run.id, step.position
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """``stages`` in order; ``waits_for`` is a person, a role, a system or nobody."""

    stages: Sequence[Stage]
    waits_for: str
    hint: str = ""

    @property
    def now(self) -> Stage:
        """The stage that it is at."""
        for stage in self.stages:
            if stage.state in ("here", "stuck", "stopped"):
                return stage
        return self.stages[-1]


def progress(credits: Iterable[ServiceCredit]) -> dict[int, Progress]:
    """By request id. Credits come with ``asked_by``, ``record`` and ``memo`` loaded."""
    rows = list(credits)
    records = [row.record_id for row in rows if row.record_id]
    memos = [row.memo_id for row in rows if row.memo_id]
    notes = {row.id: row for row in sql.rows(_NOTES, (records,))} if records else {}
    posted = {row.id: row for row in sql.rows(_MEMOS, (memos,))} if memos else {}
    told: dict[int, list[Any]] = {}
    for row in sql.rows(_TOLD, (memos,)) if memos else ():
        told.setdefault(row.id, []).append(row)
    waiting = {
        one.pk: one
        for one in ApprovalRequest.objects.filter(
            pk__in=[row.approval_id for row in rows if row.state == life.WAITING]
        )
    }
    back = stages_back(rows)
    return {
        row.pk: _of(
            row,
            notes.get(row.record_id or 0),
            posted.get(row.memo_id or 0),
            told.get(row.memo_id or 0, []),
            waiting.get(row.approval_id or 0),
            back.get(row.pk, ()),
        )
        for row in rows
    }


def stages_of(credit: ServiceCredit) -> Sequence[Stage]:
    return progress([credit])[credit.pk].stages


def _of(
    row: ServiceCredit, note: Any, memo: Any, told: Sequence[Any],
    request: ApprovalRequest | None, back: Sequence[Stage],
) -> Progress:  # fmt: skip
    stages = [
        _asked(row), _decided(row), _note(row, note), _memo(row, memo), _told(row, told), *back,
    ]  # fmt: skip
    waits, hint = _waits(row, stages, request)
    return Progress(stages, waits, hint)


def _asked(row: ServiceCredit) -> Stage:
    if row.state == life.DRAFT and row.approval_id is not None:
        return Stage("asked", "Sent back", "here", row.updated_at, row.answer)
    if row.state == life.DRAFT:
        return Stage("asked", "Draft", "here", row.created_at)
    if row.sent_at is None:
        return Stage("asked", life.STATES[row.state], "stopped", row.ended_at, row.answer)
    return Stage("asked", "Asked", "done", row.sent_at)


def _decided(row: ServiceCredit) -> Stage:
    if row.state == life.DRAFT or (row.sent_at is None):
        return Stage("decided", "Decided", "later")
    if row.state == life.WAITING:
        return Stage("decided", "Waiting for approval", "here", row.sent_at)
    if row.state in (life.REJECTED, life.WITHDRAWN, life.EXPIRED):
        return Stage("decided", life.STATES[row.state], "stopped", row.decided_at, row.answer)
    return Stage("decided", "Approved", "done", row.decided_at, f"by {row.decided_by}")


def _note(row: ServiceCredit, note: Any) -> Stage:
    title = "Credit note in billing"
    if row.memo is not None:
        return Stage("note", title, "done", row.issued_at, row.memo.number or row.memo.source_id)
    if row.state not in (life.APPROVED, life.ISSUING):
        return Stage("note", title, "later")
    if note is not None and (note.state == "failed" or note.command == "exception"):
        return Stage("note", title, "stuck", None, note.reason or note.note, note.case_id)
    if note is not None and note.state == "unready":
        return Stage("note", title, "stuck", None, note.note)
    return Stage("note", title, "here", row.decided_at, "Billing is asked for it.")


def _memo(row: ServiceCredit, memo: Any) -> Stage:
    title = "Credit memo in the ERP"
    if row.memo is None:
        return Stage("memo", title, "later")
    if memo is None:
        return Stage("memo", title, "here", row.issued_at, "Its journal is being made.")
    if not memo.commands:
        return Stage("memo", title, "done", memo.recorded_at, "Booked; no ERP keeps these books.")
    if memo.failed:
        return Stage("memo", title, "stuck", None, f"{memo.system} did not take it.")
    if memo.open:
        return Stage("memo", title, "here", memo.recorded_at, f"On its way to {memo.system}.")
    return Stage("memo", title, "done", row.posted_at, " ".join((memo.system, memo.number or "")))


def _told(row: ServiceCredit, told: Sequence[Any]) -> Stage:
    title = "Others told"
    if row.memo is None or row.posted_at is None:
        return Stage("told", title, "later")
    failed = [one for one in told if one.state == "failed"]
    if failed:
        return Stage("told", title, "stuck", None, f"{failed[0].system} did not take it.")
    under_way = [one for one in told if one.state in ("waiting", "held", "unready", "queued")]
    if under_way:
        return Stage("told", title, "here", None, f"{under_way[0].system} is being told.")
    names = ", ".join(dict.fromkeys(one.system for one in told if one.state == "done"))
    at = max((one.finished_at for one in told if one.finished_at), default=row.posted_at)
    return Stage("told", title, "done", at, names or "Nobody else is connected.")


def _waits(
    row: ServiceCredit, stages: Sequence[Stage], request: ApprovalRequest | None
) -> tuple[str, str]:
    if row.state == life.DRAFT:
        owner = row.asked_by.name if row.asked_by else "Support"
        return owner, "answer and send again" if row.approval_id else "not sent yet"
    if row.state == life.WAITING:
        rung = (
            next((one for one in ladder(request) if one.state == "waiting"), None)
            if request
            else None
        )
        return (rung.words if rung else "An approver"), _due(request) if request else ""
    stuck = next((one for one in stages if one.state == "stuck"), None)
    if stuck is not None:
        return "Finance", stuck.note
    here = next((one for one in stages if one.state == "here"), None)
    if here is not None and here.slug == "reversal":
        return "An approver", "to take it back"
    if here is not None:
        return "The console", here.title
    return "Nobody", "the customer can be told" if row.state == life.ISSUED else "done"


def _due(request: ApprovalRequest) -> str:
    """“tier 2, due 24 November”; the day is UTC’s."""
    if request.due_at is None:
        return f"tier {request.tier}"
    word = "late since" if request.due_at < clock.now() else "due"
    day = request.due_at
    return f"tier {request.tier}, {word} {day.day} {MONTHS[day.month - 1]}"
