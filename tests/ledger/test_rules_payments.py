"""The rules for payments, refunds and payouts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.ledger.chains import Amount
from revops.ledger.rules import payments, payouts, refunds
from revops.ledger.rules.base import Journalized, MappingMissing
from revops.ledger.rules.shares import Charged
from tests.ledger.events import item, payment, payout, refund
from tests.ledger.maps import US, PlainBooks, by_account, line_on, minor

quick = settings(max_examples=100, deadline=None, derandomize=True, database=None)

KEY = "stripe:pi_1"
ON = date(2025, 1, 5)

key_of: Callable[[str], str] = "stripe:{}".format


def applied(amount: str | int, owed: int, books: PlainBooks = US, **more) -> Journalized:
    told = {name: more.pop(name) for name in ("invoice_number", "customer_name") if name in more}
    return payments.applied(
        payment(amount, **more),
        books,
        business_key=KEY,
        accounting_date=ON,
        open_amount=owed,
        **told,
    )


class TestApplied:
    def test_settles_a_part_of_an_invoice(self) -> None:
        (entry,) = applied("100.00", minor("250.00")).drafts

        assert by_account(entry) == {"1050": 10000, "1100": -10000}

    def test_keeps_as_credit_what_names_no_invoice(self) -> None:
        (entry,) = applied("100.00", 0, invoice_id="").drafts

        assert by_account(entry) == {"1050": 10000, "2400": -10000}
        assert line_on(entry, "2400").customer_id == "cus_1"

    def test_never_debits_the_receivable_of_an_invoice_that_is_overpaid_already(self) -> None:
        (entry,) = applied("100.00", -5000).drafts

        assert by_account(entry) == {"1050": 10000, "2400": -10000}

    def test_says_which_invoice_and_customer_it_is_about(self) -> None:
        (entry,) = applied("1.00", 100, invoice_number="INV-9", customer_name="Acme").drafts

        assert entry.description == "Payment pi_1, invoice INV-9, Acme"
        assert line_on(entry, "1100").memo == "Invoice INV-9"
        assert line_on(entry, "1100").source_line == "in_1"
        assert line_on(entry, "1050").source_line == "pi_1"

    def test_keeps_the_fee_apart_under_the_same_key(self) -> None:
        entry, fee = applied("100.00", 10000, fee=320).drafts

        assert by_account(entry) == {"1050": 10000, "1100": -10000}
        assert by_account(fee) == {"6100": 320, "1050": -320}
        assert (entry.document_type, fee.document_type) == ("payment", "fee")
        assert entry.business_key == fee.business_key == KEY

    def test_takes_a_fee_in_the_currency_that_it_was_taken_in(self) -> None:
        books = replace(US, rates={"EUR": "1.1"})

        entry, fee = applied(
            "100.00", 10000, books, currency="EUR", fee=320, fee_currency="USD"
        ).drafts

        assert (entry.currency, fee.currency) == ("EUR", "USD")
        assert by_account(entry, functional=True) == {"1050": 11000, "1100": -11000}
        assert by_account(fee, functional=True) == {"6100": 320, "1050": -320}

    def test_mirrors_a_fee_that_was_given_back(self) -> None:
        _, fee = applied("100.00", 10000, fee=-320).drafts

        assert by_account(fee) == {"1050": 320, "6100": -320}

    def test_says_why_a_payment_of_zero_has_no_journal(self) -> None:
        assert applied(0, 0) == Journalized(note="A payment of zero moves no money.")

    def test_names_the_account_that_is_missing(self) -> None:
        with pytest.raises(MappingMissing, match="“customer_credit”"):
            applied("100.00", 0, replace(US, accounts={"processor_clearing": "1050"}))

    @quick
    @given(
        amount=st.integers(1, 10**9), owed=st.integers(0, 10**9), fee=st.integers(-(10**6), 10**6)
    )
    def test_moves_the_gross_amount_whatever_was_owed(
        self, amount: int, owed: int, fee: int
    ) -> None:
        found = applied(amount, owed, fee=fee)

        moved = [by_account(entry) for entry in found.drafts]
        assert moved[0]["1050"] == amount
        assert moved[0].get("1100", 0) == -min(amount, owed)
        assert sum(each.get("1050", 0) for each in moved) == amount - fee
        assert all(line.source_line for entry in found.drafts for line in entry.lines)
        assert len(moved) == (2 if fee else 1)


class TestAllocated:
    def allocated(self, amount: int) -> Journalized:
        return payments.allocated(
            payment("100.00"),
            US,
            business_key=KEY,
            accounting_date=ON,
            amount=amount,
            invoice_number="INV-9",
        )

    def test_moves_a_credit_balance_to_the_invoice_it_was_meant_for(self) -> None:
        (entry,) = self.allocated(6000).drafts

        assert by_account(entry) == {"2400": 6000, "1100": -6000}
        assert (entry.document_type, entry.business_key) == ("application", "stripe:pi_1/in_1")

    @pytest.mark.parametrize("amount", [0, -1])
    def test_leaves_the_credit_when_nothing_is_owed(self, amount: int) -> None:
        assert self.allocated(amount).drafts == ()
        assert "owes nothing more" in self.allocated(amount).note


class TestRefunded:
    def refunded(self, amount: str | int, **more) -> Journalized:
        return refunds.refunded(
            refund(amount), US, business_key="stripe:re_1", accounting_date=ON, **more
        )

    def test_says_whose_money_went_back(self) -> None:
        (entry,) = self.refunded(
            "10.00", owed=Amount(1000, 1000), customer_id="cus_1", customer_name="Acme"
        ).drafts

        assert line_on(entry, "2410").customer_id == "cus_1"
        assert entry.description == "Refund re_1, Acme"
        assert entry.document_type == "refund"

    def test_pays_what_is_owed_then_the_balance_then_gives_price_and_tax_back(self) -> None:
        (entry,) = self.refunded(
            "30.00",
            owed=Amount(1000, 1000),
            credit=Amount(918, 918),
            charged=Charged(10_000, (("us-ca", 825),)),
        ).drafts

        assert by_account(entry) == {
            "1050": -3000, "2410": 1000, "2400": 918, "4910": 1000, "2100": 82,
        }  # fmt: skip

    def test_says_why_a_refund_of_zero_has_no_journal(self) -> None:
        assert self.refunded(0) == Journalized(note="A refund of zero moves no money.")


class TestSettled:
    def settled(self, data, *, fees: tuple = ()) -> Journalized:
        return payouts.settled(
            data, US, business_key="stripe:po_1", accounting_date=ON, key_of=key_of, fees=fees
        )

    def test_mirrors_a_payout_with_which_money_is_taken_back(self) -> None:
        (entry,) = self.settled(payout("-50.00")).drafts

        assert by_account(entry) == {"1050": 5000, "1000": -5000}

    def test_brings_the_fees_that_the_books_lack_and_no_other(self) -> None:
        data = payout(
            "170.00",
            item("txn_1", "100.00", fee="10.00", source="pi_1"),
            item("txn_2", "100.00", fee="20.00", source="pi_2"),
        )

        _, fee = self.settled(data, fees=data.items[1:]).drafts

        assert (fee.document_type, fee.business_key) == ("fee", "stripe:pi_2")
        assert by_account(fee) == {"6100": 2000, "1050": -2000}

    def test_finds_the_fee_that_a_payment_brought_already(self) -> None:
        _, brought = applied("100.00", 10000, fee=1000).drafts
        data = payout("90.00", item("txn_1", "100.00", fee="10.00", source="pi_1"))

        assert list(payouts.fees_by_key(data, key_of)) == [brought.business_key]

    def test_tells_apart_what_cost_something_more_than_once(self) -> None:
        data = payout(
            "0.00",
            item("txn_1", "100.00", fee="3.00"),
            item("txn_2", "-100.00", fee="15.00", kind="adjustment", source="dp_1"),
            item("txn_3", "100.00", fee="-15.00", kind="adjustment", source="dp_1"),
            item("txn_4", "50.00", fee="2.00"),
            item("txn_5", "0.00", fee="1.00", source=""),
            item("txn_6", "70.00"),
        )

        found = payouts.fees_by_key(data, key_of)

        assert {key: each.fee for key, each in found.items()} == {
            "stripe:pi_1": 300,
            "stripe:txn_2": 1500,
            "stripe:txn_3": -1500,
            "stripe:txn_4": 200,
            "stripe:txn_5": 100,
        }

    def test_says_why_a_payout_of_zero_has_no_journal(self) -> None:
        assert self.settled(payout(0)) == Journalized(note="A payout of zero moves no money.")

    @quick
    @given(
        taken=st.lists(
            st.tuples(st.integers(1, 10**7), st.integers(0, 10**5)), min_size=1, max_size=8
        )
    )
    def test_i5_leaves_nothing_at_the_processor(self, taken: list[tuple[int, int]]) -> None:
        moved = 0
        items = []
        for number, (amount, fee) in enumerate(taken):
            known_at_once = number % 2 == 0
            told = fee if known_at_once else 0
            for entry in payments.applied(
                payment(amount, payment_id=f"pi_{number}", fee=told),
                US, business_key=key_of(f"pi_{number}"), accounting_date=ON, open_amount=amount,
            ).drafts:  # fmt: skip
                moved += by_account(entry).get("1050", 0)
            items.append(
                item(f"txn_{number}", "0", source=f"pi_{number}") | {"amount": amount, "fee": fee}
            )
        data = payout(sum(amount - fee for amount, fee in taken), *items)

        for entry in self.settled(data, fees=data.items[1::2]).drafts:
            moved += by_account(entry).get("1050", 0)

        assert moved == 0
