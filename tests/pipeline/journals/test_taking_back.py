"""J5g and J6d: a credit memo that is voided, a refund that the bank sends back."""

from __future__ import annotations

import pytest

from exceptions.models import Case
from revops.canonical.models import Credit, CreditState, Invoice, Refund
from revops.ledger.models import GivenBack, JournalEntry
from tests.pipeline.journals.told import Told, minor

KINDS = ["contract_concession", "future_price_cut", "cancellation", "billing_error", "sla_period"]


def given_back() -> int:
    return sum(GivenBack.objects.values_list("amount", flat=True))


class TestVoidedCredits:
    def test_j5g_the_mirror_of_the_memo_opens_the_invoice_again(self, told: Told) -> None:
        told.annual()
        told.credit("sla_period", "2025-03-10", "500.00", "41.25", settles="invoice")

        told.void_credit("2025-03-24")

        undo = told.entry("void")
        told.is_("J5g", undo)
        assert undo.reverses_id == told.entry("credit").pk
        assert told.on("1100") == minor("12990.00")
        assert Invoice.objects.get().credited == 0
        assert Credit.objects.get().state == CreditState.VOID

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("settles", ["invoice", "balance"])
    @pytest.mark.parametrize("net", ["1200.00", "9000.00"])
    def test_the_year_is_earned_as_if_the_memo_had_never_been(
        self, told: Told, kind: str, settles: str, net: str
    ) -> None:
        told.annual()
        told.recognised("2025-03")
        told.credit(kind, "2025-04-01", net, "0.00", settles=settles)
        told.recognised("2025-04")

        told.void_credit("2025-05-10")
        told.recognised("2025-12")

        assert told.deferred() == 0
        assert told.on("4000") == -minor("12000.00")
        assert [told.on(account) for account in ("4900", "4910", "2400")] == [0, 0, 0]
        assert told.on("1100") == minor("12990.00")
        assert given_back() == 0

    def test_a_billing_error_over_the_whole_invoice_comes_back(self, told: Told) -> None:
        told.annual()
        told.recognised("2025-03")
        told.credit("billing_error", "2025-04-01", "12000.00", "990.00", settles="invoice")
        assert told.deferred() == 0

        told.void_credit("2025-05-10")
        told.recognised("2025-12")

        assert (told.deferred(), told.on("4000")) == (0, -minor("12000.00"))

    def test_the_line_may_be_credited_again_up_to_its_amount(self, told: Told) -> None:
        told.annual()
        told.credit("billing_error", "2025-02-01", "12000.00", "990.00", settles="invoice")
        told.void_credit("2025-02-02")

        told.credit(
            "billing_error", "2025-02-03", "12000.00", "990.00", settles="invoice", number="cn_2"
        )

        assert not Case.objects.exists()
        assert JournalEntry.objects.filter(document_type="credit").count() == 2
        assert (told.deferred(), told.on("1100")) == (0, 0)

    def test_of_two_memos_only_the_one_is_undone(self, told: Told) -> None:
        told.annual()
        told.credit("future_price_cut", "2025-04-01", "1200.00", "0.00", settles="invoice")
        told.credit(
            "future_price_cut", "2025-07-01", "600.00", "0.00", settles="invoice", number="cn_2"
        )

        told.void_credit("2025-08-01")
        told.recognised("2025-12")

        assert told.on("4000") == -minor("11400.00")
        assert told.deferred() == 0

    def test_a_balance_that_was_used_is_a_case_and_no_debt(self, told: Told) -> None:
        told.annual(pays=True)
        told.credit("sla_period", "2025-03-10", "500.00", "41.25")
        told.bill("in_2", "2025-04-01", [("il_2", "600.00", "0.00", ("2025-04-01", "2025-04-30"))])
        told.tell(
            "credit.applied/1", "2025-04-01", credit_id="cn_1", application_id="ap_1",
            invoice_id="in_2", currency="USD", amount=minor("541.25"), applied_on="2025-04-01",
        )  # fmt: skip

        told.void_credit("2025-04-02")

        assert Case.objects.get().kind == "more_than_charged"
        assert not JournalEntry.objects.filter(document_type="void").exists()

    def test_telling_it_again_does_nothing(self, told: Told) -> None:
        told.annual()
        told.credit("contract_concession", "2025-04-01", "1200.00", "99.00", settles="invoice")
        for _ in range(2):
            told.void_credit("2025-04-10")

        assert JournalEntry.objects.filter(document_type="void").count() == 1
        assert given_back() == 0
        assert Invoice.objects.get().credited == 0

    def test_an_invoice_voided_afterwards_does_not_undo_the_memo_twice(self, told: Told) -> None:
        told.annual()
        told.credit("future_price_cut", "2025-02-01", "1200.00", "99.00", settles="invoice")
        told.void_credit("2025-02-02")

        told.tell("invoice.voided/1", "2025-02-03", invoice_id="in_1", voided_on="2025-02-03")

        assert [told.on(account) for account in ("1100", "2300", "2100", "4900")] == [0, 0, 0, 0]


class TestReturnedRefunds:
    def test_j6d_the_money_is_back_and_owed_to_the_customer(self, told: Told) -> None:
        told.annual(sku="daily", pays=True)
        told.credit("cancellation", "2025-04-01", "9041.10", "745.89", settles="refund")
        told.refund("2025-04-02", "9786.99")

        self.comes_back(told, "2025-04-02", "9786.99")

        told.is_("J6d", told.entry("refund_return"))
        assert told.on("2410") == -minor("9786.99")
        assert Refund.objects.get().returned_on.isoformat() == "2025-04-20"

    def test_the_next_refund_pays_what_is_owed_and_lowers_no_price_again(self, told: Told) -> None:
        told.annual(pays=True)
        told.refund("2025-06-15", "216.50")
        lowered = told.on("4910")
        self.comes_back(told, "2025-06-15", "216.50", on="2025-06-20")

        told.refund("2025-06-21", "216.50")

        assert (told.on("2410"), told.on("4910")) == (0, lowered)
        assert told.on("1050") == minor("12990.00") - minor("216.50")

    def test_another_amount_is_a_case(self, told: Told) -> None:
        told.annual(pays=True)
        told.refund("2025-06-15", "216.50")

        self.comes_back(told, "2025-06-15", "16.50")

        assert Case.objects.get().kind == "event_conflict"
        assert not JournalEntry.objects.filter(document_type="refund_return").exists()

    def test_telling_it_again_does_nothing(self, told: Told) -> None:
        told.annual(pays=True)
        told.refund("2025-06-15", "216.50")
        for _ in range(2):
            self.comes_back(told, "2025-06-15", "216.50")

        assert told.on("2410") == -minor("216.50")

    def comes_back(self, told: Told, paid: str, amount: str, *, on: str = "2025-04-20") -> None:
        told.tell(
            "refund.returned/1", on, refund_id=f"re_{paid}", currency="USD", amount=minor(amount),
            returned_on=on, balance_transaction_id="txn_back",
        )  # fmt: skip
