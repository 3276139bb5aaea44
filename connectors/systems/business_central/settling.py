"""Before anything is made: refuse what cannot go, and settle what is there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connectors import sending
from connectors.contract import Outcome
from connectors.postings import JOURNAL, PAYMENT
from connectors.problem import Problem
from connectors.sending import unfinished
from connectors.systems.business_central import lookup
from connectors.systems.business_central.books import Books, Library
from connectors.systems.business_central.jobs import Job
from connectors.systems.business_central.lookup import Held
from connectors.systems.business_central.placing import place
from connectors.systems.business_central.wire import SYSTEM, Central, Row

# Refused because of something that may have changed there since the books were read.
MAY_BE_STALE: Final = ("account_unknown", "account_unfit", "company_missing", "period_closed")


def placed(job: Job, library: Library) -> None:
    """Raises Unfit."""
    job.books = place(job.posting, library)


async def look(central: Central, books: Books, jobs: Sequence[Job]) -> None:
    """Settle what Business Central holds under our keys, posted or as drafts. Raises Problem."""
    held = await lookup.by_keys(central, books, [job.key for job in jobs])
    for job in jobs:
        known = held.get(job.key, [])
        drafts = [one for one in known if not one.posted]
        judge(job, [one for one in known if one.posted], outcome=Outcome.ALREADY_DONE)
        if job.receipt is None:
            await _take_up(central, books, job, drafts)
        else:
            await _remove(central, books, job, drafts)


def judge(job: Job, posted: Sequence[Held], *, outcome: Outcome = Outcome.OK) -> None:
    """End a job by what is posted under its key; without anything posted it goes on."""
    found = [one.found for one in posted]
    sending.judge(SYSTEM, job.form.word, job, found, content=job.content, outcome=outcome)


async def _take_up(central: Central, books: Books, job: Job, drafts: Sequence[Held]) -> None:
    """The draft that an earlier attempt left is posted, unless somebody changed it."""
    fitting = [one for one in drafts if one.content == job.content]
    told = [one for one in fitting if one.external_id == job.command.drafted_id]
    job.take(next(iter(told or fitting), None))
    await _remove(central, books, job, [one for one in drafts if one is not job.draft and (
        one in fitting or one.lines < _lines(job))])  # fmt: skip
    changed = [one for one in drafts if one not in fitting and one.lines >= _lines(job)]
    if changed and job.receipt is None:
        job.take(None)
        reason = (
            f"Somebody changed the drafted {job.form.word} {changed[0].external_id} in Business "
            "Central: post or delete it there."
        )
        job.end(Outcome.REFUSED, "conflict", reason, external_id=changed[0].external_id)


def _lines(job: Job) -> int:
    """How many lines a whole draft has at least; one with fewer broke off while it was made."""
    if job.command.kind == PAYMENT:
        return 1
    own = 0 if job.command.kind == JOURNAL else 1
    return sum(1 for line in job.posting.lines if line.amount) - own


async def _remove(central: Central, books: Books, job: Job, drafts: Sequence[Held]) -> None:
    """Drafts that are not to be posted: of a key that is posted, a second one, a broken one."""
    for draft in drafts:
        place = f"{books.path}/{draft.form.path}({draft.draft})"
        try:
            await central.call("DELETE", place, match=draft.etag)
        except Problem as problem:
            if problem.code == "not_found" or job.receipt is not None:
                continue
            # It may have been posted since: the next attempt will see.
            job.fail(problem, outcome=Outcome.TRANSIENT)


async def invoices(central: Central, books: Books, jobs: Sequence[Job]) -> Mapping[str, Row]:
    """
    The posted invoices that drafts to be made settle, by key. What names one that is not there is
    refused: it would be booked on account. Raises Problem.
    """
    wanting = [job for job in jobs if job.draft is None]
    keys = {one.key for job in wanting for one in job.posting.settles}
    found = await lookup.invoices(central, books, sorted(keys)) if keys else {}
    for job in unfinished(wanting):
        missing = next((one for one in job.posting.settles if one.key not in found), None)
        if missing is not None:
            job.refuse(sending.lacks(SYSTEM, missing))
    return found
