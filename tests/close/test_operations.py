"""Signing, waiving, tasks, late events, and the hourly look."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.queries import NotAllowed
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from exceptions.models import Case
from revops.audit.models import Event
from revops.close.models import LateChoice, LatePolicy, PeriodSignOff, ReadinessSample, Task, Waiver
from revops.close.models.late import LateWay
from revops.close.operations import late, sampling, settings, signing, tasks, waiving
from revops.close.queries.periods import Closing, closings
from revops.kernel.money import Money
from revops.mappings.models import AccountingPeriod, PeriodState
from revops.notices.models import Notice
from revops.reconciliation.models import Pair
from tests import factories as make
from tests.close.kit import AT, PERIOD, a_blocker, a_route, an_ended_period, is_now, ready, worker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    is_now(monkeypatch)


def closing() -> Closing:
    return closings(PERIOD, entity="NW-US")[0]


def sign(period: AccountingPeriod, role: str, who: str) -> PeriodSignOff:
    return signing.sign(closing=closing(), role=role, by=worker(who), seen=ready(period).digest)


def state(period: AccountingPeriod) -> str:
    return str(AccountingPeriod.objects.get(pk=period.pk).state)


class TestSigning:
    def test_by_the_preparer_closes_softly_and_by_the_reviewer_for_good(self) -> None:
        period = an_ended_period()

        sign(period, "preparer", "ana")
        assert state(period) == PeriodState.SOFT_CLOSED
        sign(period, "reviewer", "mona")

        assert state(period) == PeriodState.CLOSED
        acts = Event.objects.filter(action="close.signed").values_list("action", flat=True)
        assert len(acts) == 2

    def test_wants_every_test_true(self) -> None:
        period = an_ended_period()
        a_blocker(period.legal_entity)
        with pytest.raises(signing.SignRefused, match="Every journal can be posted"):
            sign(period, "preparer", "ana")
        assert state(period) == PeriodState.OPEN

    def test_wants_the_tests_that_the_person_saw(self) -> None:
        an_ended_period()
        with pytest.raises(signing.SignRefused, match="changed while you looked"):
            signing.sign(closing=closing(), role="preparer", by=worker("ana"), seen="else")

    def test_is_for_two_different_people_with_their_roles(self) -> None:
        period = an_ended_period()
        with pytest.raises(NotAllowed):
            sign(period, "preparer", "mona")
        both = worker("ana")
        both.assignments.create(role="manager", valid_from=AT - timedelta(days=1))
        sign(period, "preparer", "ana")
        with pytest.raises(NotAllowed):
            sign(period, "reviewer", "ana")

    def test_wants_earlier_periods_closed_before_any_name(self) -> None:
        period = an_ended_period()
        AccountingPeriod.objects.filter(code="2026-09").update(state="open")
        with pytest.raises(signing.SignRefused, match="Earlier periods are closed"):
            sign(period, "preparer", "ana")
        with pytest.raises(waiving.WaiverRefused, match="never waived"):
            waiving.ask(
                closing=closing(), test="earlier_closed", reason="We do it next week.",
                by=worker("ana"),
            )  # fmt: skip

    def test_outlives_trouble_of_a_connection(self) -> None:
        period = an_ended_period()
        sign(period, "preparer", "ana")
        erp = a_route(period)
        Pair.objects.create(check_slug="elsewhere", left=make.a_connection("other"))
        make.a_gate(erp, breaker="open")
        assert [one.test.slug for one in ready(period).stops] == ["erp_healthy"]
        assert signing.suspend_changed(closing()) == 0
        with pytest.raises(signing.SignRefused, match="keeps its books is healthy"):
            sign(period, "reviewer", "mona")

    def test_suspends_itself_when_the_books_change(self) -> None:
        period = an_ended_period()
        sign(period, "preparer", "ana")
        make.a_journal(period=period, legal_entity=period.legal_entity)

        assert signing.suspend_changed(closing()) == 1

        held = PeriodSignOff.objects.get()
        assert held.suspended_why == "Its books are others than what was signed."
        assert Notice.objects.get(kind="sign_off_suspended").recipient == held.by

    def test_suspends_itself_when_a_test_turns_untrue_before_the_review(self) -> None:
        period = an_ended_period()
        sign(period, "preparer", "ana")
        assert signing.suspend_changed(closing()) == 0
        a_blocker(period.legal_entity)
        assert signing.suspend_changed(closing()) == 1

    def test_does_not_stand_in_a_period_that_was_opened_again(self) -> None:
        period = an_ended_period()
        sign(period, "preparer", "ana")
        AccountingPeriod.objects.filter(pk=period.pk).update(state="open")
        assert ready(period).names.preparer is None


class TestWaiving:
    def ask(self, test: str = "posted") -> ApprovalRequest:
        return waiving.ask(
            closing=closing(), test=test, reason="It is a matter of cents.", by=worker("ana")
        )

    def test_takes_somebody_else_s_yes(self) -> None:
        period = an_ended_period()
        approvals.begin_with(
            subject=waiving.SUBJECT, tiers=waiving.TIERS, since=period.starts, made_by="Setup"
        )
        a_blocker(period.legal_entity)
        asked = self.ask()
        assert not ready(period).can_close

        approvals.decide(
            request_id=asked.pk, verdict="approve", by=worker("mona"), seen=asked.sha256
        )

        assert Waiver.objects.get().money == {"USD": 10_000}
        assert ready(period).can_close
        sign(period, "preparer", "ana")

    @pytest.mark.parametrize("test", ["emergencies", "in_doubt"])
    def test_is_refused_for_what_is_true_or_has_to_be_done(self, test: str) -> None:
        an_ended_period()
        with pytest.raises(waiving.WaiverRefused):
            self.ask(test)

    def test_is_never_of_a_late_event(self) -> None:
        period = an_ended_period()
        AccountingPeriod.objects.filter(pk=period.pk).update(state="soft_closed")
        a_blocker(period.legal_entity, kind="period_closed")
        with pytest.raises(waiving.WaiverRefused, match="never waived"):
            self.ask("late_decided")


class TestTasks:
    def template(self, **values: Any) -> None:
        usual: dict[str, Any] = {"title": "Statements loaded", "area": "payments", "due_day": 1}
        settings.set_template(by=worker("mona"), **(usual | values))

    def test_are_made_once_from_the_version_in_use(self) -> None:
        an_ended_period()
        self.template()
        self.template(slug="statements-loaded", title="All statements loaded", due_day=2)

        assert tasks.roll(closing()) == 1
        assert tasks.roll(closing()) == 0

        task = Task.objects.get()
        assert (task.title, task.due_on.isoformat()) == ("All statements loaded", "2026-11-03")
        assert task.template.version == 2

    def test_are_prepared_by_one_and_signed_by_another(self) -> None:
        an_ended_period()
        self.template()
        tasks.roll(closing())
        task = Task.objects.get()
        with pytest.raises(tasks.TaskRefused):
            tasks.move(task_id=task.pk, to="signed", by=worker("mona"))
        both = worker("ana")
        both.assignments.create(role="manager", valid_from=AT - timedelta(days=1))
        tasks.move(task_id=task.pk, to="prepared", by=both)
        with pytest.raises(NotAllowed):
            tasks.move(task_id=task.pk, to="signed", by=both)
        done = tasks.move(task_id=task.pk, to="signed", by=worker("mona"))
        assert (done.state, done.moves.count()) == ("signed", 2)

    def test_go_back_only_with_a_reason(self) -> None:
        an_ended_period()
        self.template()
        tasks.roll(closing())
        task = Task.objects.get()
        tasks.move(task_id=task.pk, to="prepared", by=worker("ana"))
        with pytest.raises(tasks.TaskRefused, match="Say why"):
            tasks.move(task_id=task.pk, to="open", by=worker("mona"))
        back = tasks.move(task_id=task.pk, to="open", by=worker("mona"), note="March is missing")
        assert (back.state, back.prepared_by) == ("open", None)

    def test_stop_the_signature_until_they_are_done(self) -> None:
        period = an_ended_period()
        self.template()
        tasks.roll(closing())
        with pytest.raises(signing.SignRefused, match="1 of 1 task is not prepared"):
            sign(period, "preparer", "ana")


class TestLateEvents:
    @pytest.fixture
    def soft(self) -> AccountingPeriod:
        period = an_ended_period()
        sign(period, "preparer", "ana")
        a_blocker(period.legal_entity, kind="period_closed", at_stake=318_000)
        return period

    def test_stop_the_review_until_they_are_decided(self, soft: AccountingPeriod) -> None:
        with pytest.raises(signing.SignRefused, match="Every late event is decided"):
            sign(soft, "reviewer", "mona")

    def test_are_let_in_and_the_names_given_anew(self, soft: AccountingPeriod) -> None:
        said = late.choose(
            closing=closing(), way="include", by=worker("ana"),
            cases=list(Case.objects.values_list("pk", flat=True)),
        )  # fmt: skip

        assert "open again" in said
        assert state(soft) == PeriodState.OPEN
        assert PeriodSignOff.objects.get().suspended_why == "The period was opened again."
        choice = LateChoice.objects.get()
        assert (choice.way, choice.proposed) == ("include", "include")

    def test_of_a_locked_period_ask_for_its_reopening(self, soft: AccountingPeriod) -> None:
        AccountingPeriod.objects.filter(pk=soft.pk).update(state="closed")
        cases = list(Case.objects.values_list("pk", flat=True))
        with pytest.raises(late.LateRefused, match="locked"):
            late.choose(closing=closing(), way="include", by=worker("ana"), cases=cases)
        said = late.choose(
            closing=closing(), way="reopen", by=worker("ana"), cases=cases,
            reason="The largest customer was billed late.",
        )  # fmt: skip
        assert "Others decide" in said
        assert ApprovalRequest.objects.get().subject == "period_reopening"
        assert state(soft) == PeriodState.CLOSED

    def test_are_proposed_a_way_by_policy_and_amount(self, soft: AccountingPeriod) -> None:
        def of(amount: int | None) -> str:
            money = None if amount is None else Money(amount, "USD")
            return late.proposed(closing(), money)

        assert of(100) == LateWay.INCLUDE
        settings.set_late_policy(
            entity=soft.legal_entity, by=worker("mona"),
            rows=[(None, "include"), (1_000, "next_open")],
        )  # fmt: skip
        assert (of(100_000), of(-100_001), of(None)) == ("next_open", "include", "include")
        AccountingPeriod.objects.filter(pk=soft.pk).update(state="closed")
        assert of(100_001) == LateWay.REOPEN
        assert LatePolicy.objects.count() == 2


class TestSampling:
    def test_keeps_one_row_for_each_area_and_hour(self) -> None:
        period = an_ended_period()
        a_blocker(period.legal_entity)
        sampling.look(AT)
        sampling.look(AT + timedelta(minutes=9))

        rows = ReadinessSample.objects.filter(period_code=PERIOD)
        assert rows.count() == 8
        held = rows.get(area="erp_posting")
        assert (held.state, held.open, held.money) == ("blocked", 1, {"USD": 10_000})

    def test_makes_the_tasks_of_what_has_ended(self) -> None:
        an_ended_period()
        settings.set_template(title="Read contracts", area="revenue", due_day=1, by=worker("mona"))
        sampling.look(AT)
        assert Task.objects.get().period_code == PERIOD
