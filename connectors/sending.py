"""
Postings on their way through one call of ``send``: each ends with a receipt of its own, whatever
becomes of those beside it.

An ERP's connector gives its own ``Job`` and the work; what is the same for all of them stands here:
who is refused unseen, how books that may be out of date are read again before somebody is refused
because of them, and what it means that the ERP holds something under our key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from connectors.commands import Unfit
from connectors.contract import Command, Found, Outcome, Receipt
from connectors.postings import KEY, POSTINGS, Posting, Settled
from connectors.problem import Problem
from connectors.shelf import Shelf

NOT_TRIED: Final = Problem(
    Outcome.NOT_SENT, "not_tried", "Not tried, because the call before it failed."
)
_GOES_ON: Final = (Outcome.OK, Outcome.ALREADY_DONE, Outcome.REFUSED)


@dataclass(slots=True, eq=False)
class Job:
    """
    ``receipt`` ends it. ``drafted`` names what the ERP holds of it that is not in its books yet,
    and goes with every receipt but that of what is done. ``unfit``: why it would not be taken now,
    of one that was begun before, so that what became of it counts.
    """

    command: Command
    posting: Posting
    drafted: str = ""
    unfit: Unfit | None = None
    receipt: Receipt | None = None

    @property
    def key(self) -> str:
        return self.command.key

    def end(self, outcome: Outcome, code: str = "", reason: str = "", **more: Any) -> None:
        self.receipt = Receipt(outcome, code=code, reason=reason, drafted_id=self.drafted, **more)

    def refuse(self, unfit: Unfit) -> None:
        self.end(Outcome.REFUSED, unfit.code, unfit.reason)

    def fail(self, problem: Problem, *, outcome: Outcome | None = None) -> None:
        """``outcome`` in place of the problem's, where that one is not this posting's."""
        told = problem.receipt()
        drafted = told.drafted_id or self.drafted
        self.receipt = replace(told, outcome=outcome or told.outcome, drafted_id=drafted)

    def done(self, outcome: Outcome, held: Found) -> None:
        self.receipt = Receipt(
            outcome, external_id=held.external_id, external_number=held.external_number
        )


J = TypeVar("J", bound=Job)
S = TypeVar("S")
L = TypeVar("L")


def unfinished(jobs: Iterable[J]) -> list[J]:
    return [job for job in jobs if job.receipt is None]


def fail_all(jobs: Iterable[Job], problem: Problem, *, outcome: Outcome | None = None) -> None:
    for job in jobs:
        job.fail(problem, outcome=outcome)


def leave(jobs: Iterable[Job]) -> None:
    """End what was not reached because a call before it failed: surely nothing was sent for it."""
    fail_all(unfinished(jobs), NOT_TRIED)


def begin(job: type[J]) -> Callable[[Command], J]:
    """A posting as it was asked for, with what was drafted of it before. Raises Unfit."""

    def begun(command: Command) -> J:
        posting = Posting.of(command.kind, command.payload)
        return job(command, posting, drafted=command.drafted_id)

    return begun


async def run(
    system: str,
    commands: Sequence[Command],
    begin: Callable[[Command], J],
    work: Callable[[list[J]], Awaitable[None]],
) -> list[Receipt]:
    """
    One receipt for each posting, in order; never raises Problem. ``begin`` may raise Unfit.

    ``work`` ends its jobs. A Problem that it raises is one of a read, and ends those that have no
    end yet: what was written has its outcome by then.
    """
    given: list[J] = []
    told: list[J | Receipt] = []
    for command in commands:
        try:
            job = begin(known(system, command, POSTINGS))
            given.append(job)
            told.append(job)
        except Unfit as unfit:
            told.append(unfit.receipt())
    try:
        if given:
            await work(given)
    except Problem as problem:
        fail_all(unfinished(given), problem)
    return [one if isinstance(one, Receipt) else _receipt(one) for one in told]


async def one_by_one(
    system: str,
    commands: Sequence[Command],
    kinds: Collection[str],
    do: Callable[[Command], Awaitable[Receipt]],
) -> list[Receipt]:
    """Each by itself; after one that was not answered, the others are not tried now."""
    told: list[Receipt] = []
    for command in commands:
        if told and told[-1].outcome not in _GOES_ON:
            told.append(NOT_TRIED.receipt())
            continue
        try:
            told.append(await do(known(system, command, kinds)))
        except Unfit as unfit:
            told.append(unfit.receipt())
        except Problem as problem:
            told.append(problem.receipt())
    return told


def known(system: str, command: Command, kinds: Collection[str]) -> Command:
    """The command, when it is of one of the kinds and its key one of ours. Raises Unfit."""
    if command.kind not in kinds or not KEY.fullmatch(command.key):
        raise Unfit("refused", f"This is nothing that {system} can be asked to do.")
    return command


async def placed(
    system: S,
    shelf: Shelf[S, L],
    jobs: Sequence[J],
    place: Callable[[J, L], None],
    *,
    stale: Collection[str],
) -> L:
    """
    The books, once each job has its place in them. ``place`` raises Unfit; for the codes ``stale``
    the books are read again before it counts. Raises Problem.
    """
    library = await shelf.get(system)
    doubtful = _place(jobs, library, place, stale)
    if doubtful:
        library = await shelf.get(system, fresh=True)
        _place(doubtful, library, place, ())
    return library


def _place(
    jobs: Iterable[J], library: L, place: Callable[[J, L], None], stale: Collection[str]
) -> list[J]:
    doubtful = []
    for job in jobs:
        try:
            place(job, library)
        except Unfit as unfit:
            if unfit.code in stale:
                doubtful.append(job)
            else:
                job.refuse(unfit)
    return doubtful


def judge(
    system: str,
    word: str,
    job: Job,
    held: Sequence[Found],
    *,
    content: str,
    outcome: Outcome = Outcome.ALREADY_DONE,
) -> None:
    """
    End a job by what is held under its key: several or one of other content is for people, one that
    is posted is done. With nothing, or with a draft of our content, it goes on.
    """
    other = next((one for one in held if one.content_sha256 != content), None)
    if len(held) > 1:
        times = "twice" if len(held) == 2 else f"{len(held)} times"
        numbers = ", ".join(named(one) for one in held)
        job.drafted = ""
        job.end(Outcome.REFUSED, "duplicate", f"{system} holds this {word} {times}: {numbers}.")
    elif other is not None:
        job.drafted = ""
        job.end(
            Outcome.REFUSED,
            "conflict",
            f"{system} holds {named(other)} under this key with other content.",
            external_id=other.external_id,
            external_number=other.external_number,
        )
    elif held and held[0].posted:
        job.done(outcome, held[0])


def named(held: Found) -> str:
    """What people call it; a draft has no number as a rule."""
    return held.external_number or f"draft {held.external_id}"


def lacks(system: str, one: Settled) -> Unfit:
    """Of what settles an invoice that is not there: it would be booked on account."""
    return Unfit(
        "invoice_missing",
        f"{system} does not hold the invoice {one.number or one.key}, which this settles; post "
        "that first.",
    )


def _receipt(job: Job) -> Receipt:
    assert job.receipt is not None
    return job.receipt
