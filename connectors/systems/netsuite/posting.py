"""
Postings into NetSuite: look, create, read back; each with its own outcome.

The external ID is our key, and NetSuite lets only one transaction of all types have it, so a second
creation is refused as *already exists* whenever the first one was done. Creating never updates: an
upsert would write over what finance has changed since. See README.md, “Never twice”.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from connectors.contract import Command, Outcome, Receipt
from connectors.postings import KEY, POSTINGS, Posting, Unfit
from connectors.problem import Problem
from connectors.systems.netsuite import background, customers, lookup, records
from connectors.systems.netsuite.books import Library, Shelf
from connectors.systems.netsuite.lookup import Held
from connectors.systems.netsuite.placing import WORDS, Place, place
from connectors.systems.netsuite.wire import NetSuite

# Refused because of something that may have changed in NetSuite since the books were read.
_MAY_BE_STALE: Final = frozenset(
    (
        *("account_unknown", "class_unknown", "company_missing", "cost_centre_unknown"),
        *("item_missing", "period_closed", "period_missing", "receivable_missing"),
    )
)
_INVOICE: Final = "CustInvc"


@dataclass(slots=True, eq=False)
class Job:
    """
    ``receipt`` ends it; ``made`` is NetSuite's id of what was created for it just now; ``unfit``
    says why it has no ``place``.
    """

    command: Command
    posting: Posting
    place: Place | None = None
    unfit: Unfit | None = None
    settled: dict[str, str] = field(default_factory=dict)
    made: str = ""
    receipt: Receipt | None = None

    @property
    def key(self) -> str:
        return self.command.key

    @property
    def word(self) -> str:
        return WORDS[self.posting.kind]

    def end(self, outcome: Outcome, code: str, reason: str, held: Held | None = None) -> None:
        self.receipt = Receipt(
            outcome,
            code=code,
            reason=reason,
            external_id=held.id if held else "",
            external_number=held.number if held else "",
        )

    def done(self, outcome: Outcome, held: Held) -> None:
        self.receipt = Receipt(outcome, external_id=held.id, external_number=held.number)


async def run(netsuite: NetSuite, shelf: Shelf, commands: Sequence[Command]) -> list[Receipt]:
    """One receipt for each command, in order. Never raises."""
    jobs = [_job(command) for command in commands]
    given = [job for job in jobs if isinstance(job, Job)]
    try:
        if given:
            await _work(netsuite, shelf, given)
    except Problem as problem:
        # Reads only come here; what was written has its outcome, and what waits stays known.
        for job in _unfinished(given):
            job.receipt = replace(problem.receipt(), drafted_id=job.command.drafted_id)
    return [job if isinstance(job, Receipt) else _receipt(job) for job in jobs]


def _receipt(job: Job) -> Receipt:
    assert job.receipt is not None
    return job.receipt


def _job(command: Command) -> Job | Receipt:
    if command.kind not in POSTINGS or not KEY.fullmatch(command.key):
        reason = "This is nothing that NetSuite can be asked to do."
        return Receipt(Outcome.REFUSED, code="refused", reason=reason)
    try:
        return Job(command, Posting.of(command.kind, command.payload))
    except Unfit as unfit:
        return Receipt(Outcome.REFUSED, code=unfit.code, reason=unfit.reason)


async def _work(netsuite: NetSuite, shelf: Shelf, given: Sequence[Job]) -> None:
    library = await _prepare(netsuite, shelf, given)
    jobs = _unfinished(given)
    if jobs:
        await _look(netsuite, library, jobs)
    jobs = _unfinished(jobs)
    parties: dict[str, dict[str, str]] = {}
    for place_in, job in enumerate(jobs):
        if not await _create(netsuite, library, job, parties):
            shelf.forget(netsuite)
            for later in jobs[place_in + 1 :]:
                reason = "Not tried, because the call before it failed."
                later.end(Outcome.NOT_SENT, "not_tried", reason)
            break
    await _read_back(netsuite, library, [job for job in jobs if job.made])


async def _prepare(netsuite: NetSuite, shelf: Shelf, jobs: Sequence[Job]) -> Library:
    """Refuse what can be told without a write and of which nothing is there. Raises Problem."""
    library = await shelf.get(netsuite)
    stale = _check(jobs, library, again=True)
    if stale:
        library = await shelf.get(netsuite, fresh=True)
        _check(stale, library, again=False)
    return library


def _check(jobs: Iterable[Job], library: Library, *, again: bool) -> list[Job]:
    stale = []
    for job in jobs:
        try:
            job.place = place(job.posting, library)
        except Unfit as unfit:
            if job.command.drafted_id:
                # Created before: what became of it counts, though it would not be taken now.
                job.unfit = unfit
            elif again and unfit.code in _MAY_BE_STALE:
                stale.append(job)
            else:
                job.end(Outcome.REFUSED, unfit.code, unfit.reason)
    return stale


async def _look(netsuite: NetSuite, library: Library, jobs: Sequence[Job]) -> None:
    """Settle what NetSuite holds under our keys; find invoices to settle. Raises Problem."""
    wanted = [job.key for job in jobs]
    for job in jobs:
        wanted += [one.key for one in job.posting.document.settles] if job.posting.document else []
    held = await lookup.by_keys(netsuite, library, wanted)
    for job in jobs:
        if job.key in held:
            _reuse(job, held[job.key])
        elif job.unfit is not None:
            job.end(Outcome.REFUSED, job.unfit.code, job.unfit.reason)
        elif job.posting.document:
            _settle(job, held)


def _reuse(job: Job, held: Held) -> None:
    """It is there: with our content it is done, else somebody has to look at it."""
    if held.found.content_sha256 != job.posting.content:
        name = held.number or held.id
        reason = f"NetSuite holds {name} under this key with other content."
        job.end(Outcome.REFUSED, "conflict", reason, held)
    elif not held.posted:
        job.receipt = _waiting(job, held)
    else:
        job.done(Outcome.ALREADY_DONE, held)


def _waiting(job: Job, held: Held) -> Receipt:
    name = held.number or held.id
    reason = (
        f"NetSuite holds the {job.word} {name}, which waits for approval there. "
        "Approve it in NetSuite, then try again here."
    )
    return Receipt(Outcome.REFUSED, code="approval_pending", reason=reason, drafted_id=held.id)


def _settle(job: Job, held: Mapping[str, Held]) -> None:
    assert job.posting.document is not None
    for one in job.posting.document.settles:
        invoice = held.get(one.key)
        if invoice is not None and invoice.type == _INVOICE and invoice.posted:
            job.settled[one.key] = invoice.id
            continue
        if invoice is None:
            reason = f"NetSuite does not hold the invoice {one.number}, which this settles."
        else:
            reason = (
                f"NetSuite holds {one.number} as {invoice.number}, which is no posted invoice "
                "that can be settled there."
            )
        job.end(Outcome.REFUSED, "invoice_missing", reason)
        return


async def _create(
    netsuite: NetSuite, library: Library, job: Job, parties: dict[str, dict[str, str]]
) -> bool:
    """False when the next ones should not be tried now."""
    try:
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
        job.receipt = problem.receipt()
        return problem.outcome is Outcome.REFUSED
    return True


async def _parties(
    netsuite: NetSuite, library: Library, job: Job, known: dict[str, dict[str, str]]
) -> Mapping[str, str]:
    """Internal ids of the customers on receivable accounts. Raises Problem."""
    assert job.place is not None
    subsidiary = job.place.subsidiary.id
    wanted = {
        line.customer: line.customer_name or line.customer
        for line in job.posting.lines
        if line.customer and library.accounts[line.account].receivable
    }
    found = known.setdefault(subsidiary, {})
    missing = {one: name for one, name in wanted.items() if one not in found}
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
        job.receipt = Problem(Outcome.IN_DOUBT, "exists", failed.reason).receipt()
        return False
    if held is not None:
        _reuse(job, held)
        return True
    reason = "NetSuite says that this external ID exists, and shows no transaction with it."
    job.receipt = Problem(
        Outcome.REFUSED, "conflict", reason, status=problem.status, excerpt=problem.excerpt
    ).receipt()
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
            job.receipt = Receipt(
                Outcome.ALREADY_DONE, code="unread", reason=reason, external_id=made
            )
        return
    for job in jobs:
        found = held.get(job.key)
        if found is None:
            job.end(Outcome.IN_DOUBT, "garbled", "NetSuite made it, and then does not show it.")
        elif found.found.content_sha256 != job.posting.content:
            reason = f"NetSuite posted it as {found.number}, but with other content."
            job.end(Outcome.REFUSED, "conflict", reason, found)
        elif not found.posted:
            job.receipt = _waiting(job, found)
        else:
            job.done(Outcome.OK, found)


def _unfinished(jobs: Iterable[Job]) -> list[Job]:
    return [job for job in jobs if job.receipt is None]
