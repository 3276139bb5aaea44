"""A request from its draft to the credit memo and beyond, by operations and events."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from accounts.queries import NotAllowed
from approvals.models import ApprovalRequest
from approvals.operations import ApprovalRefused
from exceptions.models import Case
from revops.canonical.models import Credit
from revops.credits import life
from revops.credits.life import CannotChange
from revops.credits.models import ServiceCredit
from revops.credits.operations import drafting, reversing, sending
from revops.credits.operations.following import NOT_ISSUED, UNAPPROVED, follow
from revops.credits.operations.sending import Incomplete
from revops.credits.queries.progress import stages_of
from revops.credits.queries.sheet import Draft
from revops.delivery.models import OutboundCommand
from revops.pipeline.flows.acts import compensate
from revops.pipeline.flows.undo import CannotUndo
from revops.pipeline.models import FlowRun
from revops.pipeline.period_end.runs import run
from revops.store import rows
from tests.cast import person
from tests.credits.desk import Desk


@pytest.fixture
def asked(desk: Desk) -> ServiceCredit:
    """A request of Sue's about a broken promise of a paid year."""
    desk.year(pays=True)
    desk.promised()
    return desk.ask(case_id=desk.case().pk)


class TestGiven:
    def test_goes_from_the_request_over_the_approval_to_the_memo(
        self, desk: Desk, asked: ServiceCredit
    ) -> None:
        desk.advance()
        record = Credit.objects.get(source_id=asked.number)
        assert (record.state, record.net, record.case_ref) == ("requested", 9_000, "ZD-1")

        credit = desk.decide(asked)
        assert credit.state == life.ISSUING
        credit = desk.issue(credit)

        assert credit.state == life.ISSUED
        assert credit.posted_at is not None
        assert credit.memo is not None
        assert credit.memo.number == f"CN-{credit.pk}"
        assert [stage.state for stage in stages_of(credit)] == ["done"] * 5
        assert not desk.stuck()

    def test_asks_billing_once_however_often_it_is_told(
        self, desk: Desk, asked: ServiceCredit
    ) -> None:
        credit = desk.decide(asked)
        follow()
        desk.advance()
        assert OutboundCommand.objects.filter(kind="billing.credit_note.create").count() == 1
        assert desk.issue(credit).state == life.ISSUED
        assert follow() == 0

    def test_an_approval_that_the_api_tells_makes_no_credit_note(self, desk: Desk) -> None:
        """Only the console's own approvals reach billing, whatever a service's token may say."""
        desk.year()
        told = {
            "credit_id": "CR-999", "customer_id": "cus_1", "invoice_id": "in_1",
            "credit_type": "goodwill", "currency": "USD", "amount": 100_000,
            "entitled_on": desk.today.isoformat(), "approved_on": desk.today.isoformat(),
        }  # fmt: skip
        desk.tell("credit.approved/1", desk.today.isoformat(), **told)

        assert not OutboundCommand.objects.filter(kind="billing.credit_note.create").exists()

    def test_voided_in_billing_is_reversed_with_its_books(
        self, desk: Desk, asked: ServiceCredit
    ) -> None:
        credit = desk.issue(desk.decide(asked))
        day = desk.today.isoformat()
        desk.tell("credit.voided/1", day, credit_id=f"cn_{credit.pk}", voided_on=day)
        follow()

        credit.refresh_from_db()
        assert credit.state == life.REVERSED
        assert desk.on("4900") == desk.on("2400") == 0


