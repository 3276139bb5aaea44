"""
How ready a close is: ``of(entity_id=…, period_code=…)``, or ``of_period`` for all its entities.

Everything is read as it is now, in about ten statements whatever the number of legal entities; only
how many things were looked at comes from the sample of the last hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from accounts.authority import covers, scope_of
from exceptions.queries.readiness import Unreviewed, unreviewed_emergencies
from revops.close import testing
from revops.close.areas import AREAS
from revops.close.queries import around, evidence, reconciled, samples, signed
from revops.close.queries.around import Around
from revops.close.queries.causes import LATE, Blocker, blockers
from revops.close.queries.evidence import Found
from revops.close.queries.periods import Closing, closings
from revops.close.queries.reconciled import Reconciled
from revops.close.queries.signed import Names, Tasks
from revops.close.testing import Answer, AreaState, Waived
from revops.kernel import clock
from revops.kernel.keys import sha256
from revops.kernel.money import Money
from revops.kernel.strict_json import dumps
from revops.mappings.models import LegalEntity

UNCOMPARED: Final = "Not compared yet"


@dataclass(frozen=True, slots=True)
class Readiness:
    """
    One legal entity's close as it stands. ``blockers`` are causes of its open cases, the most money
    first; ``late`` those of them that are late events; ``uncompared`` reconciliations of what is
    connected that were never run for the period.
    """

    closing: Closing
    at: datetime
    answers: Sequence[Answer]
    areas: Sequence[AreaState]
    blockers: Sequence[Blocker]
    tasks: Tasks
    names: Names
    unreviewed: Sequence[Unreviewed] = ()
    late: Sequence[Blocker] = field(default_factory=tuple)
    uncompared: int = 0

    @property
    def stops(self) -> list[Answer]:
        """Tests that are neither true nor waived."""
        return [one for one in self.answers if one.stops]

    @property
    def used(self) -> list[Answer]:
        """Tests of what the legal entity has anything of."""
        return [one for one in self.answers if one.state != testing.UNUSED]

    @property
    def true(self) -> int:
        return sum(not one.stops for one in self.used)

    @property
    def money(self) -> dict[str, int]:
        """What stands in the way, by currency, each amount once."""
        found: dict[str, int] = {}
        for area in self.areas:
            testing.add(found, area.money)
        return found

    @property
    def amounts(self) -> list[Money]:
        return testing.amounts_of(self.money)

    @property
    def causes(self) -> int:
        return len({one.key for one in self.blockers})

    @property
    def blocking(self) -> dict[str, int]:
        """The money of tests that block, without what is only at risk or waits."""
        found: dict[str, int] = {}
        for one in self.stops:
            if one.state == testing.BLOCKS and one.test.counts:
                testing.add(found, one.money)
        return found

    @property
    def blocking_causes(self) -> list[Blocker]:
        """Causes whose cases a test that blocks counts: ``blocking`` is their money."""
        slugs = {one.test.slug for one in self.stops if one.state == testing.BLOCKS}
        return [one for one in self.blockers if _test_of(one, self.closing) in slugs]

    @property
    def blocked(self) -> list[Money]:
        """``blocking``, the most first."""
        return testing.amounts_of(self.blocking)

    @property
    def resting(self) -> list[Money]:
        """What stands in the way and does not block: it is at risk, or waits for somebody."""
        held = dict(self.money)
        testing.add(held, {code: -minor for code, minor in self.blocking.items()})
        return testing.amounts_of({code: minor for code, minor in held.items() if minor})

    @property
    def state(self) -> str:
        """closed, signed (by the preparer), ready, or the worst of its tests."""
        if self.closing.closed:
            return "closed"
        if self.stops:
            return testing.worst(one.state for one in self.stops)
        return "signed" if self.names.preparer else testing.READY

    @property
    def ended(self) -> bool:
        return self.closing.ended(self.at)

    @property
    def can_close(self) -> bool:
        return not self.stops and not self.tasks.open

    @property
    def digest(self) -> str:
        """Of everything that was tested: what it is now tells whether a name still stands."""
        told = [
            [one.test.slug, one.open, sorted(one.money.items()), one.waived] for one in self.answers
        ]
        return sha256(dumps(told))


def of(*, entity_id: int, period_code: str, at: datetime | None = None) -> Readiness:
    """
    Of one legal entity. Raises LegalEntity.DoesNotExist, and LookupError where it has no period of
    that name.
    """
    entity = LegalEntity.objects.get(pk=entity_id)
    found = of_period(period_code, entity=entity.code, at=at)
    if not found:
        raise LookupError(f"{entity.name} has no period {period_code}.")
    return found[0]


def of_period(code: str, *, entity: str = "", at: datetime | None = None) -> list[Readiness]:
    """Of every legal entity that has a period of that name, by name; ``entity`` is a code."""
    return of_closings(closings(code, entity=entity), at=at or clock.now())


def of_closings(
    held: Sequence[Closing], *, at: datetime, checked: Mapping[tuple[int, str], int] | None = None
) -> list[Readiness]:
    """Of these periods of one name. ``checked`` when somebody has just counted."""
    causes = blockers(held, at=at)
    found = evidence.found(held, at=at)
    compared = reconciled.reconciled(held, at=at)
    tasks, waivers, names = signed.tasks(held), signed.waivers(held), signed.names(held)
    looked = samples.checked(held) if checked is None else checked
    unreviewed = unreviewed_emergencies(at=at)
    beside = around.around(held, at=at)
    made = []
    for one in held:
        mine = [cause for cause in causes if cause.closing.entity_id == one.entity_id]
        glasses = [glass for glass in unreviewed if _counts(glass, one.entity)]
        answers = _answers(
            one, at, mine, found, compared[one.entity_id], waivers, len(glasses),
            beside.get(one.entity_id, {}),
        )  # fmt: skip
        areas = _areas(one, answers, looked)
        late = [] if one.open else [cause for cause in mine if cause.kind == LATE]
        made.append(
            Readiness(
                one, at, answers, areas, mine, tasks[one.entity_id], names[one.entity_id],
                glasses, late, sum(compared[one.entity_id].uncompared.values()),
            )
        )  # fmt: skip
    return made


def _counts(one: Unreviewed, entity: str) -> bool:
    scope = scope_of(one.glass.asked_by)
    return not scope or covers(scope, [entity])


def _answers(
    closing: Closing, at: datetime, causes: Sequence[Blocker],
    found: Mapping[tuple[str, int], Found], compared: Reconciled,
    waivers: Mapping[tuple[int, str], Waived], glasses: int, beside: Mapping[str, Around],
) -> list[Answer]:  # fmt: skip
    held: dict[str, Found] = {
        test: evidence
        for (test, entity_id), evidence in found.items()
        if entity_id == closing.entity_id
    }
    for cause in causes:
        slug = _test_of(cause, closing)
        if slug:
            known = held.setdefault(slug, Found())
            known.open += cause.cases
            testing.add(known.money, cause.money)
    for area, count in compared.breaks.items():
        held[testing.PAIRS.get(area, "books_agree")] = Found(count, dict(compared.money[area]))
    notes = {}
    for area, count in compared.uncompared.items():
        slug = testing.PAIRS.get(area, "books_agree")
        known = held.setdefault(slug, Found())
        words = testing.BY_SLUG[slug].said(known.open) if known.open else ""
        notes[slug] = f"{words}, and not all compared yet" if words else UNCOMPARED
        known.open += count
    never = 0 if compared.pairs else sum(compared.uncompared.values())
    held["recs_run"] = Found(len(compared.stale) or never)
    held["recs_signed"] = Found(len(compared.unsigned))
    held["emergencies"] = Found(glasses)
    for slug, one in beside.items():
        held[slug], notes[slug] = Found(one.open), one.said
    if not closing.ended(at):
        # Its end has not come: runs and signatures are made after it.
        for slug in ("runs_made", "recognised", "recs_run", "recs_signed", "earlier_closed"):
            held.pop(slug, None)
    answers = []
    for test in testing.TESTS:
        if test.slug == "late_decided" and closing.open:
            continue
        known = held.get(test.slug) or Found()
        link = beside[test.slug].link if test.slug in beside else test.link
        answers.append(
            Answer(
                test, known.open, known.money, notes.get(test.slug, ""),
                used=_used(test.slug, compared),
                waiver=waivers.get((closing.entity_id, test.slug)),
                link=link.format(
                    scope=closing.scope, entity=closing.entity, period=closing.code,
                    period_id=closing.period_id,
                ),
            )
        )  # fmt: skip
    return answers


def _test_of(cause: Blocker, closing: Closing) -> str:
    """The test that a case answers; none for a break, which its reconciliation counts."""
    if cause.kind.startswith("break_"):
        return ""
    if cause.doubt:
        return "in_doubt"
    if cause.kind == LATE and not closing.open:
        return "late_decided"
    return testing.CASES.get(cause.area, "posted")


def _used(slug: str, compared: Reconciled) -> bool:
    if slug in ("recs_run", "recs_signed"):
        return bool(compared.pairs or compared.uncompared)
    area = next((area for area, test in testing.PAIRS.items() if test == slug), "")
    return not area or area in compared.areas


def _areas(
    closing: Closing, answers: Sequence[Answer], looked: Mapping[tuple[int, str], int]
) -> list[AreaState]:
    made = []
    for area in AREAS:
        mine = testing.in_area(answers, area.slug)
        stopping = [one for one in mine if one.stops]
        money: dict[str, int] = {}
        for one in stopping:
            if one.test.counts:
                testing.add(money, one.money)
        worst = max(stopping, key=lambda one: one.open, default=None)
        made.append(
            AreaState(
                area.slug, area.label, testing.worst(one.state for one in mine),
                sum(one.open for one in stopping), money,
                looked.get((closing.entity_id, area.slug), 0), worst.link if worst else "",
                bool(stopping) and all(one.note == UNCOMPARED for one in stopping),
            )
        )  # fmt: skip
    return made
