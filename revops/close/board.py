"""
The close of a period on one board: can we, where are we, whom to chase, what blocks, are we on
track. For the close's page and the manager's home.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from django.utils.safestring import SafeString

from revops.close import testing
from revops.close.areas import AREAS
from revops.close.drawings import Aged, Burn, Spot, ages, burn_down
from revops.close.models.tasks import TaskState
from revops.close.outlook import Outlook, outlook
from revops.close.queries import periods, samples
from revops.close.queries.causes import Blocker
from revops.close.readiness import Readiness, of_period
from revops.close.saying import Verdict
from revops.close.saying import of_period as say
from revops.kernel.clock import local_date
from revops.kernel.money import Money
from revops.web.formats import money_text

_FIRST_SPOTS: Final = 2


@dataclass(slots=True)
class Owner:
    """
    Somebody, or a role or team, who has something to do: cases and tasks, how many of both are
    late and by how many days at most, the earliest day it is due.
    """

    name: str
    cases: int = 0
    tasks: int = 0
    late: int = 0
    days: int = 0
    due: date | None = None

    @property
    def open(self) -> int:
        return self.cases + self.tasks

    @property
    def said(self) -> str:
        """“2 cases, 5 tasks”."""
        parts = ((self.cases, "case"), (self.tasks, "task"))
        return ", ".join(
            f"{count:,} {noun}{'' if count == 1 else 's'}" for count, noun in parts if count
        )

    def add(
        self, *, cases: int = 0, tasks: int = 0, due: date | None, late: int, days: int
    ) -> None:
        self.cases += cases
        self.tasks += tasks
        self.late += late
        self.days = max(self.days, days)
        self.due = min(self.due or due, due) if due else self.due


@dataclass(frozen=True, slots=True)
class InArea:
    """What blocks in an area over all legal entities."""

    slug: str
    label: str
    open: int
    amounts: Sequence[Money]


@dataclass(frozen=True, slots=True)
class Board:
    """``blockers`` are causes of all legal entities, the most money first."""

    code: str
    at: datetime
    found: Sequence[Readiness]
    outlooks: Sequence[Outlook]
    verdict: Verdict
    blockers: Sequence[Blocker]
    owners: Sequence[Owner]
    areas: Sequence[InArea]
    days: dict[int, list[samples.Day]] = field(default_factory=dict)

    @property
    def true(self) -> int:
        return sum(one.true for one in self.found)

    @property
    def tests(self) -> int:
        return sum(len(one.used) for one in self.found)

    @property
    def cases(self) -> int:
        return sum(one.cases for one in self.blockers)

    @property
    def causes(self) -> int:
        return len({one.key for one in self.blockers})

    @property
    def blocking(self) -> list[Blocker]:
        """Those of ``blockers`` whose test blocks; the rest is at risk or waits."""
        return [cause for one in self.found for cause in one.blocking_causes]

    @property
    def blocking_cases(self) -> int:
        return sum(one.cases for one in self.blocking)

    @property
    def blocking_causes(self) -> int:
        return len({one.key for one in self.blocking})

    @property
    def resting_causes(self) -> int:
        """Causes of which nothing blocks."""
        return self.causes - self.blocking_causes

    @property
    def amounts(self) -> list[Money]:
        money: dict[str, int] = {}
        for one in self.blockers:
            testing.add(money, one.money)
        return testing.amounts_of(money)

    @property
    def late(self) -> int:
        return sum(one.late for one in self.owners)

    @property
    def target(self) -> date | None:
        """The latest target of what is not closed yet."""
        return max((one.closing.target for one in self.found if not one.closing.closed),
                   default=None)  # fmt: skip

    @property
    def worst(self) -> Outlook | None:
        """The one whose chance to make its target is least."""
        left = [one for one in self.outlooks if not one.found.closing.closed]
        return min(
            left,
            key=lambda one: (
                one.forecast.percent if one.forecast.percent is not None else -1,
                -one.days_late, -len(one.found.blockers),
            ),
            default=None,
        )  # fmt: skip

    @property
    def share(self) -> int:
        """The most money of a cause, for the bars of its list."""
        return max((_weight(one) for one in self.blockers), default=0) or 1

    def burning(self) -> SafeString | None:
        """The burn-down of the legal entity with the most in the way; None for too few days."""
        one = self.verdict.about or (self.found[0] if len(self.found) == 1 else None)
        return drawn(one, self) if one is not None else None

    def aged(self) -> SafeString:
        rows = [
            Aged(one.closing.name, _sum([cause.ages for cause in one.blockers]))
            for one in self.found
        ]
        said = "; ".join(f"{one.name} {sum(one.counts):,} open" for one in rows)
        return ages(rows, sentence=f"Open cases by age: {said}.")


def board(code: str, *, entity: str = "", at: datetime) -> Board:
    """About a dozen statements, whatever the number of legal entities."""
    found = of_period(code, entity=entity, at=at)
    held = [one.closing for one in found]
    took, days = samples.took(held), samples.days(held)
    blockers = sorted(
        (cause for one in found for cause in one.blockers), key=lambda one: -_weight(one)
    )
    return Board(
        code, at, found, [outlook(one, took, at) for one in found], say(found), blockers,
        owners_of(found, at), _in_areas(found), days,
    )  # fmt: skip


def current(at: datetime, *, entity: str = "") -> str:
    """The period that people close now."""
    return periods.current(at=at, entity=entity)


def drawn(one: Readiness, held: Board) -> SafeString | None:
    """The burn-down of a legal entity in its own currency, when there are days to draw."""
    closing = one.closing
    code = closing.currency
    days = held.days.get(closing.entity_id, [])
    if len(days) < _FIRST_SPOTS or closing.closed:
        return None
    spots = [
        Spot(day.day, abs(day.money.get(code, 0)), money_text(Money(day.money.get(code, 0), code)))
        for day in days
    ]
    sight = next(look for look in held.outlooks if look.found is one)
    reaches = f" It reaches zero by {sight.forecast.p50}, or by {sight.forecast.p90} at the latest "
    reaches += "in nine of ten cases." if sight.forecast.p50 else ""
    return burn_down(
        Burn(
            spots, closing.target, sight.forecast.p50, sight.forecast.p90,
            f"What stands in the way of {closing.name} went from {spots[0].shown} to "
            f"{spots[-1].shown}.{reaches if sight.forecast.p50 else ''} "
            f"The target is {closing.target}.",
        )
    )  # fmt: skip


def owners_of(found: Sequence[Readiness], at: datetime) -> list[Owner]:
    """
    Whom to chase for cases and for tasks: whoever is late first, then whose are due next. A task
    is its preparer's until it is prepared, then its reviewer's; a role's where nobody is named.
    """
    owners: dict[str, Owner] = {}

    def of(name: str) -> Owner:
        return owners.setdefault(name, Owner(name))

    for one in found:
        today = local_date(at, one.closing.zone)
        for cause in one.blockers:
            due = cause.due_on
            late = cause.cases if cause.late(at) else 0
            days = (today - due).days if late and due else 0
            for name in cause.owners or ["Nobody"]:
                of(name).add(cases=cause.cases, due=due, late=late, days=days)
        for task in [] if one.closing.closed else one.tasks.left:
            name = task.reviews if task.state == TaskState.PREPARED else task.prepares
            days = max(0, (today - task.due_on).days)
            of(name).add(tasks=1, due=task.due_on, late=1 if days else 0, days=days)
    far = date.max
    return sorted(owners.values(), key=lambda one: (-one.late, one.due or far, -one.open, one.name))


def _in_areas(found: Sequence[Readiness]) -> list[InArea]:
    """Of tests that block alone: what else is open in their areas is at risk or waits."""
    blocks = [stop for one in found for stop in one.stops if stop.state == testing.BLOCKS]
    made = []
    for area in AREAS:
        mine = testing.in_area(blocks, area.slug)
        money: dict[str, int] = {}
        for stop in mine:
            if stop.test.counts:
                testing.add(money, stop.money)
        if mine:
            count = sum(stop.open for stop in mine)
            made.append(InArea(area.slug, area.label, count, testing.amounts_of(money)))
    return sorted(made, key=lambda one: -sum(abs(sum_.minor) for sum_ in one.amounts))


def _weight(one: Blocker) -> int:
    return sum(abs(minor) for minor in one.money.values())


def _sum(rows: Sequence[Sequence[int]]) -> list[int]:
    return [sum(one[step] for one in rows) for step in range(4)]
