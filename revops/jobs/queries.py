"""Reading jobs: how far they are, what is in them, and the tray."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User
from revops.jobs.models import ItemState, Job, JobItem, JobState
from revops.kernel import clock
from revops.kernel.money import Money
from revops.store import sql
from revops.web.pagination import SIZES, Count, Page, keyset_page
from revops.web.tray import Running

IN_TRAY: Final = "bulk"
"""The mark in a session in which a job was started."""

LIVE: Final = (JobState.WAITING, JobState.RUNNING, JobState.STOPPING)
# An ended job stays in the tray for as long.
_STAYS: Final = timedelta(minutes=10)
_MOST_SHOWN: Final = 5


@dataclass(slots=True)
class Tally:
    """Items of a job by state; ``chosen`` are those that take part."""

    by_state: dict[str, int] = field(default_factory=dict)

    def of(self, state: str) -> int:
        return self.by_state.get(state, 0)

    @property
    def chosen(self) -> int:
        return sum(self.by_state.values()) - self.of("excluded")

    @property
    def over(self) -> int:
        """Those whose turn has come."""
        return self.chosen - self.of("pending")

    @property
    def done(self) -> int:
        return self.of("done") + self.of("undone")

    @property
    def percent(self) -> int:
        return 100 * self.over // self.chosen if self.chosen else 100


@dataclass(slots=True)
class Part:
    """Some of the items that take part, under a heading: how many, and their money."""

    name: str
    items: int = 0
    by_currency: dict[str, int] = field(default_factory=dict)

    def add(self, items: int, currency: str, amount: int) -> None:
        self.items += items
        if currency:
            self.by_currency[currency] = self.by_currency.get(currency, 0) + amount

    @property
    def amounts(self) -> list[Money]:
        return [Money(minor, code) for code, minor in sorted(self.by_currency.items())]


@dataclass(frozen=True, slots=True)
class Sums:
    """What takes part, as it was frozen, whole and in parts; and why others do not."""

    whole: Part
    entities: Sequence[Part]
    periods: Sequence[Part]
    excluded: Sequence[tuple[str, int]]


_TALLY: Final = "SELECT state, count(*) AS items FROM jobs_jobitem WHERE job_id = %s GROUP BY state"

_SUMS: Final = """
SELECT entity, period_code, currency, count(*) AS items, coalesce(sum(amount), 0)::bigint AS amount
FROM jobs_jobitem WHERE job_id = %s AND NOT (state = 'excluded') GROUP BY 1, 2, 3
"""

_EXCLUDED: Final = """
SELECT outcome, count(*) AS items FROM jobs_jobitem
WHERE job_id = %s AND state = 'excluded' GROUP BY 1 ORDER BY 2 DESC, 1
"""

_TRAY: Final = """
SELECT job.id, job.title, job.state, count(item.id) AS items,
    count(item.id) FILTER (WHERE item.state = 'pending') AS pending
FROM (
    SELECT * FROM jobs_job WHERE by_id = %(by)s AND NOT (state = 'draft')
        AND (ended_at IS NULL OR ended_at > %(since)s)
    ORDER BY id DESC LIMIT %(most)s
) AS job
LEFT JOIN jobs_jobitem item ON item.job_id = job.id AND NOT (item.state = 'excluded')
GROUP BY 1, 2, 3 ORDER BY job.id DESC
"""


def tally(job: Job) -> Tally:
    """One query."""
    return Tally({row.state: row.items for row in sql.rows(_TALLY, (job.pk,))})


def sums(job: Job) -> Sums:
    """Two queries."""
    whole = Part("")
    entities: dict[str, Part] = {}
    periods: dict[str, Part] = {}
    for row in sql.rows(_SUMS, (job.pk,)):
        parts = (
            entities.setdefault(row.entity, Part(row.entity)),
            periods.setdefault(row.period_code, Part(row.period_code)),
        )
        for part in (whole, *parts):
            part.add(row.items, row.currency, row.amount)
    return Sums(
        whole,
        sorted(entities.values(), key=lambda part: part.name),
        sorted(periods.values(), key=lambda part: part.name),
        [(row.outcome, row.items) for row in sql.rows(_EXCLUDED, (job.pk,))],
    )


def items_of(job: Job, *, state: str = "") -> QuerySet[JobItem]:
    """In the order in which they are done."""
    found = job.items.order_by("position", "pk")
    return found.filter(state=state) if state else found


def page_of_items(
    job: Job, counted: Tally, *, state: str = "", after: str = "", before: str = "",
    size: int = SIZES[0],
) -> Page[JobItem]:  # fmt: skip
    """One query; the count comes from the tally."""
    number = counted.of(state) if state else sum(counted.by_state.values())
    return keyset_page(
        items_of(job, state=state), order=("position", "pk"), after=after, before=before,
        size=size, count=Count(number),
    )  # fmt: skip


def every_item(job: Job) -> Iterator[Any]:
    """Every item as a named tuple, for a file, read in portions."""
    found = items_of(job).values_list(
        "reference", "label", "state", "outcome", "entity", "period_code", "currency", "amount",
        "done_at", named=True,
    )  # fmt: skip
    return iter(found.iterator(chunk_size=2_000))


def first_ids(job: Job, most: int) -> list[int]:
    """The first records that take part."""
    chosen = items_of(job).exclude(state=ItemState.EXCLUDED)
    return list(chosen.values_list("subject_id", flat=True)[:most])


def jobs(*, of: User | None = None) -> QuerySet[Job]:
    """Somebody's jobs with their drafts, or everybody's that were started; the newest first."""
    found = Job.objects.select_related("by").order_by("-pk")
    return found.filter(by=of) if of is not None else found.exclude(state=JobState.DRAFT)


def tray_of(request: HttpRequest) -> Sequence[Running]:
    """
    What runs for the person, or ended a moment ago. One query, and none in a session that never
    started anything: most people's pages pay nothing for it.
    """
    user = request.user
    if not isinstance(user, User) or not request.session.get(IN_TRAY):
        return ()
    rows = sql.rows(_TRAY, {"by": user.pk, "since": clock.now() - _STAYS, "most": _MOST_SHOWN})
    return [
        Running(
            f"BLK-{row.id}",
            row.title,
            100 * (row.items - row.pending) // row.items if row.items else 100,
            row.state,
            reverse("jobs:job", args=[row.id]),
        )
        for row in rows
    ]
