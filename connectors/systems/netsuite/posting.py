"""
Postings into NetSuite: look, create, read back; each with its own outcome.

The external ID is our key, and NetSuite lets only one transaction of all types have it, so a second
creation is refused as *already exists* whenever the first one was done. Creating never updates: an
upsert would write over what finance has changed since. See README.md, “Never twice”.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors import sending, whom
from connectors.commands import Unfit
from connectors.contract import Command, Outcome, Receipt
from connectors.problem import Problem
from connectors.sending import begin, leave, unfinished
from connectors.shelf import Shelf
from connectors.systems.netsuite import background, customers, lookup, records
from connectors.systems.netsuite.books import Library
from connectors.systems.netsuite.lookup import Held
from connectors.systems.netsuite.placing import WORDS, Place, place
from connectors.systems.netsuite.wire import SYSTEM, NetSuite

# Refused because of something that may have changed in NetSuite since the books were read.
_MAY_BE_STALE: Final = frozenset(
    (
        *("account_unknown", "class_unknown", "company_missing", "cost_centre_unknown"),
        *("item_missing", "period_closed", "period_missing", "receivable_missing"),
    )
)
_INVOICE: Final = "CustInvc"


@dataclass(slots=True, eq=False)
class Job(sending.Job):
    """
    ``made`` is NetSuite's id of what was created for it just now. ``drafted`` is a transaction that
    waits for approval, or a job in the background.
    """

    place: Place | None = None
    settled: dict[str, str] = field(default_factory=dict)
    made: str = ""

    @property
    def word(self) -> str:
        return WORDS[self.posting.kind]


async def run(
    netsuite: NetSuite, shelf: Shelf[NetSuite, Library], commands: Sequence[Command]
) -> list[Receipt]:
    """One receipt for each command, in order. Never raises."""
    return await sending.run(
        SYSTEM, commands, begin(Job), lambda jobs: _work(netsuite, shelf, jobs)
    )


async def _work(netsuite: NetSuite, shelf: Shelf[NetSuite, Library], given: Sequence[Job]) -> None:
    library = await sending.placed(netsuite, shelf, given, _place, stale=_MAY_BE_STALE)
    jobs = unfinished(given)
    if jobs:
        await _look(netsuite, library, jobs)
    jobs = unfinished(jobs)
    parties: dict[str, dict[str, str]] = {}
    for place_in, job in enumerate(jobs):
        if not await _create(netsuite, library, job, parties):
            shelf.forget(netsuite)
            leave(jobs[place_in + 1 :])
            break
    await _read_back(netsuite, library, [job for job in jobs if job.made])


def _place(job: Job, library: Library) -> None:
    """Raises Unfit."""
    try:
        job.place = place(job.posting, library)
    except Unfit as unfit:
        if not job.drafted:
            raise
        # Created before: what became of it counts, though it would not be taken now.
        job.unfit = unfit


async def _look(netsuite: NetSuite, library: Library, jobs: Sequence[Job]) -> None:
    """Settle what NetSuite holds under our keys; find invoices to settle. Raises Problem."""
    wanted = [job.key for job in jobs]
    wanted += [one.key for job in jobs for one in job.posting.settles]
    held = await lookup.by_keys(netsuite, library, wanted)
    for job in jobs:
        if job.key in held:
            _judge(job, held[job.key], Outcome.ALREADY_DONE)
        elif job.unfit is None:
            _settle(job, held)
        elif not background.is_job(job.drafted):
            job.drafted = ""
            job.refuse(job.unfit)


def _judge(job: Job, held: Held, outcome: Outcome) -> None:
    """It is there: with our content it is done, else somebody has to look at it."""
    sending.judge(SYSTEM, job.word, job, [held.found], content=job.posting.content, outcome=outcome)
    if job.receipt is None:
        job.drafted = held.id
        reason = (
            f"NetSuite holds the {job.word} {held.number or held.id}, which waits for approval "
            "there. Approve it in NetSuite, then try again here."
        )
        job.end(Outcome.REFUSED, "approval_pending", reason)


def _settle(job: Job, held: Mapping[str, Held]) -> None:
    for one in job.posting.settles:
        invoice = held.get(one.key)
        if invoice is not None and invoice.type == _INVOICE and invoice.posted:
            job.settled[one.key] = invoice.id
            continue
        unfit = sending.lacks(SYSTEM, one)
        if invoice is not None:
            unfit.reason = (
                f"NetSuite holds {one.number} as {invoice.number}, which is no posted invoice "
                "that can be settled there."
            )
        job.refuse(unfit)
        return


async def _create(
    netsuite: NetSuite, library: Library, job: Job, parties: dict[str, dict[str, str]]
) -> bool:
    """False when the next ones should not be tried now."""
    try:
        if background.is_job(job.drafted):
            if await background.done(netsuite.unhurried(), job.drafted):
                job.made = "?"
                return True
            job.drafted = ""
            if job.unfit is not None:
                job.refuse(job.unfit)
                return True
        assert job.place is not None
        body = records.body(
            job.key,
            job.posting,
            job.place,
            library,
            customers=await _parties(netsuite, library, job, parties),
            settled=job.settled,
        )
        record = records.RECORDS[job.posting.kind]
        if netsuite.in_background:
            await background.create(netsuite, record, body, key=job.key)
            job.made = "?"
        else:
            job.made = await netsuite.create(record, body)
    except Problem as problem:
        if problem.code == "exists":
            return await _again(netsuite, library, job, problem)
        if not background.is_job(job.drafted):
            job.drafted = ""
        job.fail(problem)
        return problem.outcome in (Outcome.REFUSED, Outcome.WORKING)
    return True


async def _parties(
    netsuite: NetSuite, library: Library, job: Job, known: dict[str, dict[str, str]]
) -> Mapping[str, str]:
    """Internal ids of the customers on receivable accounts. Raises Problem."""
    assert job.place is not None
    subsidiary = job.place.subsidiary.id
    wanted = whom.named(
        line
        for line in job.posting.lines
        if line.customer and library.accounts[line.account].receivable
    )
    found = known.setdefault(subsidiary, {})
    missing = {one: who for one, who in wanted.items() if one not in found}
    if missing:
        try:
            found |= await customers.resolve(netsuite, missing, subsidiary=subsidiary)
        except Problem as problem:
            if problem.outcome is not Outcome.IN_DOUBT:
                raise
            # A customer may be made by now, which does no harm; nothing is posted.
            raise Problem(
                Outcome.TRANSIENT, problem.code, problem.reason, status=problem.status
            ) from problem
    return found


async def _again(netsuite: NetSuite, library: Library, job: Job, problem: Problem) -> bool:
    """Somebody has made it since we looked, or another kind of record has our key."""
    try:
        held = (await lookup.by_keys(netsuite.unhurried(), library, [job.key])).get(job.key)
    except Problem as failed:
        job.fail(Problem(Outcome.IN_DOUBT, "exists", failed.reason))
        return False
    if held is not None:
        _judge(job, held, Outcome.ALREADY_DONE)
        return True
    reason = "NetSuite says that this external ID exists, and shows no transaction with it."
    evidence = {"http_status": problem.status, "excerpt": problem.excerpt}
    job.end(Outcome.REFUSED, "conflict", reason, **evidence)
    return True


async def _read_back(netsuite: NetSuite, library: Library, jobs: Sequence[Job]) -> None:
    """Number and content of what was created; what cannot be read now is done and to be read."""
    if not jobs:
        return
    try:
        held = await lookup.by_keys(netsuite.unhurried(), library, [job.key for job in jobs])
    except Problem as problem:
        for job in jobs:
            reason = f"Created, but not read back: {problem.reason}"
            made = job.made if job.made.isdecimal() else ""
            job.end(Outcome.ALREADY_DONE, "unread", reason, external_id=made)
        return
    for job in jobs:
        found = held.get(job.key)
        if found is None:
            job.end(Outcome.IN_DOUBT, "garbled", "NetSuite made it, and then does not show it.")
        else:
            _judge(job, found, Outcome.OK)
