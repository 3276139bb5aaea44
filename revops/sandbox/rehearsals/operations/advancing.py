"""
The next step of the rehearsal that runs. Any number of workers may call it at once.

A claim raises the fence and puts the next try a while ahead; the step calls sandboxes outside of
any transaction, and only whoever still holds the fence writes down what became of it. A worker that
is killed leaves a claim that runs out: its step is done again, which breaks what is broken already,
and issues some invoices more. What was broken is mended at the end whoever ended it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from revops.kernel import clock
from revops.pipeline import fetch, sources
from revops.sandbox.rehearsals import catalogue, doors, queries, systems, throwing
from revops.sandbox.rehearsals.catalogue import OTHERS
from revops.sandbox.rehearsals.models import Drill, DrillState, Rehearsal, RehearsalState
from revops.sandbox.rehearsals.operations.counting import conclude
from revops.sandbox.rehearsals.report import Report
from revops.store import sql

log = structlog.get_logger(__name__)

_LEASE: Final = timedelta(seconds=60)
_LOOK: Final = timedelta(seconds=4)
# A sandbox that does not take its faults back is asked again so often; then it is said.
_TRIES: Final = 30

_CLAIM: Final = """
UPDATE rehearsals_rehearsal SET fence = fence + 1, due_at = %(until)s
WHERE id = (
    SELECT id FROM rehearsals_rehearsal WHERE live AND due_at <= %(now)s
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id
"""

Change = Callable[[Rehearsal], None]


def advance(now: datetime | None = None) -> bool:
    """Do one step of the rehearsal that is due. False when none is."""
    at = now or clock.now()
    claim = sql.one(_CLAIM, {"now": at, "until": at + _LEASE})
    if claim is None:
        return False
    rehearsal = Rehearsal.objects.get(pk=claim.id)
    if rehearsal.state == RehearsalState.RUNNING:
        _run(rehearsal, at)
    elif rehearsal.state == RehearsalState.SETTLING:
        _settle(rehearsal, at)
    else:
        _stop(rehearsal, at)
    return True


def _run(rehearsal: Rehearsal, at: datetime) -> None:
    rows = list(rehearsal.drills.order_by("position"))
    row = next((one for one in rows if one.state == DrillState.RUNNING), None)
    if row is not None:
        _lift(rehearsal, row, at)
        return
    row = next((one for one in rows if one.state == DrillState.WAITING), None)
    if row is not None:
        _throw(rehearsal, row, at)
        return

    def settles(held: Rehearsal) -> None:
        held.state = RehearsalState.SETTLING
        held.settles_by, held.due_at = at + timedelta(seconds=catalogue.PATIENCE_S), at

    _write(rehearsal, settles)


def _throw(rehearsal: Rehearsal, row: Drill, at: datetime) -> None:
    drill = catalogue.drill(row.slug)
    row.began_at = at
    if drill is None:
        row.state, row.said, row.ended_at = DrillState.FAILED, "This drill is no more.", at
        _write(rehearsal, _due(at), row)
        return
    facts = dict(rehearsal.facts)
    try:
        row.said = throwing.throw(drill, facts, name=str(rehearsal))
    except doors.NotPossible as problem:
        # Broken or not, what it would have broken is mended before the next one.
        row.state, row.said, row.lifts_at = DrillState.RUNNING, str(problem), at
        facts["failed"] = [*facts.get("failed", []), row.slug]
        log.info("rehearsals.not_possible", rehearsal=str(rehearsal), drill=row.slug)
    else:
        row.state, row.lifts_at = DrillState.RUNNING, at + timedelta(seconds=drill.seconds)

    def thrown(held: Rehearsal) -> None:
        held.facts, held.due_at, held.tries = facts, row.lifts_at, 0

    _write(rehearsal, thrown, row)


def _lift(rehearsal: Rehearsal, row: Drill, at: datetime) -> None:
    if row.lifts_at is not None and at < row.lifts_at:
        _write(rehearsal, _due(row.lifts_at))
        return
    if _strikes_yet(row, at):
        _write(rehearsal, _due(at + _LOOK))
        return
    problem = _mended([row])
    if problem and rehearsal.tries < _TRIES:
        _write(rehearsal, _again(problem, at))
        return
    failed = row.slug in rehearsal.facts.get("failed", [])
    row.state, row.ended_at = DrillState.FAILED if failed else DrillState.OVER, at
    if problem:
        row.state, row.said = DrillState.FAILED, f"{problem} It may still be broken."
    drill = catalogue.drill(row.slug)
    if drill is not None and drill.asks and not problem:
        for strike in systems.strikes(drill):
            if strike.system.tells:
                fetch.ask_soon(sources.by_slug(strike.system.slug))
    _write(rehearsal, _due(at), row)


def _strikes_yet(row: Drill, at: datetime) -> bool:
    """
    Whether something has not struck once: an ERP may not be called for a while. Nobody waits for
    other systems: it may be that nothing is for them.
    """
    drill = catalogue.drill(row.slug)
    if drill is None or row.began_at is None or row.lifts_at == row.began_at:
        return False
    if at >= row.began_at + timedelta(seconds=catalogue.LONGEST_S):
        return False
    return any(
        _idle(strike) for strike in systems.strikes(drill)
        if strike.counted and strike.system.party != OTHERS
    )  # fmt: skip


def _idle(strike: systems.Strike) -> bool:
    try:
        left = doors.get(strike.system.slug, "faults")
    except doors.NotPossible:
        return False
    return any(left.get(name, {}).get("times") == most for name, most in strike.counted.items())


def _settle(rehearsal: Rehearsal, at: datetime) -> None:
    late = rehearsal.settles_by is None or at >= rehearsal.settles_by
    report = _counted(rehearsal)
    over = late or (report is not None and report.settled)

    def counted(held: Rehearsal) -> None:
        if report is not None:
            held.counted = report.stored()
        held.due_at = at + _LOOK
        if over:
            _end(held, RehearsalState.DONE, report, at)

    _write(rehearsal, counted)


def _stop(rehearsal: Rehearsal, at: datetime) -> None:
    """All of its drills are mended: one may have begun that nobody wrote down."""
    rows = list(rehearsal.drills.order_by("position"))
    problem = _mended(rows)
    if problem and rehearsal.tries < _TRIES:
        _write(rehearsal, _again(problem, at))
        return
    for row in rows:
        if row.state == DrillState.RUNNING:
            row.state, row.ended_at = DrillState.OVER, at
        elif row.state == DrillState.WAITING:
            row.state = DrillState.SKIPPED
    report = _counted(rehearsal)

    def stopped(held: Rehearsal) -> None:
        if problem:
            held.note = f"{held.note} {problem} It may still be broken.".strip()
        _end(held, RehearsalState.STOPPED, report, at)

    _write(rehearsal, stopped, *rows)


def _mended(rows: Sequence[Drill]) -> str:
    """Switch off what these drills switch on; why that was not possible, or “”."""
    problem = ""
    known = systems.all_of()
    for row in rows:
        drill = catalogue.drill(row.slug)
        for strike in systems.strikes(drill, known) if drill is not None else ():
            try:
                doors.post(strike.system.slug, "faults", strike.mended)
            except doors.NotPossible as error:
                problem = str(error)
    return problem


def _counted(rehearsal: Rehearsal) -> Report | None:
    try:
        return queries.count(rehearsal)
    except doors.NotPossible as problem:
        log.info("rehearsals.not_counted", rehearsal=str(rehearsal), why=str(problem))
        return None


def _end(held: Rehearsal, state: RehearsalState, report: Report | None, at: datetime) -> None:
    held.state, held.live, held.due_at, held.ended_at = state, None, None, at
    if report is None:
        held.note = f"{held.note} The systems could not be counted.".strip()
    else:
        conclude(held, report, at=at)


def _due(at: datetime) -> Change:
    def due(held: Rehearsal) -> None:
        held.due_at, held.tries, held.note = at, 0, ""

    return due


def _again(problem: str, at: datetime) -> Change:
    def again(held: Rehearsal) -> None:
        held.due_at, held.tries = at + _LOOK, held.tries + 1
        if held.state == RehearsalState.RUNNING:
            held.note = f"{problem} It is asked again."

    return again


def _write(rehearsal: Rehearsal, change: Change, *rows: Drill) -> None:
    """Write down what a step did, if nobody has claimed or stopped the rehearsal since."""
    with transaction.atomic():
        held = Rehearsal.objects.select_for_update(of=("self",)).get(pk=rehearsal.pk)
        if held.fence != rehearsal.fence:
            return
        change(held)
        held.save()
        for row in rows:
            row.save()
