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


@dataclass(slots=True, eq=False)
class Job:
    """``receipt`` ends it; ``unfit`` says why it has no ``place``."""

    command: Command
    posting: Posting
    place: Place | None = None
    unfit: Unfit | None = None
    receipt: Receipt | None = None

    @property
    def key(self) -> str:
        return self.command.key

    @property
    def word(self) -> str:
        return WORDS[self.posting.kind]

    @property
    def request(self) -> str:
        """The number of an import that was begun for it, “” for none."""
        drafted = self.command.drafted_id
        return drafted.removeprefix(REQUEST) if drafted.startswith(REQUEST) else ""

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
    try:
        return Job(command, Posting.of(command.kind, command.payload))
    except Unfit as unfit:
        return Receipt(Outcome.REFUSED, code=unfit.code, reason=unfit.reason)


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
            if problem.outcome is not Outcome.REFUSED and not isinstance(problem, UnderWay):
                for later in jobs[place_in + 1 :]:
                    reason = "Not tried, because the call before it failed."
                    later.end(Outcome.NOT_SENT, "not_tried", reason)
                return


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
    """Raises Problem."""
    if held:
        await _known(fusion, library, job, held)
    elif job.request:
        await _followed(fusion, library, job, job.request)
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
        await _followed(fusion, library, job, await importing.upload(fusion, archive, told))


async def _followed(fusion: Fusion, library: Library, job: Job, request: str) -> None:
    """What became of an import that Fusion has taken. Raises Problem."""
    calm = fusion.unhurried()
    try:
        over = await importing.ended(calm, request)
        held = (await lookup.by_keys(calm, library, [job.key])).get(job.key) if over else None
        refusal = None if held or not over else await importing.why_not(calm, request)
    except Problem as problem:
        # The file is taken, so nothing may be uploaded anew: this request is asked about again.
        raise UnderWay(
            "importing",
            f"Fusion has the journal as request {request}. {problem.reason}",
            f"{REQUEST}{request}",
            seconds=max(problem.retry_after or 0, importing.SOON_S),
        ) from problem
    if refusal is not None:
        raise refusal
    if held is None:
        reason = f"Fusion is importing the journal, as request {request}."
        drafted = f"{REQUEST}{request}"
        raise UnderWay("importing", reason, drafted, seconds=importing.SOON_S)
    await _known(calm, library, job, held, fresh=True)


async def _known(
    fusion: Fusion, library: Library, job: Job, held: Sequence[Held], *, fresh: bool = False
) -> None:
    """It is there: with our content it is done or to be posted. Raises Problem."""
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
        await _post(fusion, library, job, one)
    else:
        job.receipt = Receipt(
            Outcome.REFUSED,
            code="incomplete",
            reason=f"Fusion holds the {job.word} {one.number}, which is not complete there. "
            "Complete it in Fusion, then try again here.",
            drafted_id=one.external_id,
        )


async def _post(fusion: Fusion, library: Library, job: Job, held: Held) -> None:
    """An imported batch: have it posted, if that is ours to ask, and look once. Raises Problem."""
    again: Held | None = None
    why = ""
    if fusion.autopost:
        try:
            await importing.autopost(fusion)
            found = (await lookup.by_keys(fusion.unhurried(), library, [job.key])).get(job.key)
            again = found[0] if found else None
        except Problem as problem:
            why = problem.reason
    if again is not None and again.posted:
        job.done(Outcome.OK, again)
        return
    reason = f"Fusion has imported it as {held.number}, which waits to be posted there. {why}"
    raise UnderWay("unposted", reason.strip(), held.external_id, seconds=importing.POSTING_S)


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
    await _known(fusion, library, job, found, fresh=made)


def _unfinished(jobs: Iterable[Job]) -> list[Job]:
    return [job for job in jobs if job.receipt is None]
