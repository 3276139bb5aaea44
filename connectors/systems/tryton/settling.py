"""Before anything is made: refuse what cannot go, and settle what is there already."""

from __future__ import annotations

from collections.abc import Sequence

from connectors import sending
from connectors.contract import Found, Outcome
from connectors.problem import Problem
from connectors.systems.tryton import forms
from connectors.systems.tryton.books import Library
from connectors.systems.tryton.jobs import Job
from connectors.systems.tryton.lookup import by_ids, by_keys
from connectors.systems.tryton.placing import place
from connectors.systems.tryton.wire import SYSTEM, Tryton

# Refused because of something that may have changed in Tryton since the books were read.
MAY_BE_STALE = (
    "account_unknown",
    "company_missing",
    "currency_unknown",
    "invoices_missing",
    "journal_missing",
    "period_closed",
    "period_missing",
    "receivable_missing",
)


def placed(job: Job, library: Library) -> None:
    """Raises Unfit."""
    job.books, job.period = place(job.posting, library, invoice=job.wanted.invoice)


async def look(tryton: Tryton, library: Library, jobs: Sequence[Job]) -> None:
    """Settle what Tryton holds under our keys already, posted or as drafts. Raises Problem."""
    held = await by_keys(tryton, library, [job.key for job in jobs])
    astray = [job for job in jobs if job.command.drafted_id and job.key not in held]
    if astray:
        # A person may have changed the description of a draft that we know by its id.
        drafts = await by_ids(tryton, library, [job.command.drafted_id for job in astray])
        for job in astray:
            if job.command.drafted_id in drafts:
                held[job.key] = [drafts[job.command.drafted_id]]
    for job in jobs:
        job.drafted = ""
        known = held.get(job.key)
        if known:
            await _reuse(tryton, job, known)


async def _reuse(tryton: Tryton, job: Job, known: Sequence[Found]) -> None:
    posted = [document for document in known if document.posted]
    drafts = [document for document in known if not document.posted]
    other = [one for one in known if one.content_sha256 != job.content]
    doubtful = posted if len(posted) > 1 else other[:1]
    sending.judge(SYSTEM, job.wanted.word, job, doubtful, content=job.content)
    if job.receipt is not None:
        return
    if not posted:
        ids = [draft.external_id for draft in drafts]
        wanted = [number for number in ids if forms.of(number) is job.wanted]
        told = [number for number in ids if number == job.command.drafted_id]
        job.drafted = (told or wanted or ids)[0]
    try:
        for draft in drafts:
            if draft.external_id != job.drafted:
                form = forms.of(draft.external_id)
                await tryton.delete(form.model, form.number(draft.external_id))
    except Problem as problem:
        # It may have been posted or deleted since: the next attempt will see which.
        job.fail(problem, outcome=Outcome.TRANSIENT)
        return
    if posted:
        job.done(Outcome.ALREADY_DONE, posted[0])
