"""
Postings into Fusion: look, write, read back; each with its own outcome.

Journals go by import (``importing``), the three documents by Receivables' REST. A receipt or an
invoice that Fusion refuses because its number is there is read and compared: the number is our key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from connectors import sending
from connectors.commands import Unfit
from connectors.contract import Command, Outcome, Receipt
from connectors.postings import JOURNAL
from connectors.problem import Problem, Working
from connectors.sending import begin, leave, unfinished
from connectors.shelf import Shelf
from connectors.systems.oracle_fusion import customers, fbdi, importing, lookup, receivables
from connectors.systems.oracle_fusion.books import Library
from connectors.systems.oracle_fusion.importing import REQUEST
from connectors.systems.oracle_fusion.lookup import Held
from connectors.systems.oracle_fusion.placing import WORDS, Place, place
from connectors.systems.oracle_fusion.wire import SYSTEM, Fusion
from revops.kernel.clock import now

_MAY_BE_STALE: Final = frozenset(
    ("account_unknown", "company_missing", "period_closed", "period_missing")
)


@dataclass(slots=True, eq=False)
class Job(sending.Job):
    """``drafted`` is the request that imports a journal, and then the batch that came of it."""

    place: Place | None = None
    imported: Held | None = None

    @property
    def word(self) -> str:
        return WORDS[self.posting.kind]

    @property
    def request(self) -> str:
        """The number of an import that was begun for it, “” for none."""
        return self.drafted[len(REQUEST) :] if self.drafted.startswith(REQUEST) else ""


async def run(
    fusion: Fusion, shelf: Shelf[Fusion, Library], commands: Sequence[Command]
) -> list[Receipt]:
    """One receipt for each command, in order. Never raises."""
    return await sending.run(SYSTEM, commands, begin(Job), lambda jobs: _work(fusion, shelf, jobs))


async def _work(fusion: Fusion, shelf: Shelf[Fusion, Library], given: Sequence[Job]) -> None:
    def placed(job: Job, library: Library) -> None:
        try:
            job.place = place(job.posting, library, fusion)
        except Unfit as unfit:
            if not job.drafted:
                raise
            # Taken before: what became of it counts, though it would not be taken now.
            job.unfit = unfit

    library = await sending.placed(fusion, shelf, given, placed, stale=_MAY_BE_STALE)
    jobs = unfinished(given)
    if not jobs:
        return
    held = await lookup.by_keys(fusion, library, [job.key for job in jobs])
    for place_in, job in enumerate(jobs):
        try:
            await _one(fusion, library, job, held.get(job.key, []))
        except Problem as problem:
            job.fail(problem)
            if problem.outcome is not Outcome.REFUSED:
                leave(jobs[place_in + 1 :])
                break
    await _follow(fusion, library, [job for job in unfinished(jobs) if job.imported is None])
    await _post(fusion, library, unfinished(jobs))


async def _one(fusion: Fusion, library: Library, job: Job, held: Sequence[Held]) -> None:
    """What can be done at once; what takes longer is left unfinished. Raises Problem."""
    if held:
        _known(job, held, Outcome.ALREADY_DONE)
        return
    if job.request:
        return
    job.drafted = ""
    if job.unfit is not None:
        job.refuse(job.unfit)
    elif job.posting.kind != JOURNAL:
        await _document(fusion, library, job)
    else:
        assert job.place is not None
        # Another group for each upload: what an earlier one left behind must not come along.
        group = f"{int(now().timestamp() * 1000)}{crc32(job.key.encode()) % 100:02d}"
        archive = fbdi.archive(job.key, job.posting, job.place, fusion, group=group)
        told = fbdi.parameters(job.place.ledger, fusion, group=group)
        job.drafted = f"{REQUEST}{await importing.upload(fusion, archive, told)}"


def _known(job: Job, held: Sequence[Held], outcome: Outcome) -> None:
    """It is there: with our content it is done, or a journal to be posted."""
    found = [one.found for one in held]
    content = job.posting.content
    sending.judge(SYSTEM, job.word, job, found, content=content, outcome=outcome)
    if job.receipt is not None:
        return
    (one,) = held
    job.drafted = one.external_id
    if job.posting.kind == JOURNAL:
        job.imported = one
        return
    reason = (
        f"Fusion holds the {job.word} {one.number}, which is not complete there. Complete it in "
        "Fusion, then try again here."
    )
    job.end(Outcome.REFUSED, "incomplete", reason)


async def _follow(fusion: Fusion, library: Library, jobs: Sequence[Job]) -> None:
    """What became of imports that Fusion has taken. Raises Problem; they stay known."""
    over = [job for job in jobs if await importing.ended(fusion, job.request)]
    held = await lookup.by_keys(fusion, library, [job.key for job in over]) if over else {}
    for job in over:
        found = held.get(job.key)
        if found:
            _known(job, found, Outcome.OK)
        elif not await importing.goes_on(fusion, job.request):
            why = await importing.why_not(fusion, job.request)
            job.drafted = ""
            job.fail(why)
    for job in jobs:
        # The file is taken, so nothing may be uploaded anew: this request is asked about again.
        if job.receipt is None and job.imported is None:
            reason = f"Fusion is importing the journal, as request {job.request}."
            job.fail(Working("importing", reason, job.drafted, seconds=importing.SOON_S))


async def _post(fusion: Fusion, library: Library, jobs: Sequence[Job]) -> None:
    """Imported batches: have them posted, if that is ours to ask, and look once. Never raises."""
    why = ""
    if jobs and fusion.autopost:
        try:
            await importing.autopost(fusion)
            held = await lookup.by_keys(fusion, library, [job.key for job in jobs])
            for job in jobs:
                if held.get(job.key):
                    _known(job, held[job.key], Outcome.OK)
        except Problem as problem:
            why = problem.reason
    for job in unfinished(jobs):
        assert job.imported is not None
        number = job.imported.number
        reason = f"Fusion has imported it as {number}, which waits to be posted there. {why}"
        waits = Working("unposted", reason.strip(), job.drafted, seconds=importing.POSTING_S)
        job.fail(waits)


async def _document(fusion: Fusion, library: Library, job: Job) -> None:
    """Raises Problem."""
    assert job.place is not None
    assert job.place.receivable is not None
    form = receivables.BY_KIND[job.posting.kind]
    line = job.place.receivable
    try:
        customer = await customers.account(fusion, line)
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
        job.end(Outcome.ALREADY_DONE, "unread", reason)
        return
    if not found:
        code = "garbled" if made else "conflict"
        reason = "Fusion shows no document of ours with this number."
        outcome = Outcome.IN_DOUBT if made else Outcome.REFUSED
        raise Problem(outcome, code, reason)
    _known(job, found, Outcome.OK if made else Outcome.ALREADY_DONE)
