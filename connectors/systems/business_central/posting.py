"""
Postings into Business Central: look, draft, compare, post, read back; each with its own outcome.

Why this cannot post twice although nothing there is unique: what is made first is a draft of our
key's name, and posting it uses its lines up. A creation that commits late leaves a draft and no
posting; a posting that commits late leaves nothing for the next one to post. See README.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors import sending, whom
from connectors.contract import Command, Outcome, Receipt
from connectors.problem import Problem
from connectors.sending import begin, fail_all, leave, unfinished
from connectors.shelf import Shelf
from connectors.systems.business_central import customers, forms, lookup, settling
from connectors.systems.business_central.books import Books, Library
from connectors.systems.business_central.forms import Wanted
from connectors.systems.business_central.jobs import Job
from connectors.systems.business_central.wire import SYSTEM, Central, Row

# The draft is gone or empty: posted by an earlier attempt, or taken away by somebody.
_GONE = ("nothing_to_post", "not_found")


async def run(
    central: Central, shelf: Shelf[Central, Library], commands: Sequence[Command]
) -> list[Receipt]:
    """One receipt for each command, in order. Never raises."""
    return await sending.run(SYSTEM, commands, begin(Job), lambda jobs: _all(central, shelf, jobs))


async def _all(central: Central, shelf: Shelf[Central, Library], given: Sequence[Job]) -> None:
    stale = settling.MAY_BE_STALE
    await sending.placed(central, shelf, given, settling.placed, stale=stale)
    for books in {id(job.books): job.books for job in unfinished(given)}.values():
        assert books is not None
        await _work(central, books, [job for job in unfinished(given) if job.books is books])
    if any(job.receipt and job.receipt.outcome is Outcome.REFUSED for job in given):
        # Something in the books may have changed: the next call reads them again.
        shelf.forget(central)


async def _work(central: Central, books: Books, jobs: Sequence[Job]) -> None:
    await settling.look(central, books, jobs)
    wanting = unfinished(jobs)
    if not wanting:
        return
    settled = await settling.invoices(central, books, wanting)
    wanting = unfinished(wanting)
    drafting = [job for job in wanting if job.draft is None]
    try:
        named = whom.named(line for job in drafting for line in job.owed)
        numbers, doubtful = await customers.ensure(central, books, named)
    except Problem as problem:
        # Customers have unique numbers: whatever became of them, no draft exists.
        outcome = Outcome.TRANSIENT if problem.outcome is Outcome.IN_DOUBT else None
        fail_all(wanting, problem, outcome=outcome)
        return
    whom.refuse(drafting, doubtful, lambda job: job.owed)
    for job in unfinished(drafting):
        job.posting = job.posting.naming(numbers)
    wanting = unfinished(wanting)
    for index, job in enumerate(wanting):
        if not await _one(central, books, job, settled):
            leave(wanting[index + 1 :])
            break
    await _read_back(central, books, unfinished(jobs))


async def _one(central: Central, books: Books, job: Job, settled: Mapping[str, Row]) -> bool:
    """Draft and post. Without a receipt it is posted; False when the next should not be tried."""
    try:
        if job.draft is None:
            await _draft(central, books, job, settled)
        if job.receipt is not None:
            return True
        assert job.draft is not None
        await central.call("POST", f"{books.path}/{job.form.post(job.draft.draft)}")
    except Problem as problem:
        if problem.code in _GONE and job.draft is not None:
            return True
        if problem.outcome is Outcome.REFUSED:
            await withdraw(central, books, job)
        job.fail(problem)
        return problem.outcome is Outcome.REFUSED
    return True


async def _draft(central: Central, books: Books, job: Job, settled: Mapping[str, Row]) -> None:
    """Make the draft and compare what posting it would lead to. Raises Problem."""
    form = job.form
    wanted = Wanted(
        central.said("untaxed_code"),
        central.said("cost_centre_dimension"),
        central.said("customer_class_dimension"),
    )
    values = forms.values(job.key, job.posting, books, wanted, settled)
    made = await central.create(f"{books.path}/{form.path}", values)
    row = await lookup.one(central, books, form, made["id"])
    if row is None:
        job.end(Outcome.TRANSIENT, "draft_gone", "Somebody deleted the draft meanwhile.")
        return
    job.take(lookup.draft_of(form, row, books))
    if job.draft is None or job.draft.content != job.content:
        await withdraw(central, books, job)
        reason = (
            f"Business Central would book this {form.word} differently, with tax or lines of its "
            "own; see the set-up of its accounts and the customer."
        )
        job.end(Outcome.REFUSED, "conflict", reason)


async def withdraw(central: Central, books: Books, job: Job) -> None:
    """Delete a refused draft, unless it was changed; one that stays is taken up next time."""
    if job.draft is None:
        return
    place = f"{books.path}/{job.form.path}({job.draft.draft})"
    try:
        await central.call("DELETE", place, match=job.draft.etag)
    except Problem as problem:
        if problem.code != "not_found":
            return
    job.take(None)


async def _read_back(central: Central, books: Books, jobs: Sequence[Job]) -> None:
    """Number and content of what was posted; afterwards the empty batches are cleared away."""
    if not jobs:
        return
    after = central.unhurried()
    try:
        held = await lookup.by_keys(after, books, [job.key for job in jobs])
    except Problem as problem:
        for job in jobs:
            job.end(Outcome.IN_DOUBT, "unread", f"Posted, but not read back: {problem.reason}")
        return
    for job in jobs:
        posted = [one for one in held.get(job.key, ()) if one.posted]
        settling.judge(job, posted)
        if job.receipt is None:
            # Neither the draft nor a posting: somebody took it away, and nothing was booked.
            job.take(None)
            job.end(Outcome.TRANSIENT, "draft_gone", "Somebody emptied the draft meanwhile.")
        elif job.form.batch and job.draft is not None and posted:
            await _clear(after, books, job)


async def _clear(central: Central, books: Books, job: Job) -> None:
    assert job.draft is not None
    try:
        place = f"{books.path}/{job.form.path}({job.draft.draft})"
        await central.call("DELETE", place, match="*")
    except Problem:
        return  # an empty batch harms nobody
