"""From commands to drafts: refuse what cannot go, find what is there, create what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.contract import Found, Outcome
from connectors.systems.tryton import moves
from connectors.systems.tryton.answers import Problem
from connectors.systems.tryton.books import Library, Shelf, party_ids
from connectors.systems.tryton.jobs import Job, leave
from connectors.systems.tryton.lookup import by_ids, by_keys
from connectors.systems.tryton.moves import Unfit
from connectors.systems.tryton.wire import Tryton

# Refused because of something that may have changed in Tryton since the books were read.
_MAY_BE_STALE = (
    "account_unknown",
    "company_missing",
    "journal_missing",
    "period_closed",
    "period_missing",
)


async def prepare(tryton: Tryton, shelf: Shelf, jobs: Sequence[Job]) -> Library:
    """Refuse what can be told without a write. What it was told by. Raises Problem."""
    library = await shelf.get(tryton)
    stale = _check(jobs, library, again=True)
    if stale:
        library = await shelf.get(tryton, fresh=True)
        _check(stale, library, again=False)
    return library


def _check(jobs: Iterable[Job], library: Library, *, again: bool) -> list[Job]:
    """Set each job's books and period. With ``again``, gives those that need fresher books."""
    stale = []
    for job in jobs:
        try:
            job.books, job.period = moves.place(job.journal, library)
        except Unfit as unfit:
            if again and unfit.code in _MAY_BE_STALE:
                stale.append(job)
            else:
                job.end(Outcome.REFUSED, unfit.code, unfit.reason)
    return stale


async def look(tryton: Tryton, library: Library, jobs: Sequence[Job]) -> None:
    """Settle what Tryton holds under our keys already, posted or as drafts. Raises Problem."""
    held = await by_keys(tryton, library, [job.command.key for job in jobs])
    astray = [job for job in jobs if job.command.drafted_id and job.command.key not in held]
    if astray:
        # A person may have changed the description of a draft that we know by its id.
        drafts = await by_ids(tryton, library, [job.command.drafted_id for job in astray])
        for job in astray:
            if job.command.drafted_id in drafts:
                held[job.command.key] = [drafts[job.command.drafted_id]]
    for job in jobs:
        job.draft = ""
        known = held.get(job.command.key)
        if known:
            await _reuse(tryton, job, known)


async def _reuse(tryton: Tryton, job: Job, known: Sequence[Found]) -> None:
    posted = [move for move in known if move.posted]
    drafts = [move for move in known if not move.posted]
    other = next((move for move in known if move.content_sha256 != job.content), None)
    if len(posted) > 1:
        numbers = ", ".join(move.external_number for move in posted)
        job.end(Outcome.REFUSED, "duplicate", f"Tryton holds this journal twice: {numbers}.")
        return
    if other is not None:
        name = other.external_number or f"draft {other.external_id}"
        reason = f"Tryton holds {name} under this key with other content."
        job.end(Outcome.REFUSED, "conflict", reason, external_id=other.external_id)
        return
    if not posted:
        known_one = (move for move in drafts if move.external_id == job.command.drafted_id)
        job.draft = next(known_one, drafts[0]).external_id
    try:
        for move in drafts:
            if move.external_id != job.draft:
                await tryton.delete("account.move", move.external_id)
    except Problem as problem:
        # It may have been posted or deleted since: the next attempt will see which.
        job.fail(problem, outcome=Outcome.TRANSIENT)
        return
    if posted:
        job.done(Outcome.ALREADY_DONE, posted[0])


async def create(tryton: Tryton, library: Library, jobs: Sequence[Job]) -> None:
    """Drafts for those that have none, with the parties that they need."""
    wanting = [job for job in jobs if not job.draft]
    if not wanting:
        return
    customers: dict[str, str] = {}
    for job in wanting:
        assert job.books is not None
        customers |= job.journal.customers(job.books)
    try:
        parties = await party_ids(tryton, customers) if customers else {}
    except Problem as problem:
        # Parties have a unique code: whatever became of them, no move exists.
        outcome = Outcome.TRANSIENT if problem.outcome is Outcome.IN_DOUBT else None
        _fail(wanting, problem, outcome)
        leave(jobs)
        return
    drafts = [_draft(job, library, parties) for job in wanting]
    if len(wanting) > 1:
        try:
            if await _together(tryton, wanting, drafts):
                return
        except Problem as problem:
            _fail(wanting, problem)
            leave(jobs)
            return
    for job, draft in zip(wanting, drafts, strict=True):
        if not await _alone(tryton, job, draft):
            leave(jobs)
            return


def _draft(job: Job, library: Library, parties: Mapping[str, int]) -> dict[str, Any]:
    assert job.books is not None
    assert job.period is not None
    assert library.journal is not None
    return moves.values(
        job.command.key, job.journal, job.books, job.period, parties, in_journal=library.journal
    )


def _fail(jobs: Iterable[Job], problem: Problem, outcome: Outcome | None = None) -> None:
    for job in jobs:
        job.fail(problem, outcome=outcome)


async def _together(tryton: Tryton, jobs: Sequence[Job], drafts: Sequence[Any]) -> bool:
    """
    All drafts in one transaction. False when Tryton refused: it then holds none of them, and each
    is tried by itself, once, to learn which ones are at fault. Raises Problem.
    """
    try:
        made = await tryton.action("account.move/create", {"vlist": drafts})
    except Problem as problem:
        # By this door Tryton answers 403 to some refusals of content, without saying why.
        if problem.outcome is Outcome.REFUSED or problem.status == 403:
            return False
        raise
    if not isinstance(made, list) or len(made) != len(jobs):
        raise Problem(Outcome.IN_DOUBT, "garbled", "Tryton did not name its new drafts.")
    for job, number in zip(jobs, made, strict=True):
        job.draft = str(number)
    return True


async def _alone(tryton: Tryton, job: Job, draft: Any) -> bool:
    """False when the next one should not be tried now."""
    try:
        made = await tryton.action("account.move?f=state", draft)
        if not isinstance(made, dict) or type(made.get("id")) is not int:
            raise Problem(Outcome.IN_DOUBT, "garbled", "Tryton did not name its new draft.")
    except Problem as problem:
        job.fail(problem)
        return problem.outcome is Outcome.REFUSED
    job.draft = str(made["id"])
    return True