class TestDeciding:
    def test_nobody_decides_what_they_asked_for(self, desk: Desk) -> None:
        desk.year()
        credit, _ = drafting.save(
            by=desk.ana,
            draft=Draft(sought="in_1", amount="50", credit_type="goodwill", reason_code="price"),
        )
        credit = sending.send(by=desk.ana, credit_id=credit.pk)
        with pytest.raises((NotAllowed, ApprovalRefused)):
            desk.decide(credit, by=desk.ana)

    def test_sent_back_it_is_written_anew_and_decided_as_what_it_became(
        self, desk: Desk, asked: ServiceCredit
    ) -> None:
        credit = desk.decide(asked, "send_back", reason="Only half of the day was lost.")
        assert (credit.state, credit.answer) == (life.DRAFT, "Only half of the day was lost.")

        half = replace(Draft.of(credit), amount="45.00")
        drafting.save(by=desk.sue, draft=half, credit_id=credit.pk)
        credit = sending.send(by=desk.sue, credit_id=credit.pk)

        assert (credit.state, credit.version, credit.amount) == (life.WAITING, 2, 4_500)
        assert ApprovalRequest.objects.count() == 1
        desk.decide(credit)
        assert Credit.objects.get(source_id=credit.number).net == 4_500

    def test_an_exception_goes_one_tier_higher(self, desk: Desk) -> None:
        desk.year()
        credit, found = desk.draft(sought="in_1", amount="90.00")
        assert "exception" in found.problems
        with pytest.raises(Incomplete):
            sending.send(by=desk.sue, credit_id=credit.pk)
        drafting.save(
            by=desk.sue, credit_id=credit.pk,
            draft=Draft(sought="in_1", amount="90.00", asks_exception=True,
                        note="The status page shows it, the case is lost."),
        )  # fmt: skip
        credit = sending.send(by=desk.sue, credit_id=credit.pk)
        assert ApprovalRequest.objects.get(pk=credit.approval_id).tier == 2

    def test_an_invoice_without_enough_left_cannot_be_approved(
        self, desk: Desk, asked: ServiceCredit
    ) -> None:
        desk.credit("goodwill", desk.today.isoformat(), "11990.00", "0.00", number="cn_0")
        with pytest.raises(ApprovalRefused, match="is left to credit"):
            desk.decide(asked)
        asked.refresh_from_db()
        assert asked.state == life.WAITING

    def test_somebody_else_cannot_take_it_back(self, desk: Desk, asked: ServiceCredit) -> None:
        with pytest.raises(NotAllowed):
            sending.withdraw(by=desk.ana, credit_id=asked.pk, reason="I would rather not.")

    def test_what_was_decided_is_not_discarded(self, desk: Desk, asked: ServiceCredit) -> None:
        with pytest.raises(CannotChange):
            drafting.discard(by=desk.sue, credit_id=asked.pk)

    def test_people_of_one_legal_entity_ask_and_decide_within_its_rows(self, desk: Desk) -> None:
        desk.year()
        desk.promised()
        case = desk.case()
        with rows.within(["US"]):
            credit = desk.ask(case_id=case.pk)
            desk.decide(credit, settle=False)
            assert [stage.state for stage in stages_of(credit)][:2] == ["done", "done"]
        with rows.within(["UK"]):
            assert not ServiceCredit.objects.exists()
        desk.advance()
        follow()
        credit.refresh_from_db()
        assert credit.state == life.ISSUING

    def test_an_auditor_asks_for_nothing(self, desk: Desk) -> None:
        with pytest.raises(NotAllowed):
            drafting.save(by=person("rae"), draft=Draft(sought="in_1"))


class TestFailures:
    def test_a_credit_that_billing_never_issues_is_a_case_until_it_does(
        self, desk: Desk, asked: ServiceCredit
    ) -> None:
        credit = desk.decide(asked)
        ServiceCredit.objects.update(decided_at=credit.decided_at - timedelta(hours=1))
        follow()
        case = Case.objects.get(kind=NOT_ISSUED)
        assert (case.at_stake, case.state) == (9_000, "open")
        follow()
        assert Case.objects.filter(kind=NOT_ISSUED).count() == 1

        desk.issue(credit)
        case.refresh_from_db()
        assert case.state == "resolved"

    def test_a_note_that_nobody_approved_is_a_case(self, desk: Desk, asked: ServiceCredit) -> None:
        desk.advance()
        desk.credit("sla_period", desk.today.isoformat(), "90.00", "7.42", request_ref=asked.number)
        follow()

        assert Case.objects.get(kind=UNAPPROVED).subject_label == asked.number
        asked.refresh_from_db()
        assert asked.state == life.WAITING


class TestTakenBack:
    def test_what_was_accrued_for_it_goes_back_with_the_memo(
        self, desk: Desk, asked: ServiceCredit
    ) -> None:
        """J5c1, J5c2, the mirror of that (J5g), and what had been accrued is nobody's any more."""
        desk.advance()
        period = f"{desk.today - timedelta(days=1):%Y-%m}"
        run(entity_id=desk.entity.pk, period_code=period, kinds=["credits"])
        credit = desk.issue(desk.decide(asked))
        day = desk.today.isoformat()
        desk.tell("credit.voided/1", day, credit_id=f"cn_{credit.pk}", voided_on=day)
        follow()
        desk.advance()

        credit.refresh_from_db()
        assert (credit.state, credit.provisional) == (life.REVERSED, False)
        assert desk.on("4900") == desk.on("2420") == desk.on("2400") == 0

    def test_is_refused_in_words_once_it_is_applied(self, desk: Desk, asked: ServiceCredit) -> None:
        credit = desk.issue(desk.decide(asked))
        with pytest.raises(CannotChange, match="billing voids no credit note"):
            reversing.ask(by=desk.sue, credit_id=credit.pk, reason="The wrong customer.")
        Credit.objects.filter(pk=credit.memo_id).update(applied=5_000)
        with pytest.raises(CannotChange, match="50.00 of it is applied"):
            reversing.ask(by=desk.sue, credit_id=credit.pk, reason="The wrong customer.")
        assert not ApprovalRequest.objects.filter(subject=reversing.REVERSAL).exists()

    def test_is_not_done_from_the_page_of_the_run(self, desk: Desk, asked: ServiceCredit) -> None:
        credit = desk.decide(asked)
        made = FlowRun.objects.get(flow="credit.approved", record_id=credit.record_id)
        with pytest.raises(CannotUndo, match="on the credit’s page"):
            compensate(made.pk, by=desk.mona, reason="The wrong customer.")

    def test_stays_issued_when_somebody_says_no(self, desk: Desk, asked: ServiceCredit) -> None:
        credit = desk.issue(desk.decide(asked))
        ServiceCredit.objects.filter(pk=credit.pk).update(reversing=life.ASKED)
        reversing.refuse(ApprovalRequest(pk=0, outcome="It was right."), credit.pk, "expired")
        credit.refresh_from_db()
        assert (credit.state, credit.reversing) == (life.ISSUED, "")
