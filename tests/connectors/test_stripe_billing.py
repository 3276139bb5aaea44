from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connectors.contract import PayloadUnreadable, TypeUnknown
from revops.contracts.registry import ContractBroken
from tests.connectors.stripe_recorded import body, only, opened, told


class TestCustomer:
    def test_tells_every_field(self) -> None:
        customer = only("customer_updated__with_tax_id")
        assert customer.contract == "customer.updated/1"
        assert customer.subject_id == "cus_Alder"
        assert (customer.name, customer.email) == (
            "Alder Analytics, Inc.",
            "finance@alder.example",
        )
        assert (customer.currency, customer.tax_id) == ("USD", "DE123456789")
        assert (customer.address.region, customer.address.country) == ("OR", "US")
        assert customer.legal_entity == "US01"

    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"name": None, "description": "Reseller"}, "Reseller"),
            ({"name": "", "description": None}, "ap@alder.example"),
            ({"name": None, "description": None, "email": None}, "cus_Alder"),
        ],
    )
    def test_is_called_by_the_best_name_there_is(self, changes: dict, name: str) -> None:
        assert only(body("customer_created__with_address", **changes)).name == name

    def test_an_odd_country_is_left_out_and_the_rest_kept(self) -> None:
        address = {"line1": "1 Way", "country": "Utopia"}
        customer = only(body("customer_created__with_address", address=address, currency=None))
        assert (customer.address.country, customer.address.line1) == (None, "1 Way")
        assert customer.currency is None


class TestSubscription:
    def test_tells_what_runs_and_until_when(self) -> None:
        subscription = only("subscription_created__active")
        assert subscription.needs == (("customer", "cus_Alder"),)
        (item,) = subscription.items
        assert (item.sku, item.quantity, item.unit_amount) == (
            "price_platform_annual",
            1,
            1_200_000,
        )
        assert subscription.started_on == date(2026, 1, 1)
        assert subscription.renews_on == date(2027, 1, 1)

    def test_reads_the_period_from_the_items_since_basil(self) -> None:
        subscription = only("subscription_updated__period_on_items")
        assert subscription.renews_on == date(2027, 1, 1)
        assert subscription.items[0].quantity == 3

    def test_reads_plans_of_the_oldest_versions(self) -> None:
        items = {"data": [{"id": "si_1", "plan": {"id": "gold", "amount": 900, "currency": "eur"}}]}
        subscription = only(body("subscription_created__active", items=items, currency=None))
        assert subscription.currency == "EUR"
        assert (subscription.items[0].sku, subscription.items[0].unit_amount) == ("gold", 900)

    @pytest.mark.parametrize("status", ["incomplete", "trialing", "past_due", "canceled"])
    def test_is_not_active_before_it_runs(self, status: str) -> None:
        envelope = opened(body("subscription_created__active", status=status))
        assert "does not run" in envelope.ignored


