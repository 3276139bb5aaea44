"""Before anything is made: refuse what cannot go, and settle what is there already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.contract import Found, Outcome
from connectors.problem import Problem
from connectors.systems.tryton import forms
from connectors.systems.tryton.books import Library, Shelf
from connectors.systems.tryton.jobs import Job
from connectors.systems.tryton.journal import Unfit
from connectors.systems.tryton.lookup import by_ids, by_keys
from connectors.systems.tryton.placing import place
from connectors.systems.tryton.wire import Tryton

# Refused because of something that may have changed in Tryton since the books were read.
_MAY_BE_STALE = (
    "account_unknown",
    "company_missing",
    "currency_unknown",
    "invoices_missing",
    "journal_missing",
    "period_closed",
    "period_missing",
    "receivable_missing",
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
            job.books, job.period = place(job.journal, library, invoice=job.wanted.invoice)
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
    posted = [document for document in known if document.posted]
    drafts = [document for document in known if not document.posted]
    other = next((one for one in known if one.content_sha256 != job.content), None)
    if len(posted) > 1:
        numbers = ", ".join(document.external_number for document in posted)
        reason = f"Tryton holds this {job.wanted.word} twice: {numbers}."
        job.end(Outcome.REFUSED, "duplicate", reason)
        return
    if other is not None:
        name = other.external_number or f"draft {other.external_id}"
        reason = f"Tryton holds {name} under this key with other content."
        job.end(Outcome.REFUSED, "conflict", reason, external_id=other.external_id)
        return
    if not posted:
        ids = [draft.external_id for draft in drafts]
        wanted = [number for number in ids if forms.of(number) is job.wanted]
        told = [number for number in ids if number == job.command.drafted_id]
        job.draft = (told or wanted or ids)[0]
    try:
        for draft in drafts:
            if draft.external_id != job.draft:
                form = forms.of(draft.external_id)
                await tryton.delete(form.model, form.number(draft.external_id))
    except Problem as problem:
        # It may have been posted or deleted since: the next attempt will see which.
        job.fail(problem, outcome=Outcome.TRANSIENT)
        return
    if posted:
        job.done(Outcome.ALREADY_DONE, posted[0])
