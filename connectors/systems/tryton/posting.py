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

from connectors.contract import Command, Found, Outcome, Receipt
from connectors.problem import Problem
from connectors.systems.tryton import drafting, forms, paying, refusals, settling
from connectors.systems.tryton.books import Library, Shelf
from connectors.systems.tryton.jobs import Job, fail_all, leave, unfinished
from connectors.systems.tryton.journal import KEY, Journal, Unfit
from connectors.systems.tryton.lookup import by_ids
from connectors.systems.tryton.wire import Tryton


async def run(tryton: Tryton, shelf: Shelf, commands: Sequence[Command]) -> list[Receipt]:
    """One receipt for each command, in order."""
    jobs = [_job(command) for command in commands]
    given = [job for job in jobs if isinstance(job, Job)]
    try:
        await _work(tryton, shelf, given)
    except Problem as problem:
        # Reads only come here; what was written has its outcome.
        for job in unfinished(given):
            job.fail(problem)
    return [job if isinstance(job, Receipt) else _receipt(job) for job in jobs]


def _job(command: Command) -> Job | Receipt:
    if command.kind not in forms.BY_KIND or not KEY.fullmatch(command.key):
        reason = "This is nothing that Tryton can be asked to do."
        return Receipt(Outcome.REFUSED, code="refused", reason=reason)
    try:
        return Job(command, Journal.of(command.payload), draft=command.drafted_id)
    except Unfit as unfit:
        return Receipt(Outcome.REFUSED, code=unfit.code, reason=unfit.reason)


def _receipt(job: Job) -> Receipt:
    assert job.receipt is not None
    return job.receipt


async def _work(tryton: Tryton, shelf: Shelf, given: Sequence[Job]) -> None:
    if not given:
        return
    library = await settling.prepare(tryton, shelf, given)
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
            job.draft = ""
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
    job.draft = ""


async def _read_back(tryton: Tryton, library: Library, jobs: Sequence[Job]) -> None:
    """Number and content of what was posted. Posted it is, even when this read fails."""
    if not jobs:
        return
    try:
        held = await by_ids(tryton.unhurried(), library, [job.draft for job in jobs])
    except Problem:
        held = {job.draft: Found(job.draft, "", True, job.content) for job in jobs}
    for job in jobs:
        document = held.get(job.draft)
        if document is None or not document.posted:
            job.end(Outcome.IN_DOUBT, "garbled", "Tryton said posted, and then that it is not.")
        elif document.content_sha256 != job.content:
            job.draft = ""
            job.end(
                Outcome.REFUSED,
                "conflict",
                f"Tryton posted it as {document.external_number}, but with other content.",
                external_id=document.external_id,
                external_number=document.external_number,
            )
        else:
            job.done(Outcome.OK, document)
