"""A rehearsal goes on by itself, can be stopped at any moment, and mends whatever it broke."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from accounts.models import User
from exceptions.models import Case
from revops.kernel import clock
from revops.sandbox import company
from revops.sandbox.rehearsals import catalogue, doors, listing, operations
from revops.sandbox.rehearsals.models import Rehearsal
from revops.sandbox.rehearsals.report import read
from tests.factories import a_case
from tests.rehearsals.kit import row

LATER = timedelta(minutes=10)


class Sandboxes:
    """Remembers which faults stand where; ``silent`` ones do not answer."""

    def __init__(self) -> None:
        self.faults: dict[str, dict[str, Any]] = defaultdict(dict)
        self.documents: list[dict[str, Any]] = []
        self.silent: set[str] = set()
        self.thrown = 0
        self.meanwhile: Any = None

    def post(self, slug: str, what: str, value: Mapping[str, Any]) -> Any:
        self._answers(slug)
        if what == "faults":
            held = self.faults[slug] | dict(value)
            self.faults[slug] = {name: on for name, on in held.items() if on}
            return {}
        self.thrown += 1
        if self.meanwhile is not None:
            self.meanwhile, act = None, self.meanwhile
            act()
        if what == "scenario/customers":
            return {"made": [{"customer": "cus_1"}]}
        return {"invoice": "in_1"}

    def get(self, slug: str, what: str) -> Any:
        self._answers(slug)
        if what == "faults":
            return self.faults[slug]
        return {"documents": self.documents if slug == company.STRIPE else []}

    def _answers(self, slug: str) -> None:
        if slug in self.silent:
            raise doors.NotPossible("The sandbox does not answer.")


@pytest.fixture
def sandboxes(db: None, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Sandboxes:
    settings.REVOPS_DEMO = True
    company.seed()
    made = Sandboxes()
    monkeypatch.setattr(doors, "post", made.post)
    monkeypatch.setattr(doors, "get", made.get)
    monkeypatch.setattr(listing, "held", lambda erps: [])
    return made


def begun(by: User, *drills: str) -> Rehearsal:
    return operations.start(by=by, drills=drills or ["maintenance", "lost_webhooks"])


def states(rehearsal: Rehearsal) -> list[str]:
    return list(rehearsal.drills.order_by("position").values_list("state", flat=True))


class TestAdvance:
    def test_throws_one_drill_after_the_other_and_mends_each(
        self, sandboxes: Sandboxes, rob: User
    ) -> None:
        made = begun(rob)
        seen = []
        at = clock.now()
        for _ in range(12):
            operations.advance(at)
            seen.append((states(made), {slug: on for slug, on in sandboxes.faults.items() if on}))
            at += timedelta(seconds=5)
        made.refresh_from_db()
        assert (["running", "waiting"], {company.STRIPE: {"drop_webhooks": True}}) in seen
        assert (["over", "running"], {company.ERP: {"down": True}}) in seen
        assert seen[-1] == (["over", "over"], {})
        assert (made.state, made.live, made.due_at) == ("done", None, None)
        assert made.counted is not None

    def test_waits_for_a_fault_that_has_not_struck(self, sandboxes: Sandboxes, rob: User) -> None:
        made = begun(rob, "partial_batch")
        now = clock.now()
        operations.advance(now)
        operations.advance(now + timedelta(seconds=30))
        assert states(made) == ["running"]
        sandboxes.faults[company.ERP]["refuse_post"] = {"times": 2}
        operations.advance(now + timedelta(seconds=60))
        assert states(made) == ["over"]

    def test_mends_a_drill_that_could_not_be_thrown(self, sandboxes: Sandboxes, rob: User) -> None:
        made = begun(rob, "maintenance")
        sandboxes.silent = {company.STRIPE}
        now = clock.now()
        for step in range(3):
            operations.advance(now + timedelta(seconds=step))
        assert states(made) == ["failed"]
        assert sandboxes.faults[company.ERP] == {}

    def test_asks_again_until_a_sandbox_takes_its_faults_back(
        self, sandboxes: Sandboxes, rob: User
    ) -> None:
        made = begun(rob, "maintenance")
        now = clock.now()
        operations.advance(now)
        sandboxes.silent = {company.ERP}
        operations.advance(now + LATER)
        assert states(made) == ["running"]
        made.refresh_from_db()
        assert "It is asked again." in made.note
        sandboxes.silent = set()
        operations.advance(now + 2 * LATER)
        assert states(made) == ["over"]
        assert sandboxes.faults[company.ERP] == {}

    def test_is_gone_on_with_after_a_worker_died(
        self, sandboxes: Sandboxes, rob: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = begun(rob, "maintenance")

        def dies() -> None:
            raise KeyboardInterrupt

        sandboxes.meanwhile = dies
        now = clock.now()
        with pytest.raises(KeyboardInterrupt):
            operations.advance(now)
        assert states(made) == ["waiting"]
        assert not operations.advance(now + timedelta(seconds=5))
        assert operations.advance(now + LATER)
        assert states(made) == ["running"]


class TestStop:
    def test_mends_what_began_and_skips_the_rest(self, sandboxes: Sandboxes, rob: User) -> None:
        made = begun(rob)
        now = clock.now()
        operations.advance(now)
        operations.stop(number=made.pk, by=rob)
        operations.advance(now + timedelta(seconds=1))
        made.refresh_from_db()
        assert (made.state, states(made)) == ("stopped", ["over", "skipped"])
        assert not any(sandboxes.faults.values())
        assert made.note == f"Stopped by {rob.name}."

    def test_wins_over_a_worker_that_is_throwing(self, sandboxes: Sandboxes, rob: User) -> None:
        made = begun(rob, "maintenance")
        sandboxes.meanwhile = lambda: operations.stop(number=made.pk, by=rob)
        now = clock.now()
        operations.advance(now)
        assert sandboxes.faults[company.ERP]
        operations.advance(now + timedelta(seconds=1))
        made.refresh_from_db()
        assert made.state == "stopped"
        assert sandboxes.faults[company.ERP] == {}


class TestDifference:
    def test_is_a_case_until_the_books_match(self, sandboxes: Sandboxes, rob: User) -> None:
        made = begun(rob, "maintenance")
        sandboxes.documents = [row("in_lost", 1_200)]
        at = clock.now()
        while operations.advance(at):
            at += timedelta(seconds=catalogue.PATIENCE_S)
        case = Case.objects.get(kind="rehearsal_difference")
        assert f"After {made}, 1 document does not agree." in case.what_happened
        sandboxes.documents = []
        operations.count_again(number=made.pk, by=rob)
        case.refresh_from_db()
        assert case.state == "resolved"


class TestCountAgain:
    def test_leaves_out_cases_that_came_after_the_end(
        self, sandboxes: Sandboxes, rob: User
    ) -> None:
        made = begun(rob, "schema")
        meanwhile = a_case(command=None)
        at = clock.now()
        while operations.advance(at):
            at += timedelta(seconds=catalogue.PATIENCE_S)
        made.refresh_from_db()
        assert made.ended_at is not None
        Case.objects.filter(pk=meanwhile.pk).update(opened_at=made.started_at)
        later = a_case(command=None)
        Case.objects.filter(pk=later.pk).update(opened_at=made.ended_at + LATER)
        operations.count_again(number=made.pk, by=rob)
        made.refresh_from_db()
        report = read(made.counted)
        assert report is not None
        assert (report.opened, sum(cause.cases for cause in report.standing)) == (1, 1)
