"""
Postings into SAP: look, post together, read back; each with its own outcome.

SAP has no draft of a journal entry by this service and no unique reference: what keeps a posting
single is looking for its reference first, and a settle window of delivery after any doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.contract import Command, Outcome, Receipt
from connectors.postings import (
    CREDIT_MEMO,
    INVOICE,
    JOURNAL,
    KEY,
    PAYMENT,
    POSTINGS,
    Posting,
    Unfit,
)
from connectors.problem import Problem
from connectors.systems.sap import answers, confirming, customers, documents, names, soap, xml
from connectors.systems.sap.books import Books, Library, Shelf, place
from connectors.systems.sap.documents import Document
from connectors.systems.sap.soap import Types
from connectors.systems.sap.wire import Sap

# What settles comes after what is settled.
_WAVES: Final = ((JOURNAL, INVOICE), (CREDIT_MEMO, PAYMENT))
_MAY_BE_STALE: Final = ("account_unknown", "account_unfit", "company_missing")


@dataclass(slots=True, eq=False)
class Job:
    """``receipt`` ends it."""

    command: Command
    posting: Posting
    books: Books | None = None
    receipt: Receipt | None = None

    def end(self, outcome: Outcome, code: str = "", reason: str = "", **more: Any) -> None:
        self.receipt = Receipt(outcome, code=code, reason=reason, **more)

    def judge(self, held: Sequence[Document], outcome: Outcome) -> None:
        """End it by what is posted under its key; without anything posted it goes on."""
        assert self.books is not None
        if len(held) > 1:
            numbers = ", ".join(one.number for one in held)
            reason = f"SAP holds this {len(held)} times: {numbers}."
            self.end(Outcome.REFUSED, "duplicate", reason)
        elif held:
            one, identity = held[0], held[0].external_id(self.books)
            if one.content(self.books) == self.posting.content:
                self.receipt = Receipt(outcome, external_id=identity, external_number=one.number)
                return
            reason = f"SAP holds {one.number} under this key with other content."
            self.end(
                Outcome.REFUSED, "conflict", reason, external_id=identity,
                external_number=one.number,
            )  # fmt: skip


async def run(sap: Sap, shelf: Shelf, commands: Sequence[Command]) -> list[Receipt]:
    """One receipt for each command, in order."""
    jobs = [_job(command) for command in commands]
    given = [job for job in jobs if isinstance(job, Job)]
    try:
        if given:
            library = await _placed(sap, shelf, given)
            for kinds in _WAVES:
                wave = [job for job in _unfinished(given) if job.posting.kind in kinds]
                for books in {id(job.books): job.books for job in wave}.values():
                    assert books is not None
                    here = [job for job in wave if job.books is books]
                    await _work(sap, library, books, here)
    except Problem as problem:
        # Reads only come here; what was written has its outcome.
        for job in _unfinished(given):
            job.receipt = problem.receipt()
    if any(job.receipt and job.receipt.outcome is Outcome.REFUSED for job in given):
        shelf.forget(sap)
    return [job if isinstance(job, Receipt) else _receipt(job) for job in jobs]


def _job(command: Command) -> Job | Receipt:
    if command.kind not in POSTINGS or not KEY.fullmatch(command.key):
        reason = "This is nothing that SAP can be asked to do."
        return Receipt(Outcome.REFUSED, code="refused", reason=reason)
    try:
        return Job(command, Posting.of(command.kind, command.payload))
    except Unfit as unfit:
        return Receipt(Outcome.REFUSED, code=unfit.code, reason=unfit.reason)


def _receipt(job: Job) -> Receipt:
    assert job.receipt is not None
    return job.receipt


def _unfinished(jobs: Iterable[Job]) -> list[Job]:
    return [job for job in jobs if job.receipt is None]


async def _placed(sap: Sap, shelf: Shelf, jobs: Sequence[Job]) -> Library:
    """Give each its books, or refuse it. Raises Problem."""
    library = await shelf.get(sap)
    stale = _place(jobs, library, again=True)
    if stale:
        library = await shelf.get(sap, fresh=True)
        _place(stale, library, again=False)
    return library


def _place(jobs: Iterable[Job], library: Library, *, again: bool) -> list[Job]:
    stale = []
    for job in jobs:
        try:
            job.books = place(job.posting, library)
        except Unfit as unfit:
            if again and unfit.code in _MAY_BE_STALE:
                stale.append(job)
            else:
                job.end(Outcome.REFUSED, unfit.code, unfit.reason)
    return stale


async def _work(sap: Sap, library: Library, books: Books, jobs: Sequence[Job]) -> None:
    """Raises Problem of reads."""
    held = await documents.by_keys(sap, books, [job.command.key for job in jobs])
    for job in jobs:
        job.judge(held.get(job.command.key, ()), Outcome.ALREADY_DONE)
    await _check_settled(sap, books, _unfinished(jobs))
    wanting = _unfinished(jobs)
    if not wanting:
        return
    named = {
        line.customer: line.customer_name
        for job in wanting
        for line in job.posting.lines
        if line.account == books.receivable and line.amount
    }
    try:
        debtors = await customers.debtors(sap, library, named)
    except Problem as problem:
        # A partner's external number is not unique: one in doubt is waited for like a posting.
        for job in wanting:
            job.receipt = problem.receipt()
        return
    entries = [(job.command.key, job.posting, books, debtors) for job in wanting]
    try:
        root = await sap.post(soap.request(entries, Types.of(sap.settings.parameters)))
        told, general = confirming.confirmations(root)
    except Problem as problem:
        await _one_by_one(sap, books, wanting, debtors, problem)
        return
    except xml.Unreadable:
        for job in wanting:
            job.end(Outcome.IN_DOUBT, "garbled", "SAP's confirmation could not be read.")
        return
    for job in wanting:
        _confirm(job, told, general)
    await _read_back(sap, books, _unfinished(wanting))


async def _one_by_one(
    sap: Sap, books: Books, jobs: Sequence[Job], debtors: dict[str, str], problem: Problem
) -> None:
    """
    A request that could not be read posts nothing of it: each is then tried by itself, once, so
    that only the one at fault stops. Anything else ends all of them.
    """
    if problem.code != "malformed" or len(jobs) == 1:
        for job in jobs:
            job.receipt = problem.receipt()
        return
    for job in jobs:
        try:
            entry = (job.command.key, job.posting, books, debtors)
            root = await sap.post(soap.request([entry], Types.of(sap.settings.parameters)))
            told, general = confirming.confirmations(root)
            _confirm(job, told, general)
        except Problem as other:
            job.receipt = other.receipt()
        except xml.Unreadable:
            job.end(Outcome.IN_DOUBT, "garbled", "SAP's confirmation could not be read.")
    await _read_back(sap, books, _unfinished(jobs))


def _confirm(
    job: Job,
    told: dict[str, confirming.Confirmation],
    general: Sequence[confirming.Note],
) -> None:
    """End what was refused; what was posted is read back."""
    one = told.get(names.message(job.command.key))
    if one is not None and one.document:
        return
    notes = one.notes if one is not None else general
    if one is None and not any(note.severity == confirming.ERROR for note in notes):
        job.end(Outcome.IN_DOUBT, "unconfirmed", "SAP's answer does not speak of this posting.")
        return
    excerpt = "; ".join(f"{note.type} {note.text}" for note in notes)[:500]
    job.receipt = answers.refusal(notes, excerpt).receipt()


async def _check_settled(sap: Sap, books: Books, jobs: Sequence[Job]) -> None:
    """What settles an invoice that is not there is refused. Raises Problem."""
    keys = sorted({
        one.key for job in jobs if job.posting.document for one in job.posting.document.settles
    })  # fmt: skip
    held = await documents.by_keys(sap, books, keys) if keys else {}
    for job in jobs:
        for one in job.posting.document.settles if job.posting.document else ():
            if one.key not in held and job.receipt is None:
                reason = (
                    f"SAP has no document for {one.number or one.key}, which this settles; "
                    "post that first."
                )
                job.end(Outcome.REFUSED, "invoice_missing", reason)


async def _read_back(sap: Sap, books: Books, jobs: Sequence[Job]) -> None:
    if not jobs:
        return
    try:
        keys = [job.command.key for job in jobs]
        held = await documents.by_keys(sap.unhurried(), books, keys)
    except Problem as problem:
        for job in jobs:
            job.end(Outcome.IN_DOUBT, "unread", f"Posted, but not read back: {problem.reason}")
        return
    for job in jobs:
        job.judge(held.get(job.command.key, ()), Outcome.OK)
        if job.receipt is None:
            job.end(Outcome.IN_DOUBT, "unread", "SAP confirmed it, but does not list it yet.")
