"""
What can be done in bulk. Whoever owns an act declares it, once, from ``AppConfig.ready``:

    kinds.declare(
        JobKind("cases.assign", "Assign", "cases.claim", freeze=_freeze, run=_run, undo=_undo)
    )

and drafts a job of it with ``operations.draft``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from accounts.roles import declared
from revops.kernel.money import Money

if TYPE_CHECKING:
    from accounts.models import User
    from revops.jobs.models import Job, JobItem


class JobKindUnknown(LookupError):
    """No app declared this kind; a mistake in the code, or a job of an older version."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A record as it is when the job is drafted. ``excluded`` says why it takes no part, or “”."""

    id: int
    reference: str
    label: str = ""
    entity: str = ""
    period: str = ""
    amount: Money | None = None
    excluded: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record, in a sentence; ``before`` is what an undo of it needs."""

    state: Literal["done", "failed", "skipped"]
    sentence: str
    before: Any = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One record before and after, in words, for the preview."""

    reference: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Budget:
    """
    What a run asks of another system: ``calls`` of the ``available`` ones a minute (None: no limit
    is known), and about how many minutes it takes.
    """

    system: str
    calls: int
    available: int | None
    minutes: int


@dataclass(frozen=True, slots=True)
class File:
    """What a job was for, where that is a file: its name, columns and lines (web.csv_files)."""

    name: str
    columns: Sequence[str]
    lines: Iterable[Sequence[str]]


FreezeSet = Callable[[int, Sequence[int], Mapping[str, Any]], bool]
Freeze = Callable[[Sequence[int], Mapping[str, Any]], Sequence[Frozen]]
Run = Callable[[Sequence[int], "User", "Job"], Mapping[int, Outcome]]
Undo = Callable[[Sequence["JobItem"], "User", "Job"], Mapping[int, Outcome]]


def _no_samples(ids: Sequence[int], options: Mapping[str, Any]) -> Sequence[Sample]:
    return ()


def _no_budget(ids: Sequence[int], options: Mapping[str, Any]) -> Sequence[Budget]:
    return ()


def _no_link(id: int) -> str:
    return ""


def _nothing_known(ids: Sequence[int]) -> Mapping[int, tuple[str, str]]:
    return {}


@dataclass(frozen=True, slots=True)
class JobKind:
    """
    One act. ``action`` is the policy of who may (accounts.roles); ``noun`` is “case|cases”.

    ``freeze(ids, options)`` describes records, in the order in which they are to be done, and says
    which are left out and why; ids that are gone or out of sight are simply not in its answer.
    ``freeze_set(job_id, ids, options)`` writes the same items by one statement where that can say
    it: tens of thousands of records are then frozen while somebody waits for the page. False: it
    wrote nothing, and ``freeze`` is asked.
    ``run(ids, by, job)`` does a slice, in a transaction in which the items are marked too: it only
    writes, and what it sets off waits for the commit. What it says nothing of counts as failed; if
    it raises, its slice is done again one by one. ``undo(items, by, job)`` takes a slice back;
    None: cannot be undone. ``hold(job, by)`` may ask somebody else first: a sentence holds the job
    until ``operations.release``.

    For pages: ``samples`` shows some records before and after, ``budget`` what other systems are
    asked, ``link`` is a record's address, ``now`` how records stand at the moment, as a state of
    revops/web/statuses.py and its words. ``file`` is the file that an ended job gives instead of
    its list of records. ``pace(job)`` is the most items a minute that others can bear now, None for
    no limit. ``rate`` is items a minute, ``batch`` items a transaction.
    """

    slug: str
    label: str
    action: str
    freeze: Freeze
    run: Run
    undo: Undo | None = None
    freeze_set: FreezeSet | None = None
    hold: Callable[[Job, User], str] | None = None
    samples: Callable[[Sequence[int], Mapping[str, Any]], Sequence[Sample]] = _no_samples
    budget: Callable[[Sequence[int], Mapping[str, Any]], Sequence[Budget]] = _no_budget
    link: Callable[[int], str] = _no_link
    now: Callable[[Sequence[int]], Mapping[int, tuple[str, str]]] = _nothing_known
    file: Callable[[Job], File] | None = None
    pace: Callable[[Job], int | None] | None = None
    noun: str = "record|records"
    warning: str = ""
    rate: int = 60_000
    batch: int = 500

    def counted(self, number: int) -> str:
        """``1 case``, ``40 cases``."""
        one, many = self.noun.split("|")
        return f"{number:,} {one if number == 1 else many}"


_kinds: dict[str, JobKind] = {}


def declare(*kinds: JobKind) -> None:
    """Make kinds known. Raises ActionUnknown; declaring a slug again replaces it."""
    for kind in kinds:
        declared(kind.action)
        _kinds[kind.slug] = kind


def get(slug: str) -> JobKind:
    """Raises JobKindUnknown."""
    try:
        return _kinds[slug]
    except KeyError:
        raise JobKindUnknown(f"No app declared the job kind “{slug}”.") from None
