"""What is offered beside a break. The ERP itself is put right in ``tests/journeys``."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from accounts.queries import NotAllowed
from approvals.models import ApprovalRequest
from exceptions import operations as cases
from exceptions.models import Case
from exceptions.operations import CaseRefused
from revops.delivery.models import OutboundCommand
from revops.events.models import SourceCursor
from revops.kernel import clock, strict_json
from revops.reconciliation import reversing
from revops.reconciliation.models import Run
from revops.reconciliation.operations import mending
from revops.reconciliation.operations.mending import Plan, Reversal
from tests.reconciliation.lists import CHECK, Lists, declared

pytestmark = pytest.mark.django_db


@pytest.fixture
def lists() -> Lists:
    return Lists()


@pytest.fixture
def case(lists: Lists) -> Case:
    """Billing has it and the ERP does not."""
    lists.bill("I-1")
    lists.run()
    return Case.objects.get()


class TestAReversal:
    def test_names_its_customer_by_the_id_that_the_erp_keeps_for_it(self, lists: Lists) -> None:
        """SAP's own number of a customer is no id by which a posting finds it."""
        lists.bill("I-1")
        lists.run()
        (found,) = lists.breaks()
        customer = lists.post("1000001", key="CUS_1")
        customer.kind = "customer"
        customer.save()
        for number, group, named in (("J-1", "1000001", "CUS_1"), ("J-2", "1000002", "1000002")):
            held = lists.post(number, group_key=group, accounts={"USD": {"1100": 5, "2300": -5}})
            lines = (("1100", -5), ("2300", 5))
            spare = Reversal(held.pk, held.external_id, number, held.dated, "USD", lines)
            plan = Plan(lists.right.pk, "ERP", lists.entity.code, [spare])
            assert mending.carry_out(found, plan) == 1
            payload = OutboundCommand.objects.get(subject_id=held.pk).payload
            told = strict_json.loads(payload)["lines"]
            assert [one["customer"] for one in told] == [{"id": named, "name": "Contoso"}] * 2


class TestRemedies:
    def test_compare_again_asks_for_a_run_and_leaves_the_case_to_it(
        self, case: Case, ana: User
    ) -> None:
        with declared(CHECK):
            for _ in range(2):
                cases.retry(case_id=case.pk, remedy="compare_again", by=ana)
        case.refresh_from_db()
        asked = Run.objects.get(state="asked")
        assert (asked.by, asked.full) == ("Ana Lima", True)
        assert case.state != "resolved"

    def test_a_source_is_asked_for_all_that_it_told_lately(
        self, case: Case, lists: Lists, ana: User
    ) -> None:
        later = clock.now() + timedelta(minutes=4)
        SourceCursor.objects.create(connection=lists.left, cursor='{"events": 1}', next_at=later)
        cases.retry(case_id=case.pk, remedy="fetch_missing", by=ana)
        cursor = SourceCursor.objects.get(connection=lists.left)
        assert cursor.cursor == ""
        assert cursor.next_at <= clock.now()

    def test_a_source_that_cannot_be_asked_is_said(self, case: Case, ana: User) -> None:
        with pytest.raises(CaseRefused, match="cannot be asked"):
            cases.retry(case_id=case.pk, remedy="fetch_missing", by=ana)

    def test_only_journals_of_an_erp_are_put_right_from_here(self, case: Case, ana: User) -> None:
        with pytest.raises(CaseRefused, match="Only journals of an ERP"):
            reversing.ask(case_id=case.pk, by=ana, reason="It is missing there.")
        assert not ApprovalRequest.objects.exists()

    def test_who_may_not_correct_journals_cannot_ask(self, case: Case, sue: User) -> None:
        with pytest.raises(NotAllowed):
            reversing.ask(case_id=case.pk, by=sue, reason="It is missing there.")

    def test_a_break_that_is_over_needs_nothing(self, case: Case, lists: Lists, ana: User) -> None:
        lists.post("I-1", touched_at=clock.now())
        lists.run()
        with pytest.raises(CaseRefused, match="settled"):
            reversing.ask(case_id=case.pk, by=ana, reason="It is missing there.")
