from __future__ import annotations

from datetime import date

import pytest

from revops.contracts.registry import ContractBroken
from tests.connectors.stripe_recorded import body, only, opened, told


class TestIdentity:
    def test_all_objects_of_one_payment_name_the_same_payment(self) -> None:
        names = {
            only(name).payment_id
            for name in (
                "charge_succeeded__invoice",
                "payment_intent_succeeded__invoice",
                "balance_transaction_created__polled",
                "refund_created__in_part",
                "charge_refunded__refunds_listed",
            )
        }
        assert names == {"pi_Annual"}
        assert only("payout_itemized__polled").items[0].source_id == "pi_Annual"

    def test_they_agree_on_amount_invoice_and_day(self) -> None:
        facts = {
            (event.amount, event.currency, event.invoice_id, event.received_on)
            for event in (
                only("charge_succeeded__invoice"),
                only("payment_intent_succeeded__invoice"),
                only("balance_transaction_created__polled"),
            )
        }
        assert facts == {(1_299_000, "USD", "in_Annual", date(2026, 1, 1))}

    def test_since_basil_the_invoice_payment_links_payment_and_invoice(self) -> None:
        charge = only("charge_succeeded__since_basil")
        link = only("invoice_payment_paid__since_basil")
        assert charge.payment_id == link.payment_id == "pi_Tokyo"
        assert (charge.invoice_id, link.invoice_id) == ("", "in_Basil")
        assert charge.amount == link.amount == 5_500

    def test_a_charge_without_intent_is_its_own_payment(self) -> None:
        payment = only("charge_succeeded__without_intent")
        assert (payment.payment_id, payment.customer_id) == ("ch_Legacy", "")
        assert payment.needs == ()

    def test_failed_attempts_belong_to_the_payment_that_may_still_succeed(self) -> None:
        for name in (
            "charge_failed__insufficient_funds",
            "payment_intent_payment_failed__declined",
        ):
            failed = only(name)
            assert (failed.payment_id, failed.invoice_id) == ("pi_Declined", "in_Declined")
            assert failed.reason == "Your card has insufficient funds."


class TestAmount:
    def test_only_what_was_captured_counts(self) -> None:
        assert only("charge_captured__in_part").amount == 900_000
        assert "authorised" in opened(body("charge_succeeded__authorized_only")).ignored

    def test_the_fee_is_known_with_its_transaction_or_not_at_all(self) -> None:
        unknown = only("charge_succeeded__invoice")
        assert (unknown.fee, unknown.balance_transaction_id) == (0, "")
        for name in ("balance_transaction_created__polled", "charge_succeeded__with_fee_expanded"):
            known = only(name)
            assert (known.fee, known.fee_currency) == (37_701, "USD")
            assert known.balance_transaction_id.startswith("txn_")

    def test_a_fee_may_be_taken_in_another_currency(self) -> None:
        event = body("balance_transaction_created__polled", currency="jpy", fee=560)
        known = only(event)
        assert (known.currency, known.fee, known.fee_currency) == ("USD", 560, "JPY")

    def test_a_fraction_of_a_cent_is_refused(self) -> None:
        for amount in ("1299000", 1.5, None, True):
            with pytest.raises((ValueError, ContractBroken)):
                told(body("refund_created__in_part", amount=amount))


class TestRefund:
    def test_tells_one_refund(self) -> None:
        refund = only("refund_created__in_part")
        assert (refund.refund_id, refund.amount) == ("re_Part", 21_650)
        assert refund.refunded_on == date(2026, 2, 10)
        assert refund.reason == "requested_by_customer"

    def test_the_charges_list_tells_the_same(self) -> None:
        assert only("charge_refunded__refunds_listed") == only("refund_created__in_part")

    def test_a_charge_without_a_list_leaves_it_to_the_refunds_own_event(self) -> None:
        assert "own" in opened(body("charge_refunded__refunds_not_listed")).ignored

    @pytest.mark.parametrize("status", ["pending", "requires_action", "failed", "canceled"])
    def test_counts_once_it_succeeded(self, status: str) -> None:
        assert "succeeded" in opened(body("refund_created__in_part", status=status)).ignored
        listed = body("charge_refunded__refunds_listed")
        listed["data"]["object"]["refunds"]["data"][0]["status"] = status
        assert told(listed) == []

    def test_one_that_came_back_is_told_as_paid_and_returned(self) -> None:
        paid, back = told("refund_failed__came_back")
        assert paid == only("refund_created__in_part")
        assert (back.contract, back.refund_id, back.amount) == (
            "refund.returned/1",
            "re_Part",
            21_650,
        )
        assert back.returned_on == date(2026, 2, 14)
        assert back.reason == "expired or canceled card"


class TestPayout:
    def test_arrives_on_the_banks_day_in_every_zone(self) -> None:
        for zone in ("UTC", "America/Los_Angeles", "Asia/Tokyo"):
            assert only("payout_paid__automatic", zone=zone).arrived_on == date(2026, 1, 7)

    def test_its_items_come_to_its_amount(self) -> None:
        payout = only("payout_itemized__polled")
        assert sum(item.amount - item.fee for item in payout.items) == payout.amount
        assert only("payout_paid__automatic").items == ()

    def test_the_contents_are_newer_than_the_event_that_told_of_it(self) -> None:
        bare, full = (
            opened(body(name)) for name in ("payout_paid__automatic", "payout_itemized__polled")
        )
        assert full.object_version > bare.object_version
        assert full.occurred_at == bare.occurred_at
