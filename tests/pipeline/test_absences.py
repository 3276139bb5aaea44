"""What should have followed a record and never came."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from connectors.models import Connection
from exceptions.models import Case, Cause
from revops.canonical.models import Invoice, Opportunity, Payment, Refund
from revops.lineage.models import Link
from revops.pipeline import absences
from tests import factories as make
from tests.api import lookup_world as sold

TODAY = date(2026, 11, 21)
LONG_AGO = date(2026, 10, 1)


@pytest.fixture
def billing(db: None) -> Connection:
    """One invoice of it was paid, and that payment was paid out: so these are expected of all."""
    connection = make.a_connection()
    Connection.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    make.a_period(legal_entity=make.a_legal_entity())
    first = an_invoice(connection)
    paid = sold.a_payment(
        first.customer, "py_first", 10_000, connection=connection, invoice=first, dated=LONG_AGO
    )
    follow("payment", paid.pk, "payout", 1)
    return connection


def an_invoice(connection: Connection, **values: Any) -> Invoice:
    made = {"issued_on": LONG_AGO, "legal_entity": make.a_legal_entity()} | values
    return make.an_invoice(connection, **made)


def follow(kind: str, id: int, to: str, to_id: int) -> None:
    Link.objects.create(
        from_kind=kind, from_id=id, to_kind=to, to_id=to_id, created_at=datetime.now(UTC)
    )


def look() -> int:
    return absences.look(today=TODAY)


class TestAnInvoiceThatIsChargedAtOnce:
    def test_is_a_case_when_neither_payment_nor_failure_came(self, billing: Connection) -> None:
        invoice = an_invoice(billing, number="INV-77")
        assert look() == 1
        assert look() == 1
        case = Case.objects.get()
        assert (case.kind, case.at_stake, case.currency) == ("record_missing", 10_000, "USD")
        assert (case.record_kind, case.record_id) == ("invoice", invoice.pk)
        assert (case.subject_label, case.period_code) == ("Invoice INV-77", "2026-10")
        assert "no payment or failure is known. It was expected by 2026-10-02" in case.what_happened

    def test_is_settled_when_one_comes(self, billing: Connection) -> None:
        invoice = an_invoice(billing)
        look()
        paid = sold.a_payment(
            invoice.customer, "py_2", 10_000, connection=billing, invoice=invoice, state="failed"
        )
        assert (look(), paid.state) == (0, "failed")
        assert Case.objects.get().state == "resolved"

    @pytest.mark.parametrize(
        "values",
        [
            {"issued_on": TODAY - timedelta(days=9)},
            {"due_on": LONG_AGO + timedelta(days=30)},
            {"state": "void"},
            {"total": 0, "net": 0},
            {"applied": 10_000},
            {"issued_on": date(2025, 12, 31)},
        ],
        ids=["bank_has_time", "time_to_pay", "void", "zero", "by_balance", "before_connected"],
    )
    def test_waits_for_nothing_otherwise(
        self, billing: Connection, values: dict[str, object]
    ) -> None:
        an_invoice(billing, **values)
        assert look() == 0

    def test_of_a_system_that_never_told_of_payments_is_none(self, billing: Connection) -> None:
        other = make.a_connection("legacy")
        Connection.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
        an_invoice(other)
        assert look() == 0

    def test_whose_trouble_has_a_case_gets_no_second_one(self, billing: Connection) -> None:
        invoice = an_invoice(billing)
        make.a_case(kind="refused", record_kind="invoice", record_id=invoice.pk)
        assert look() == 0


class TestOthers:
    def test_a_payment_waits_for_its_payout(self, billing: Connection) -> None:
        customer = Invoice.objects.get().customer
        paid = sold.a_payment(customer, "py_3", 500, connection=billing, dated=LONG_AGO)
        assert look() == 1
        assert Cause.objects.get().sentence == "Payment of Billing is followed by no payout"
        follow("payment", paid.pk, "payout", 2)
        assert look() == 0

    def test_a_system_that_tells_of_refunds_alone_owes_no_payout(self, billing: Connection) -> None:
        Link.objects.all().delete()
        paid, customer = Payment.objects.get(), Invoice.objects.get().customer
        Refund.objects.create(
            **sold.common(
                "re_1", payment=paid, currency="USD", amount=1, dated=LONG_AGO, connection=billing
            )
        )
        sold.a_payment(customer, "py_4", 500, connection=billing, dated=LONG_AGO)
        assert look() == 0

    def test_a_subscription_waits_for_its_first_invoice_with_a_term_at_stake(
        self, billing: Connection
    ) -> None:
        first = Invoice.objects.get()
        items = [{"sku": "team", "quantity": 2, "unit_amount": 600}]
        common: dict[str, Any] = {
            "connection": billing, "items": items, "started_on": LONG_AGO, "state": "active",
        }  # fmt: skip
        first.subscription = sold.a_subscription(first.customer, "sub_1", **common)
        first.save()
        assert look() == 0
        sold.a_subscription(first.customer, "sub_2", **common)
        assert look() == 1
        assert Case.objects.get().at_stake == 1_200

    def test_a_deal_that_led_to_nothing_keeps_no_close_waiting(self, billing: Connection) -> None:
        crm = make.a_connection("crm", "salesforce")
        Connection.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
        common: dict[str, Any] = {
            "connection": crm, "name": "Deal", "stage": "Won", "state": "won", "amount": 500,
            "currency": "USD", "decided_on": LONG_AGO, "customer": make.a_customer(crm),
        }  # fmt: skip
        first = Opportunity.objects.create(**sold.common("006A", **common))
        follow("opportunity", first.pk, "subscription", 1)
        Opportunity.objects.create(**sold.common("006B", **common))
        assert look() == 1
        case = Case.objects.get()
        assert (case.record_kind, case.at_stake, case.period_code) == ("opportunity", 500, "")
