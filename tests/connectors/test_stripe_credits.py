from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import PayloadUnreadable
from connectors.systems.stripe.balances import first_in_first_out
from tests.connectors.stripe_recorded import body, only, opened, told

LOWERS = "credit_note_created__lowers_the_invoice"
BALANCE = "credit_note_created__to_the_balance"


def refused(event: dict[str, Any], words: str) -> None:
    assert not opened(event).ignored
    with pytest.raises(PayloadUnreadable, match=words):
        told(event)


class TestCreditNote:
    def test_of_an_open_invoice_lowers_it(self) -> None:
        credit = only(LOWERS)
        assert (credit.settles, credit.credit_type, credit.total) == (
            "invoice",
            "sla_period",
            21_650,
        )
        (line,) = credit.lines
        assert (line.amount, [(t.code, t.amount) for t in line.taxes]) == (
            20_000,
            [("txr_us_ny", 1_650)],
        )
        assert line.invoice_line_id.startswith("il_")
        assert (credit.request_ref, credit.reason) == ("CR-7", "Outage in December")
        assert (credit.issued_on, credit.legal_entity) == (date(2026, 1, 6), "")

    def test_of_a_paid_one_becomes_a_balance_or_a_refund(self) -> None:
        assert only(BALANCE).settles == "balance"
        refund = only("credit_note_created__refunded")
        assert (refund.settles, refund.effective_on) == ("refund", date(2026, 1, 6))

    def test_since_basil_names_its_refunds_and_taxes_elsewhere(self) -> None:
        credit, old = only("credit_note_created__since_basil"), only(BALANCE)
        assert (credit.settles, credit.lines, credit.total) == ("refund", old.lines, old.total)

    def test_paid_back_outside_of_stripe_is_paid_back(self) -> None:
        event = body(BALANCE, customer_balance_transaction=None, out_of_band_amount=32_475)
        assert only(event).settles == "refund"

    def test_that_goes_to_two_places_is_refused_in_words(self) -> None:
        refused(body(BALANCE, refund="re_1"), "balance and refund; issue one note for each")
        refused(body(LOWERS, pre_payment_amount=1, refund="re_1"), "invoice and refund")
        refused(body(LOWERS, pre_payment_amount=1), "goes to invoice")
        refused(body(BALANCE, customer_balance_transaction=None), "nowhere")

    def test_that_is_voided_is_told_with_the_day_of_the_void(self) -> None:
        voided = only("credit_note_voided")
        assert (voided.contract, voided.credit_id) == ("credit.voided/1", only(LOWERS).credit_id)
        assert voided.voided_on == date(2026, 1, 7)

    def test_over_nothing_is_nothing(self) -> None:
        assert "nothing" in opened(body(LOWERS, total=0)).ignored

    def test_with_more_lines_than_told_waits_for_the_poll(self) -> None:
        event = body(LOWERS)
        event["data"]["object"]["lines"]["has_more"] = True
        assert "next poll" in opened(event).ignored


class TestType:
    def test_is_what_the_connection_says_of_stripes_reason(self) -> None:
        assert only(BALANCE).credit_type == "billing_error"
        (other,) = told(body(BALANCE), credit_types="order_change=goodwill")
        assert other.credit_type == "goodwill"

    def test_without_any_is_refused_in_words(self) -> None:
        event = body(BALANCE, reason=None)
        refused(event, "says no type of credit")
        (known,) = told(event, credit_types="none=goodwill")
        assert known.credit_type == "goodwill"


class TestAmounts:
    def test_are_after_discounts_and_without_inclusive_tax(self) -> None:
        event = body(LOWERS)
        line = event["data"]["object"]["lines"]["data"][0]
        line |= {"amount": 24_000, "discount_amounts": [{"amount": 2_350, "discount": "di_1"}]}
        line["tax_amounts"][0]["inclusive"] = True
        assert only(event).lines[0].amount == 20_000

    def test_a_discount_of_the_whole_note_is_shared_to_the_cent(self) -> None:
        event = body(LOWERS, discount_amount=100, total=64_850, pre_payment_amount=64_850)
        line = event["data"]["object"]["lines"]["data"][0]
        event["data"]["object"]["lines"]["data"] = [
            {**line, "id": f"cnli_{n}", "amount": 20_000} for n in range(3)
        ]
        credit = only(event)
        assert [item.amount for item in credit.lines] == [19_966, 19_967, 19_967]

    @pytest.mark.parametrize("total", [21_649, 21_651, 1])
    def test_that_do_not_add_up_are_refused_in_words(self, total: int) -> None:
        refused(body(LOWERS, total=total, pre_payment_amount=total), "does not add up")

    def test_shipping_is_a_line(self) -> None:
        event = body(LOWERS, total=22_650, pre_payment_amount=22_650)
        event["data"]["object"]["shipping_cost"] = {"amount_total": 1_000, "taxes": []}
        assert [line.amount for line in only(event).lines] == [20_000, 1_000]


