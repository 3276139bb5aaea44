"""Drafts for what Tryton does not hold yet, with the parties and addresses that they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors import whom
from connectors.contract import Outcome
from connectors.problem import Problem
from connectors.sending import fail_all, leave, unfinished
from connectors.systems.tryton import forms, invoices, moves
from connectors.systems.tryton.books import Library
from connectors.systems.tryton.forms import Form
from connectors.systems.tryton.jobs import Job
from connectors.systems.tryton.parties import address_ids, party_ids
from connectors.systems.tryton.wire import Tryton


async def create(tryton: Tryton, library: Library, jobs: Sequence[Job]) -> None:
    """Drafts for those that have none. What was not reached is left; a problem ends its own."""
    wanting = [job for job in jobs if not job.drafted]
    if not wanting:
        return
    try:
        drafts = await values(tryton, library, wanting)
    except Problem as problem:
        # Parties have a unique code: whatever became of them, no draft exists.
        outcome = Outcome.TRANSIENT if problem.outcome is Outcome.IN_DOUBT else None
        fail_all(wanting, problem, outcome=outcome)
        leave(jobs)
        return
    given = list(zip(unfinished(wanting), drafts, strict=True))
    for form in forms.FORMS:
        pairs = [pair for pair in given if pair[0].wanted is form]
        if not await _create(tryton, form, pairs):
            leave(jobs)
            return


async def values(tryton: Tryton, library: Library, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """
    What to create for each job that goes on; parties and addresses are made for it, and what names
    one of several parties is refused. Raises Problem.
    """
    parties: dict[str, int] = {}
    if named := whom.named(line for job in jobs for line in job.naming):
        parties, doubtful = await party_ids(tryton, named)
        whom.refuse(jobs, doubtful, lambda job: job.naming)
    going_on = unfinished(jobs)
    invoiced = {
        parties[line.customer] for job in going_on if job.wanted.invoice for line in job.naming
    }
    addresses = await address_ids(tryton, invoiced) if invoiced else {}
    return [_draft(job, library, parties, addresses) for job in going_on]


def _draft(
    job: Job, library: Library, parties: Mapping[str, int], addresses: Mapping[int, int]
) -> dict[str, Any]:
    assert job.books is not None
    assert job.period is not None
    key = job.key
    if job.wanted.invoice:
        assert library.revenue_journal is not None
        return invoices.values(
            key, job.posting, job.books, parties, addresses, in_journal=library.revenue_journal
        )
    assert library.journal is not None
    return moves.values(
        key,
        job.posting,
        job.books,
        job.period,
        parties,
        in_journal=library.journal,
        second=library.currencies.get(job.posting.document_currency),
    )


_Pairs = Sequence[tuple[Job, dict[str, Any]]]


async def _create(tryton: Tryton, form: Form, pairs: _Pairs) -> bool:
    """False when the next ones should not be tried now."""
    if len(pairs) > 1:
        try:
            if await _together(tryton, form, pairs):
                return True
        except Problem as problem:
            fail_all((job for job, _ in pairs), problem)
            return False
    for job, draft in pairs:
        if not await _alone(tryton, form, job, draft):
            return False
    return True


async def _together(tryton: Tryton, form: Form, pairs: _Pairs) -> bool:
    """
    All drafts in one transaction. False when Tryton refused: it then holds none of them, and each
    is tried by itself, once, to learn which ones are at fault. Raises Problem.
    """
    try:
        drafts = [draft for _, draft in pairs]
        made = await tryton.action(f"{form.model}/create", {"vlist": drafts})
    except Problem as problem:
        # By this door Tryton answers 403 to some refusals of content, without saying why.
        if problem.outcome is Outcome.REFUSED or problem.status == 403:
            return False
        raise
    if not isinstance(made, list) or len(made) != len(pairs):
        raise Problem(Outcome.IN_DOUBT, "garbled", "Tryton did not name its new drafts.")
    for (job, _), number in zip(pairs, made, strict=True):
        job.drafted = f"{form.prefix}{number}"
    return True


async def _alone(tryton: Tryton, form: Form, job: Job, draft: Mapping[str, Any]) -> bool:
    """False when the next one should not be tried now."""
    try:
        made = await tryton.action(f"{form.model}?f=state", draft)
        if not isinstance(made, dict) or type(made.get("id")) is not int:
            raise Problem(Outcome.IN_DOUBT, "garbled", "Tryton did not name its new draft.")
    except Problem as problem:
        job.fail(problem)
        return problem.outcome is Outcome.REFUSED
    job.drafted = f"{form.prefix}{made['id']}"
    return True