class TestInvoice:
    def test_keeps_tax_apart_from_revenue(self) -> None:
        invoice = only("invoice_finalized__annual_with_tax")
        (line,) = invoice.lines
        assert (invoice.total, line.amount) == (1_299_000, 1_200_000)
        (tax,) = line.taxes
        assert (tax.code, tax.amount, tax.rate_percent, tax.inclusive) == (
            "txr_or",
            99_000,
            Decimal("8.25"),
            False,
        )
        assert (line.service_period.start, line.service_period.end) == (
            date(2026, 1, 1),
            date(2026, 12, 31),
        )
        assert (invoice.number, invoice.subscription_id) == ("A1D3R-0001", "sub_Alder")
        assert invoice.legal_entity == "US01"

    def test_dates_are_days_of_the_entitys_zone(self) -> None:
        invoice = only("invoice_finalized__annual_with_tax", zone="America/Los_Angeles")
        assert invoice.issued_on == date(2025, 12, 31)
        assert invoice.lines[0].service_period.start == date(2025, 12, 31)
        assert invoice.lines[0].service_period.end == date(2026, 12, 30)

    def test_amounts_are_net_of_discounts_and_inclusive_tax(self) -> None:
        invoice = only("invoice_finalized__discount_and_inclusive_tax")
        assert [line.amount for line in invoice.lines] == [49_091, 32_727, -1_550]
        assert [tax.amount for line in invoice.lines for tax in line.taxes] == [4_909, 3_273]
        assert all(tax.inclusive for line in invoice.lines for tax in line.taxes)
        assert sum(line.amount for line in invoice.lines) + 8_182 == invoice.total == 88_450
        assert invoice.due_on == date(2026, 2, 1)

    def test_one_off_lines_have_no_service_period(self) -> None:
        onboarding = only("invoice_finalized__discount_and_inclusive_tax").lines[1]
        assert onboarding.sku == "price_onboarding"
        assert onboarding.service_period is None

    def test_lines_without_a_price_keep_a_name_that_can_be_mapped(self) -> None:
        event = body("invoice_finalized__annual_with_tax")
        line = event["data"]["object"]["lines"]["data"][0]
        line["price"] = None
        assert only(event).lines[0].sku == "no-price"
        line["plan"] = {"id": "gold"}
        assert only(event).lines[0].sku == "gold"
        line["plan"] = {"product": "prod_1"}
        assert only(event).lines[0].sku == "prod_1"

    def test_reads_the_shape_since_basil_in_a_currency_without_cents(self) -> None:
        invoice = only("invoice_finalized__yen_since_basil")
        (line,) = invoice.lines
        assert (invoice.currency, invoice.total, line.amount) == ("JPY", 5_500, 5_000)
        assert (line.sku, line.quantity) == ("price_seat_jpy", Decimal(5))
        assert (line.taxes[0].code, line.taxes[0].amount) == ("txr_jp", 500)
        assert (invoice.subscription_id, invoice.legal_entity) == ("sub_Tokyo", "JP01")

    def test_splits_totals_of_old_versions_over_the_lines(self) -> None:
        invoice = only("invoice_finalized__old_totals_and_shipping")
        assert [line.amount for line in invoice.lines] == [6_666, 6_667, 6_667, 1_500]
        assert [line.taxes[0].amount for line in invoice.lines] == [667, 667, 666, 200]
        assert invoice.lines[3].sku == "shr_std"

    def test_refuses_an_invoice_whose_lines_do_not_add_up(self) -> None:
        with pytest.raises(ContractBroken, match="add up to 1299000"):
            told(body("invoice_finalized__annual_with_tax", total=1_298_999))

    def test_every_later_event_announces_the_same_invoice(self) -> None:
        first = only("invoice_finalized__annual_with_tax")
        issued, paid = told("invoice_paid__by_card")
        assert issued == first
        assert (paid.contract, paid.amount_paid, paid.paid_on) == (
            "invoice.paid/1",
            1_299_000,
            date(2026, 1, 1),
        )

    def test_a_source_that_never_finalizes_is_understood(self) -> None:
        issued, paid = told("invoice_payment_succeeded__never_finalized")
        assert (issued.contract, paid.contract) == ("invoice.issued/1", "invoice.paid/1")
        assert issued.number == issued.invoice_id == "in_Ls"
        assert issued.lines[0].sku == "team-monthly"

    def test_a_created_invoice_counts_when_it_is_already_final(self) -> None:
        assert "draft" in opened(body("invoice_created__draft")).ignored
        created = body("invoice_created__draft", status="open")
        assert [event.contract for event in told(created)] == ["invoice.issued/1"]

    def test_a_void_invoice_is_issued_and_voided(self) -> None:
        issued, voided = told("invoice_voided__never_paid")
        assert issued.contract == "invoice.issued/1"
        assert voided.voided_on == date(2026, 1, 10)

    def test_a_failed_payment_announces_the_open_invoice(self) -> None:
        issued, failed = told("invoice_payment_failed__declined")
        assert (issued.invoice_id, failed.invoice_id) == ("in_Declined", "in_Declined")
        assert (failed.payment_id, failed.amount) == ("pi_Declined", 1_299_000)

    def test_since_basil_a_failed_payment_is_told_by_the_payment_alone(self) -> None:
        event = body("invoice_payment_failed__declined", payment_intent=None, charge=None)
        assert [item.contract for item in told(event)] == ["invoice.issued/1"]

    def test_a_long_invoice_waits_for_the_poll_that_reads_all_its_lines(self) -> None:
        event = body("invoice_finalized__annual_with_tax")
        event["data"]["object"]["lines"]["has_more"] = True
        assert "next poll" in opened(event).ignored
        paid = body("invoice_paid__by_card")
        paid["data"]["object"]["lines"]["has_more"] = True
        assert [item.contract for item in told(paid)] == ["invoice.paid/1"]


class TestEvent:
    def test_unknown_types_are_left_to_a_person(self) -> None:
        event = body("coupon_created__nothing_to_do")
        for kind in ("subscription_schedule.created", "billing.credit_grant.created", "new.thing"):
            event["type"] = kind
            assert not opened(event).ignored
            with pytest.raises(TypeUnknown, match=kind):
                told(event)

    def test_thin_events_of_version_two_are_left_to_a_person(self) -> None:
        event = {
            "id": "evt_v2",
            "object": "v2.core.event",
            "type": "v1.billing.meter.error_report_triggered",
            "created": "2026-01-01T00:00:00.000Z",
        }
        assert opened(event).occurred_at.year == 2026
        with pytest.raises(TypeUnknown):
            told(event)

    def test_is_ordered_by_its_second_and_named_by_its_object(self) -> None:
        envelope = opened(body("invoice_paid__by_card"))
        assert envelope.object_version == 1767232800
        assert (envelope.object_type, envelope.object_id) == ("invoice", "in_Annual")
        assert (envelope.schema_version, envelope.livemode) == ("2025-02-24.acacia", False)

    def test_counters_of_deliveries_are_not_its_content(self) -> None:
        event = body("invoice_paid__by_card")
        first = opened(event).content
        event["pending_webhooks"] = 0
        assert opened(event).content == first
        event["data"]["object"]["amount_paid"] = 1
        assert opened(event).content != first

    def test_i15_events_of_another_account_are_refused(self) -> None:
        event = body("customer_created__with_address") | {"account": "acct_other"}
        assert told(event)
        with pytest.raises(PayloadUnreadable, match="acct_other"):
            told(event, account="acct_ours")

    def test_events_of_the_other_mode_are_refused(self) -> None:
        event = body("customer_created__with_address")
        assert told(event, mode="test")
        with pytest.raises(PayloadUnreadable, match="test mode"):
            told(event, mode="live")