class TestBalance:
    def test_settles_an_invoice_credit_by_credit(self) -> None:
        (applied,) = told("customer_balance_applied__polled")
        assert applied.contract == "credit.applied/1"
        assert applied.amount == 32_475
        assert applied.credit_id.startswith("cn_")

    def test_that_no_credit_note_made_is_refused_in_words(self) -> None:
        event = body("customer_balance_applied__polled")
        event["data"]["object"]["applications"][0] |= {"credit_note": "", "type": "adjustment"}
        refused(event, "came from “adjustment” and no credit note")

    def test_the_oldest_credit_goes_first(self) -> None:
        found = first_in_first_out(
            [
                {"id": "1", "amount": -100, "type": "credit_note", "credit_note": "cn_1"},
                {"id": "2", "amount": -50, "type": "credit_note", "credit_note": "cn_2"},
                {"id": "3", "amount": 120, "type": "applied_to_invoice", "invoice": "in_1"},
                {"id": "4", "amount": 30, "type": "applied_to_invoice", "invoice": "in_2"},
            ]
        )
        assert [
            [(part["credit_note"], part["amount"]) for part in item["applications"]]
            for item in found
        ] == [[("cn_1", 100), ("cn_2", 20)], [("cn_2", 30)]]

    @given(st.lists(st.integers(min_value=-1000, max_value=1000), max_size=20))
    def test_never_gives_more_than_was_put_there(self, amounts: list[int]) -> None:
        transactions = [
            {"id": str(n), "amount": amount, "type": "applied_to_invoice" if amount > 0 else "x"}
            for n, amount in enumerate(amounts)
        ]
        used = [
            part["amount"]
            for item in first_in_first_out(transactions)
            for part in item["applications"]
        ]
        assert sum(used) <= -sum(amount for amount in amounts if amount < 0)
        assert all(amount > 0 for amount in used)


class TestInvoiceLines:
    def test_say_that_they_are_of_a_change_in_mid_term(self) -> None:
        invoice = only("invoice_finalized__proration")
        assert [line.proration for line in invoice.lines] == [True, True]
        assert invoice.lines[0].amount < 0 < invoice.lines[1].amount

    def test_since_basil_what_they_come_from_says_it(self) -> None:
        for origin in ("subscription_item_details", "invoice_item_details"):
            event = body("invoice_finalized__proration")
            for line in event["data"]["object"]["lines"]["data"]:
                line.pop("proration")
                line["parent"] = {"type": origin, origin: {"proration": True}}
            assert [line.proration for line in only(event).lines] == [True, True]

    def test_name_the_usage_that_they_bill_and_its_sku(self) -> None:
        event = body("invoice_finalized__proration")
        line = event["data"]["object"]["lines"]["data"][1]
        line["metadata"] = {"usage_ref": "rated-7", "revops_sku": "usage_api"}
        billed = only(event).lines[1]
        assert (billed.usage_ref, billed.sku) == ("rated-7", "usage_api")


class TestInvoiceEnds:
    def test_overdue(self) -> None:
        issued, overdue = told("invoice_overdue__in_part_open")
        assert issued.contract == "invoice.issued/1"
        assert overdue.open_amount == 108_250
        assert overdue.due_on == date(2026, 1, 31)

    def test_one_that_is_charged_at_once_was_due_when_it_was_issued(self) -> None:
        issued, overdue = told(body("invoice_overdue__in_part_open", due_date=None))
        assert (issued.due_on, overdue.due_on) == (None, issued.issued_on)

    def test_uncollectible_is_what_the_connection_says(self) -> None:
        _, written_off = told("invoice_marked_uncollectible")
        assert written_off.model_dump(include={"cause", "tax_relief", "service_ended"}) == {
            "cause": "credit_loss",
            "tax_relief": "all",
            "service_ended": True,
        }
        _, other = told(
            "invoice_marked_uncollectible", write_off_cause="concession", write_off_relief="none"
        )
        assert (other.cause, other.tax_relief) == ("concession", "none")

    def test_uncollectible_is_what_the_invoice_says(self) -> None:
        event = body("invoice_marked_uncollectible")
        event["data"]["object"]["metadata"] |= {
            "write_off_cause": "concession",
            "service_ended": "false",
        }
        _, written_off = told(event)
        assert written_off.cause == "concession"
        assert written_off.service_ended is False

    def test_paid_after_all(self) -> None:
        events = told("invoice_paid__after_write_off")
        assert [event.contract for event in events] == [
            "invoice.issued/1",
            "invoice.written_off/1",
            "invoice.recovered/1",
            "invoice.paid/1",
        ]
        assert events[2].amount == 108_250
