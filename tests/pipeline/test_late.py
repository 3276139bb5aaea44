"""What comes late by itself: a renewal, a target that lets us wait, a customer."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.models import User
from exceptions import operations as cases
from exceptions.models import Case
from exceptions.operations import CaseRefused
from revops.canonical.models import Subscription
from revops.delivery.gate import GateRow
from revops.delivery.models import OutboundCommand
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.pipeline import problems, renewals
from revops.pipeline.outcomes import health_of
from tests import factories as make
from tests.api import lookup_world as sold


@pytest.fixture
def subscription(db: None) -> Subscription:
    customer = make.a_customer(name="Alder Analytics", legal_entity=make.a_legal_entity())
    return sold.a_subscription(
        customer, "sub_1", renews_on=clock.now().date() - timedelta(days=5),
        legal_entity=customer.legal_entity, connection=customer.connection,
        items=[{"sku": "price_team", "quantity": 2, "unit_amount": 600}],
    )  # fmt: skip


class TestRenewals:
    def test_that_did_not_happen_are_cases_with_a_term_at_stake(
        self, subscription: Subscription
    ) -> None:
        assert renewals.look() == 1
        assert renewals.look() == 1
        case = Case.objects.get()
        assert (case.kind, case.at_stake, case.currency) == ("renewal_failed", 1_200, "USD")
        assert case.customer_name == "Alder Analytics"

        Subscription.objects.update(renews_on=clock.now().date() + timedelta(days=360))
        assert renewals.look() == 0
        case.refresh_from_db()
        assert case.state == "resolved"

    @pytest.mark.parametrize(
        "values",
        [
            {"renews_on": clock.now().date() - timedelta(days=1)},
            {"state": "cancelled"},
            {"ends_on": clock.now().date() - timedelta(days=30)},
        ],
    )
    def test_that_are_not_late_are_none(
        self, subscription: Subscription, values: dict[str, object]
    ) -> None:
        Subscription.objects.update(**values)
        assert renewals.look() == 0

    def test_can_be_asked_for_where_the_source_is_polled(
        self, subscription: Subscription, ana: User
    ) -> None:
        renewals.look()
        case = Case.objects.get()
        with pytest.raises(CaseRefused, match="cannot be asked"):
            cases.retry(case_id=case.pk, remedy="ask_source", by=ana)
        later = clock.now() + timedelta(hours=1)
        SourceCursor.objects.create(connection=subscription.connection, next_at=later)
        cases.retry(case_id=case.pk, remedy="ask_source", by=ana)
        assert SourceCursor.objects.get().next_at < later
        case.refresh_from_db()
        assert case.state == "open"


@pytest.mark.django_db
class TestATargetThatAsksForFewerCalls:
    def test_is_a_case_when_something_has_waited_long_and_settled_at_full_speed(self) -> None:
        command = make.a_command()
        erp, now = command.connection, clock.now()
        slow = GateRow(not_before=now + timedelta(minutes=1), slow_start=8)
        health_of(erp.pk, erp.slug, erp.label, slow, now)
        assert not Case.objects.exists()

        OutboundCommand.objects.update(created_at=now - timedelta(minutes=20))
        health_of(erp.pk, erp.slug, erp.label, slow, now)
        case = Case.objects.get()
        assert (case.kind, case.at_stake) == ("target_throttled", command.amount)
        health_of(erp.pk, erp.slug, erp.label, GateRow(slow_start=8), now)
        assert not Case.objects.filter(state="resolved").exists()
        health_of(erp.pk, erp.slug, erp.label, GateRow(), now)
        assert Case.objects.get().state == "resolved"


def test_a_missing_customer_is_a_kind_of_its_own() -> None:
    source: Any = SimpleNamespace(slug="billing", label="Billing")
    data = SimpleNamespace(subject="invoice", subject_id="in_1", number="A-1")
    inbound = SimpleNamespace(id=1, correlation_id="co-1")
    item: Any = SimpleNamespace(inbound=inbound, meanings=[SimpleNamespace(data=data)])
    assert problems.overdue(source, item, "customer", "cus_1").kind == "customer_unmatched"
    assert problems.overdue(source, item, "invoice", "in_1").kind == "dependency_overdue"
