"""
Postings into Fusion: look, write, read back; each with its own outcome.

Journals go by import (``importing``), the three documents by Receivables' REST. A receipt or an
invoice that Fusion refuses because its number is there is read and compared: the number is our key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from connectors.contract import Command, Outcome, Receipt
from connectors.postings import JOURNAL, KEY, POSTINGS, Posting, Unfit
from connectors.problem import Problem
from connectors.systems.oracle_fusion import customers, fbdi, importing, lookup, receivables
from connectors.systems.oracle_fusion.books import Library, Shelf
from connectors.systems.oracle_fusion.importing import REQUEST, UnderWay
from connectors.systems.oracle_fusion.lookup import Held
from connectors.systems.oracle_fusion.placing import WORDS, Place, place
from connectors.systems.oracle_fusion.wire import Fusion
from revops.kernel.clock import now

_MAY_BE_STALE: Final = frozenset(
    ("account_unknown", "company_missing", "period_closed", "period_missing")
)
_NOT_TRIED: Final = Problem(
    Outcome.NOT_SENT, "not_tried", "Not tried, because the call before it failed."
)


@dataclass(slots=True, eq=False)
class Job:
    """
    ``receipt`` ends it; ``unfit`` says why it has no ``place``. A journal's ``request`` is the
    number of an import that was begun for it, and ``imported`` the batch that came of it.
    """

    command: Command
    posting: Posting
    place: Place | None = None
    unfit: Unfit | None = None
    request: str = ""
    imported: Held | None = None
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
            external_id=held.external_id if held else "",
            external_number=held.number if held else "",
        )

    def fail(self, problem: Problem, drafted: str = "") -> None:
        told = problem.receipt()
        drafted = problem.drafted_id if isinstance(problem, UnderWay) else drafted
        self.receipt = Receipt(
            told.outcome,
            drafted_id=drafted,
            code=told.code,
            reason=told.reason,
            http_status=told.http_status,
            excerpt=told.excerpt,
            retry_after=told.retry_after,
        )

    def done(self, outcome: Outcome, held: Held) -> None:
        self.receipt = Receipt(outcome, external_id=held.external_id, external_number=held.number)


async def run(fusion: Fusion, shelf: Shelf, commands: Sequence[Command]) -> list[Receipt]:
    """One receipt for each command, in order. Never raises."""
    jobs = [_job(command) for command in commands]
    given = [job for job in jobs if isinstance(job, Job)]
    try:
        if given:
            await _work(fusion, shelf, given)
    except Problem as problem:
        # Reads only come here; what was written has its outcome, and what is under way stays known.
        for job in _unfinished(given):
            job.fail(problem, job.command.drafted_id)
    return [job if isinstance(job, Receipt) else _receipt(job) for job in jobs]


def _receipt(job: Job) -> Receipt:
    assert job.receipt is not None
    return job.receipt


def _job(command: Command) -> Job | Receipt:
    if command.kind not in POSTINGS or not KEY.fullmatch(command.key):
        reason = "This is nothing that Fusion can be asked to do."
        return Receipt(Outcome.REFUSED, code="refused", reason=reason)
    begun = command.drafted_id.removeprefix(REQUEST)
    try:
        posting = Posting.of(command.kind, command.payload)
    except Unfit as unfit:
        return Receipt(Outcome.REFUSED, code=unfit.code, reason=unfit.reason)
    return Job(command, posting, request=begun if begun != command.drafted_id else "")


async def _work(fusion: Fusion, shelf: Shelf, given: Sequence[Job]) -> None:
    library = await _prepare(fusion, shelf, given)
    jobs = _unfinished(given)
    if not jobs:
        return
    held = await lookup.by_keys(fusion, library, [job.key for job in jobs])
    for place_in, job in enumerate(jobs):
        try:
            await _one(fusion, library, job, held.get(job.key, []))
        except Problem as problem:
            job.fail(problem)
            if problem.outcome is not Outcome.REFUSED:
                for later in jobs[place_in + 1 :]:
                    later.fail(_NOT_TRIED, later.command.drafted_id)
                break
    await _follow(fusion, library, [job for job in _unfinished(jobs) if job.imported is None])
    await _post(fusion, library, _unfinished(jobs))


async def _prepare(fusion: Fusion, shelf: Shelf, jobs: Sequence[Job]) -> Library:
    """Refuse what can be told without a write and of which nothing is there. Raises Problem."""
    library = await shelf.get(fusion)
    stale = _check(fusion, jobs, library, again=True)
    if stale:
        library = await shelf.get(fusion, fresh=True)
        _check(fusion, stale, library, again=False)
    return library


def _check(fusion: Fusion, jobs: Iterable[Job], library: Library, *, again: bool) -> list[Job]:
    stale = []
    for job in jobs:
        try:
            job.place = place(job.posting, library, fusion)
        except Unfit as unfit:
            if job.command.drafted_id:
                # Taken before: what became of it counts, though it would not be taken now.
                job.unfit = unfit
            elif again and unfit.code in _MAY_BE_STALE:
                stale.append(job)
            else:
                job.end(Outcome.REFUSED, unfit.code, unfit.reason)
    return stale


async def _one(fusion: Fusion, library: Library, job: Job, held: Sequence[Held]) -> None:
    """What can be done at once; what takes longer is left unfinished. Raises Problem."""
    if held:
        _known(job, held)
    elif job.request:
        return
    elif job.unfit is not None:
        job.end(Outcome.REFUSED, job.unfit.code, job.unfit.reason)
    elif job.posting.kind != JOURNAL:
        await _document(fusion, library, job)
    else:
        assert job.place is not None
        # Another group for each upload: what an earlier one left behind must not come along.
        group = f"{int(now().timestamp() * 1000)}{crc32(job.key.encode()) % 100:02d}"
        archive = fbdi.archive(job.key, job.posting, job.place, fusion, group=group)
        told = fbdi.parameters(job.place.ledger, fusion, group=group)
        job.request = await importing.upload(fusion, archive, told)


def _known(job: Job, held: Sequence[Held], *, fresh: bool = False) -> None:
    """It is there: with our content it is done, or a journal to be posted."""
    if len(held) > 1:
        numbers = ", ".join(one.number for one in held)
        job.end(Outcome.REFUSED, "duplicate", f"Fusion holds this {job.word} twice: {numbers}.")
        return
    (one,) = held
    if one.found.content_sha256 != job.posting.content:
        reason = f"Fusion holds {one.number} under this key with other content."
        job.end(Outcome.REFUSED, "conflict", reason, one)
    elif one.posted:
        job.done(Outcome.OK if fresh else Outcome.ALREADY_DONE, one)
    elif job.posting.kind == JOURNAL:
        job.imported = one
    else:
        job.receipt = Receipt(
            Outcome.REFUSED,
            code="incomplete",
            reason=f"Fusion holds the {job.word} {one.number}, which is not complete there. "
            "Complete it in Fusion, then try again here.",
            drafted_id=one.external_id,
        )


async def _follow(fusion: Fusion, library: Library, jobs: Sequence[Job]) -> None:
    """What became of imports that Fusion has taken. Never raises."""
    try:
        over = [job for job in jobs if await importing.ended(fusion, job.request)]
        held = await lookup.by_keys(fusion, library, [job.key for job in over]) if over else {}
        for job in over:
            found = held.get(job.key)
            if found:
                _known(job, found, fresh=True)
            else:
                job.fail(await importing.why_not(fusion, job.request))
        said, seconds = "", importing.SOON_S
    except Problem as problem:
        said, seconds = problem.reason, max(problem.retry_after or 0, importing.SOON_S)
    for job in jobs:
        # The file is taken, so nothing may be uploaded anew: this request is asked about again.
        if job.receipt is None and job.imported is None:
            reason = f"Fusion is importing the journal, as request {job.request}. {said}".strip()
            drafted = f"{REQUEST}{job.request}"
            job.fail(UnderWay("importing", reason, drafted, seconds=seconds))


async def _post(fusion: Fusion, library: Library, jobs: Sequence[Job]) -> None:
    """Imported batches: have them posted, if that is ours to ask, and look once. Never raises."""
    why = ""
    if jobs and fusion.autopost:
        try:
            await importing.autopost(fusion)
            held = await lookup.by_keys(fusion, library, [job.key for job in jobs])
            for job in jobs:
                if held.get(job.key):
                    _known(job, held[job.key], fresh=True)
        except Problem as problem:
            why = problem.reason
    for job in _unfinished(jobs):
        assert job.imported is not None
        number, drafted = job.imported.number, job.imported.external_id
        reason = f"Fusion has imported it as {number}, which waits to be posted there. {why}"
        job.fail(UnderWay("unposted", reason.strip(), drafted, seconds=importing.POSTING_S))


async def _document(fusion: Fusion, library: Library, job: Job) -> None:
    """Raises Problem."""
    assert job.place is not None
    assert job.place.receivable is not None
    form = receivables.BY_KIND[job.posting.kind]
    line = job.place.receivable
    try:
        customer = await customers.account(
            fusion, line.customer, line.customer_name or line.customer
        )
    except Problem as problem:
        if problem.outcome is not Outcome.IN_DOUBT:
            raise
        # A customer may be made by now; nothing is posted.
        raise Problem(Outcome.TRANSIENT, problem.code, problem.reason) from problem
    body = receivables.body(job.key, job.posting, job.place, fusion, customer=customer)
    try:
        await fusion.create(form.resource, body)
        made = True
    except Problem as problem:
        if problem.code != "exists":
            raise
        made = False
    try:
        found = (await lookup.by_keys(fusion.unhurried(), library, [job.key])).get(job.key)
    except Problem as problem:
        reason = f"Made, but not read back: {problem.reason}"
        job.receipt = Receipt(Outcome.ALREADY_DONE, code="unread", reason=reason)
        return
    if not found:
        code = "garbled" if made else "conflict"
        reason = "Fusion shows no document of ours with this number."
        outcome = Outcome.IN_DOUBT if made else Outcome.REFUSED
        raise Problem(outcome, code, reason)
    _known(job, found, fresh=made)


def _unfinished(jobs: Iterable[Job]) -> list[Job]:
    return [job for job in jobs if job.receipt is None]
