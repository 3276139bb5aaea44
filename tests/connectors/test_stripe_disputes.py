from __future__ import annotations

import json
from datetime import date

import pytest

from tests.connectors.stripe_recorded import body, only, opened, told

WITHDRAWN = "dispute_funds_withdrawn"


class TestDispute:
    def test_is_opened_when_the_money_is_withdrawn(self) -> None:
        opened_ = only(WITHDRAWN)
        assert (opened_.contract, opened_.amount, opened_.fee) == (
            "dispute.opened/1",
            108_250,
            1_500,
        )
        assert opened_.payment_id.startswith("pi_")
        assert opened_.opened_on == date(2026, 2, 10)
        assert (opened_.evidence_due_on, opened_.reason) == (
            date(2026, 2, 19),
            "product not received",
        )

    def test_its_creation_tells_the_same_or_leaves_it(self) -> None:
        event = body(WITHDRAWN) | {"type": "charge.dispute.created"}
        assert only(event) == only(WITHDRAWN)
        event["data"]["object"]["balance_transactions"] = []
        assert "own" in opened(event).ignored

    @pytest.mark.parametrize("status", ["warning_needs_response", "warning_closed", "prevented"])
    def test_an_inquiry_is_none(self, status: str) -> None:
        event = body(WITHDRAWN, status=status, balance_transactions=[])
        for kind in ("created", "closed", "funds_withdrawn"):
            assert "inquiry" in opened(event | {"type": f"charge.dispute.{kind}"}).ignored

    def test_won_brings_the_money_back(self) -> None:
        before, won = told("dispute_closed__won")
        assert before.contract == "dispute.opened/1"
        assert (won.outcome, won.fee_returned) == ("won", 0)
        assert won.closed_on == date(2026, 3, 2)
        event = body("dispute_closed__won") | {"type": "charge.dispute.funds_reinstated"}
        assert told(event)[1] == won

    def test_won_says_what_of_the_fee_came_back(self) -> None:
        event = body("dispute_closed__won")
        event["data"]["object"]["balance_transactions"][1]["fee"] = -1_500
        assert told(event)[1].fee_returned == 1_500

    def test_won_waits_for_the_money(self) -> None:
        event = body("dispute_closed__won")
        del event["data"]["object"]["balance_transactions"][1]
        assert "return is announced" in opened(event).ignored

    def test_lost_ends_the_service_unless_somebody_says_otherwise(self) -> None:
        _, lost = told("dispute_closed__lost")
        assert (lost.outcome, lost.service_ended) == ("lost", True)
        _, other = told("dispute_closed__lost", dispute_ends_service=False)
        assert other.service_ended is False
        event = body("dispute_closed__lost", metadata={"service_ended": "false"})
        assert told(event)[1].service_ended is False

    def test_money_that_moves_without_a_decision_is_left_to_a_person(self) -> None:
        event = body("dispute_closed__won", status="under_review")
        assert not opened(event).ignored
        with pytest.raises(ValueError, match="neither won nor lost"):
            told(event)

    def test_a_fee_in_another_currency_is_refused_in_words(self) -> None:
        event = body(WITHDRAWN)
        event["data"]["object"]["balance_transactions"][0]["currency"] = "eur"
        with pytest.raises(ValueError, match="minor units in EUR"):
            told(event)


class TestReturnedPayment:
    def test_had_counted_and_came_back(self) -> None:
        back = only("charge_failed__came_back")
        assert (back.contract, back.amount, back.reason) == (
            "payment.returned/1",
            108_250,
            "Insufficient funds.",
        )
        assert back.returned_on == date(2026, 1, 5)

    def test_its_fee_comes_with_the_poll(self) -> None:
        assert only("charge_failed__came_back").fee == 0
        polled = only("balance_transaction_created__polled_return")
        assert (polled.contract, polled.fee) == ("payment.returned/1", 400)
        assert polled.balance_transaction_id.startswith("txn_")

    def test_an_attempt_that_failed_is_none(self) -> None:
        event = body("charge_failed__came_back", failure_balance_transaction=None)
        assert only(event).contract == "payment.failed/1"


class TestRefund:
    def test_says_what_it_gives_back(self) -> None:
        refund = only("refund_created__says_what_it_gives_back")
        (line,) = refund.gives_back
        assert (line.amount, line.taxes[0].amount, refund.reason) == (20_000, 1_650, "Goodwill")

    def test_that_says_it_unreadably_is_refused(self) -> None:
        event = body("refund_created__says_what_it_gives_back", metadata={"gives_back": "{"})
        with pytest.raises(ValueError, match="cannot be read"):
            told(event)
        wrong = json.dumps([{"line_id": "il_1", "amount": 1}])
        with pytest.raises(ValueError, match="adds up to"):
            told(body("refund_created__says_what_it_gives_back", metadata={"gives_back": wrong}))

    @pytest.mark.parametrize("kind", ["refund.failed", "refund.updated", "charge.refund.updated"])
    def test_that_failed_after_its_money_left_is_told_as_returned(self, kind: str) -> None:
        event = body(
            "refund_created__in_part", status="failed", failure_balance_transaction="txn_9"
        ) | {"type": kind}
        assert not opened(event).ignored
        assert told(event)[-1].contract == "refund.returned/1"
        event["data"]["object"]["failure_balance_transaction"] = None
        assert "never succeeded" in opened(event).ignored


class TestPayout:
    def test_that_failed_is_told_as_paid_and_returned(self) -> None:
        settled, returned = told("payout_failed__account_closed")
        assert (settled.contract, returned.contract) == ("payout.settled/1", "payout.returned/1")
        assert settled.amount == returned.amount
        assert returned.reason == "The bank account is closed."
        assert returned.returned_on == date(2026, 1, 14)
