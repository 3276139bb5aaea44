"""
Journals and invoices into Tryton: look, draft, post, read back, tie to the invoices that are
settled; set-wise, and each with its own outcome.

Why this cannot post twice although Tryton has no unique key: creating makes only drafts, and what
is posted is a draft's id that was read after the last doubt. A creation that commits late leaves a
draft, which the next attempt finds and uses, or deletes when there is another one; deleting it
also ends any posting of it that may still be on its way. See README.md, “Never twice”.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors import sending
from connectors.contract import Command, Found, Outcome, Receipt
from connectors.problem import Problem
from connectors.sending import fail_all, leave, unfinished
from connectors.shelf import Shelf
from connectors.systems.tryton import drafting, journal, paying, refusals, settling
from connectors.systems.tryton.books import Library
from connectors.systems.tryton.jobs import Job
from connectors.systems.tryton.lookup import by_ids
from connectors.systems.tryton.wire import SYSTEM, Tryton


async def run(
    tryton: Tryton, shelf: Shelf[Tryton, Library], commands: Sequence[Command]
) -> list[Receipt]:
    """One receipt for each command, in order. Never raises."""
    return await sending.run(SYSTEM, commands, _begin, lambda jobs: _work(tryton, shelf, jobs))


def _begin(command: Command) -> Job:
    posting = journal.read(command.kind, command.payload)
    return Job(command, posting, drafted=command.drafted_id)


async def _work(tryton: Tryton, shelf: Shelf[Tryton, Library], given: Sequence[Job]) -> None:
    stale = settling.MAY_BE_STALE
    library = await sending.placed(tryton, shelf, given, settling.placed, stale=stale)
    jobs = unfinished(given)
    if jobs:
        await settling.look(tryton, library, jobs)
        jobs = unfinished(jobs)
        await drafting.create(tryton, library, jobs)
        if len(unfinished(jobs)) < len(jobs):
            # Something in the books may have changed: the next call reads them again.
            shelf.forget(tryton)
        jobs = unfinished(jobs)
    if jobs:
        await _post(tryton, library, jobs)
        await _read_back(tryton, library, unfinished(jobs))
    await paying.settle(tryton, library, given)


async def _post(tryton: Tryton, library: Library, jobs: Sequence[Job]) -> None:
    """Those that were posted have no receipt yet afterwards: they are read back."""
    groups: dict[tuple[str, int], list[Job]] = {}
    for job in jobs:
        assert job.books is not None
        # Tryton 8.2.1 fails when one call posts for two companies.
        groups.setdefault((job.form.kind, job.books.company), []).append(job)
    calls = [
        group[start : start + group[0].form.at_once]
        for group in groups.values()
        for start in range(0, len(group), group[0].form.at_once)
    ]
    for index, call in enumerate(calls):
        if not await _post_group(tryton, library, call):
            for later in calls[index + 1 :]:
                leave(later)
            return


async def _post_group(tryton: Tryton, library: Library, jobs: Sequence[Job]) -> bool:
    """False when the next ones should not be tried now."""
    if len(jobs) > 1 and tryton.posts_in_batches:
        try:
            if await _together(tryton, jobs):
                return True
        except Problem as problem:
            fail_all(jobs, problem)
            return False
    for index, job in enumerate(jobs):
        if not await _alone(tryton, library, job):
            leave(jobs[index + 1 :])
            return False
    return True


async def _together(tryton: Tryton, jobs: Sequence[Job]) -> bool:
    """
    All in one transaction. False when Tryton refused one of them and so posted none; each is then
    tried by itself, once. Raises Problem.
    """
    method = f"model.{jobs[0].form.model}.post"
    try:
        result = await tryton.rpc(method, [int(job.number) for job in jobs])
    except Problem as problem:
        if problem.outcome is Outcome.REFUSED:
            return False
        raise
    if result is not None:
        raise Problem(Outcome.IN_DOUBT, "garbled", "Tryton answered a posting oddly.")
    return True


async def _alone(tryton: Tryton, library: Library, job: Job) -> bool:
    """False when the next one should not be tried now."""
    form = job.form
    try:
        posted: Any = await tryton.action(f"{form.model}/{job.number}/post?f=state", {})
        if not isinstance(posted, dict) or posted.get("state") not in ("posted", "paid"):
            raise Problem(Outcome.IN_DOUBT, "garbled", "Tryton answered a posting oddly.")
    except Problem as problem:
        if problem.code == "already_posted":
            return True
        if problem.status == 404:
            job.drafted = ""
            job.end(Outcome.TRANSIENT, "draft_gone", "Somebody deleted the draft in Tryton.")
            return True
        if form.invoice and problem.status == 403:
            problem = await _why(tryton, library, job, problem)
        if problem.outcome is Outcome.REFUSED:
            await _withdraw(tryton, job)
        job.fail(problem)
        return problem.outcome is Outcome.REFUSED
    return True


async def _why(tryton: Tryton, library: Library, job: Job, problem: Problem) -> Problem:
    """
    What is behind a 403: the lines of an invoice's move are made when it is posted, and for a
    closed journal-period this door hides Tryton's words.
    """
    assert job.period is not None
    place = [["journal", "=", library.revenue_journal], ["period", "=", job.period.id]]
    try:
        closed = await tryton.search(
            "account.journal.period",
            [*place, ["state", "=", "closed"]],
            ["journal.name"],
        )
    except Problem:
        return problem
    if not closed:
        return problem
    reason = refusals.closed(job.period.name, closed[0]["journal."]["name"])
    return Problem(Outcome.REFUSED, "period_closed", reason, status=problem.status)


async def _withdraw(tryton: Tryton, job: Job) -> None:
    """Delete a refused draft, which would keep Tryton's period from being closed."""
    try:
        await tryton.delete(job.form.model, job.number)
    except Problem as problem:
        if problem.status != 404:
            return
    job.drafted = ""


async def _read_back(tryton: Tryton, library: Library, jobs: Sequence[Job]) -> None:
    """Number and content of what was posted. Posted it is, even when this read fails."""
    if not jobs:
        return
    try:
        held = await by_ids(tryton.unhurried(), library, [job.drafted for job in jobs])
    except Problem:
        held = {job.drafted: Found(job.drafted, "", True, job.content) for job in jobs}
    for job in jobs:
        document = held.get(job.drafted)
        if document is None or not document.posted:
            job.end(Outcome.IN_DOUBT, "garbled", "Tryton said posted, and then that it is not.")
        else:
            word, content = job.wanted.word, job.content
            sending.judge(SYSTEM, word, job, [document], content=content, outcome=Outcome.OK)
