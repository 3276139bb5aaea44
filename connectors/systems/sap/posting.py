"""
Postings into SAP: look, post together, read back; each with its own outcome.

SAP has no draft of a journal entry by this service and no unique reference: what keeps a posting
single is looking for its reference first, and a settle window of delivery after any doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors import sending, whom
from connectors.contract import Command, Outcome, Receipt
from connectors.postings import CREDIT_MEMO, INVOICE, JOURNAL, PAYMENT, Line, Posting
from connectors.problem import Problem
from connectors.sending import fail_all, unfinished
from connectors.shelf import Shelf
from connectors.systems.sap import answers, confirming, customers, documents, names, soap, xml
from connectors.systems.sap.books import Books, Library, place
from connectors.systems.sap.documents import Document
from connectors.systems.sap.soap import Types
from connectors.systems.sap.wire import SYSTEM, Sap

# What settles comes after what is settled.
_WAVES: Final = ((JOURNAL, INVOICE), (CREDIT_MEMO, PAYMENT))
_MAY_BE_STALE: Final = ("account_unknown", "account_unfit", "company_missing")


@dataclass(slots=True, eq=False)
class Job(sending.Job):
    books: Books | None = None

    @property
    def owed(self) -> list[Line]:
        """The lines whose customers SAP has to know."""
        assert self.books is not None
        receivable = self.books.receivable
        return [line for line in self.posting.lines if line.account == receivable and line.amount]

    def judge(self, held: Sequence[Document], outcome: Outcome) -> None:
        """End it by what is posted under its key; without anything posted it goes on."""
        assert self.books is not None
        found = [one.found(self.books) for one in held]
        content = self.posting.content
        sending.judge(SYSTEM, "posting", self, found, content=content, outcome=outcome)


async def run(sap: Sap, shelf: Shelf[Sap, Library], commands: Sequence[Command]) -> list[Receipt]:
    """One receipt for each command, in order. Never raises."""
    return await sending.run(SYSTEM, commands, _begin, lambda jobs: _all(sap, shelf, jobs))


def _begin(command: Command) -> Job:
    return Job(command, Posting.of(command.kind, command.payload))


def _place(job: Job, library: Library) -> None:
    """Raises Unfit."""
    job.books = place(job.posting, library)


async def _all(sap: Sap, shelf: Shelf[Sap, Library], given: Sequence[Job]) -> None:
    library = await sending.placed(sap, shelf, given, _place, stale=_MAY_BE_STALE)
    for kinds in _WAVES:
        wave = [job for job in unfinished(given) if job.posting.kind in kinds]
        for books in {id(job.books): job.books for job in wave}.values():
            assert books is not None
            await _work(sap, library, books, [job for job in wave if job.books is books])
    if any(job.receipt and job.receipt.outcome is Outcome.REFUSED for job in given):
        shelf.forget(sap)


async def _work(sap: Sap, library: Library, books: Books, jobs: Sequence[Job]) -> None:
    """Raises Problem of reads."""
    held = await documents.by_keys(sap, books, [job.key for job in jobs])
    for job in jobs:
        job.judge(held.get(job.key, ()), Outcome.ALREADY_DONE)
    await _check_settled(sap, books, unfinished(jobs))
    wanting = unfinished(jobs)
    if not wanting:
        return
    named = whom.named(line for job in wanting for line in job.owed)
    try:
        debtors, doubtful = await customers.debtors(sap, library, named)
    except Problem as problem:
        # A partner's external number is not unique: one in doubt is waited for like a posting.
        fail_all(wanting, problem)
        return
    whom.refuse(wanting, doubtful, lambda job: job.owed)
    wanting = unfinished(wanting)
    if not wanting:
        return
    await _post(sap, books, wanting, debtors)
    await _read_back(sap, books, unfinished(wanting))


async def _post(sap: Sap, books: Books, jobs: Sequence[Job], debtors: dict[str, str]) -> None:
    """
    Together. A request that could not be read posts nothing of it: each is then tried by itself,
    once, so that only the one at fault stops. Never raises.
    """
    entries = [(job.key, job.posting, books, debtors) for job in jobs]
    try:
        root = await sap.post(soap.request(entries, Types.of(sap.settings.parameters)))
        told, general = confirming.confirmations(root)
    except Problem as problem:
        if problem.code != "malformed" or len(jobs) == 1:
            fail_all(jobs, problem)
            return
        for job in jobs:
            await _post(sap, books, [job], debtors)
    except xml.Unreadable:
        for job in jobs:
            job.end(Outcome.IN_DOUBT, "garbled", "SAP's confirmation could not be read.")
    else:
        for job in jobs:
            _confirm(job, told, general)


def _confirm(
    job: Job,
    told: dict[str, confirming.Confirmation],
    general: Sequence[confirming.Note],
) -> None:
    """End what was refused; what was posted is read back."""
    one = told.get(names.message(job.key))
    if one is not None and one.document:
        return
    notes = one.notes if one is not None else general
    if one is None and not any(note.severity == confirming.ERROR for note in notes):
        job.end(Outcome.IN_DOUBT, "unconfirmed", "SAP's answer does not speak of this posting.")
        return
    excerpt = "; ".join(f"{note.type} {note.text}" for note in notes)[:500]
    job.fail(answers.refusal(notes, excerpt))


async def _check_settled(sap: Sap, books: Books, jobs: Sequence[Job]) -> None:
    """What settles an invoice that is not there is refused. Raises Problem."""
    keys = sorted({one.key for job in jobs for one in job.posting.settles})
    held = await documents.by_keys(sap, books, keys) if keys else {}
    for job in jobs:
        missing = next((one for one in job.posting.settles if one.key not in held), None)
        if missing is not None:
            job.refuse(sending.lacks(SYSTEM, missing))


async def _read_back(sap: Sap, books: Books, jobs: Sequence[Job]) -> None:
    if not jobs:
        return
    try:
        keys = [job.key for job in jobs]
        held = await documents.by_keys(sap.unhurried(), books, keys)
    except Problem as problem:
        for job in jobs:
            job.end(Outcome.IN_DOUBT, "unread", f"Posted, but not read back: {problem.reason}")
        return
    for job in jobs:
        job.judge(held.get(job.key, ()), Outcome.OK)
        if job.receipt is None:
            job.end(Outcome.IN_DOUBT, "unread", "SAP confirmed it, but does not list it yet.")
