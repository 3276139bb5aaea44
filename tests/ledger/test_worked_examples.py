"""Every worked example of docs/accounting.md that this build journalizes, by its id."""

from __future__ import annotations

from datetime import date

import pytest

from revops.contracts import registry
from revops.contracts.examples import EXAMPLES
from revops.ledger.chains import Amount
from revops.ledger.drafts import JournalDraft, ScheduleDraft
from revops.ledger.rules import invoices, payments, payouts, recognition, refunds, reversals
from revops.ledger.rules.base import Journalized
from revops.ledger.schedules import portions, remainder_last
from tests.ledger.events import invoice, item, line, payment, payout, refund
from tests.ledger.expected import ENTRIES, REMAINDER_LAST, SCHEDULES
from tests.ledger.maps import MONTHS, US, PlainBooks, by_account, line_on, minor, span

KEY = "stripe:in_1"
EURO_AT_1_10 = PlainBooks(rates={"EUR": "1.1000"})


def day(case: str) -> date:
    return date.fromisoformat(ENTRIES[case][0])


def assert_is(case: str, draft: JournalDraft, *, functional: bool = False) -> None:
    on, moved = ENTRIES[case]
    expected = {account: minor(amount) for account, amount in moved.items()}
    assert by_account(draft, functional=functional) == expected
    assert draft.accounting_date.isoformat() == on


def issued(*lines: dict, books: PlainBooks = US, on: date | None = None, **more) -> Journalized:
    return invoices.issued(
        invoice(*lines, **more), books, business_key=KEY, accounting_date=on or day("J1")
    )


def annual(sku: str = "pro") -> tuple[JournalDraft, ScheduleDraft]:
    """J1 with its one schedule."""
    found = issued(line("12000.00", tax="990.00", sku=sku))
    (entry,), (schedule,) = found.drafts, found.schedules
    return entry, schedule


def recognised(schedule: ScheduleDraft, month: int) -> JournalDraft:
    portion = schedule.portions[month - 1]
    (entry,) = recognition.month(schedule, portion, on=portion.span.end).drafts
    return entry


class TestInvoices:
    def test_j1_an_annual_invoice_defers_its_net_and_owes_its_tax(self) -> None:
        entry, schedule = annual()

        assert_is("J1", entry)
        assert schedule.total == minor("12000.00")
        assert schedule.service == span("2025-01-01", "2025-12-31")
        assert line_on(entry, "2100").tax_code == "us-ca"

    def test_j9a_inclusive_tax_is_not_revenue(self) -> None:
        taxed = line("100.00")
        taxed["taxes"] = [
            {"code": "us-ca", "amount": 1000, "rate_percent": "10", "inclusive": True}
        ]

        found = issued(taxed)

        assert_is("J9a", found.drafts[0])
        assert found.schedules[0].total == minor("100.00")

    def test_j4_an_upgrade_is_posted_as_it_was_billed(self) -> None:
        rest = ("2025-07-01", "2025-12-31")
        charge = line("9073.97", service=rest, line_id="il_new")
        credit = line("-6049.32", service=rest, line_id="il_unused")
        taxed = line("9073.97", tax="249.53", service=rest, line_id="il_new")

        assert_is("J4a", issued(charge, on=day("J4a")).drafts[0])
        assert_is("J4b", issued(credit, on=day("J4b")).drafts[0])
        assert_is("J4c", issued(taxed, credit, on=day("J4c")).drafts[0])

    def test_j10a_a_euro_invoice_is_kept_in_dollars_at_its_rate(self) -> None:
        found = issued(line("10000.00", sku="pro-even"), currency="EUR", books=EURO_AT_1_10)

        assert_is("J10a", found.drafts[0], functional=True)
        assert by_account(found.drafts[0]) == {"1100": 1000000, "2300": -1000000}


class TestRecognition:
    def test_j2_january_evenly(self) -> None:
        assert_is("J2", recognised(annual("pro-even")[1], 1))

    def test_j2d_january_by_day(self) -> None:
        assert_is("J2d", recognised(annual("pro")[1], 1))

    def test_j10e_january_of_a_euro_contract_at_its_historical_rate(self) -> None:
        found = issued(line("10000.00", sku="pro-even"), currency="EUR", books=EURO_AT_1_10)
        (schedule,) = found.schedules

        assert_is("J10e", recognised(schedule, 1), functional=True)
        assert schedule.portions[0].amount == minor("833.33")
        assert sum(portion.functional for portion in schedule.portions) == minor("11000.00")


class TestReversals:
    def test_j5f_a_void_mirrors_the_invoice(self) -> None:
        entry, _ = annual()

        (mirror,) = reversals.void([entry], on=day("J5f"), business_key=KEY)

        assert_is("J5f", mirror)
        assert mirror.reverses == entry.identity

    def test_j5f_a_void_also_mirrors_the_months_that_were_recognised(self) -> None:
        entry, schedule = annual("pro-even")
        entries = [entry, recognised(schedule, 1), recognised(schedule, 2)]

        mirrors = reversals.void(entries, on=date(2025, 3, 3), business_key=KEY)

        everything = [by_account(draft) for draft in (*entries, *mirrors)]
        accounts = {account for moved in everything for account in moved}
        assert {a: sum(moved.get(a, 0) for moved in everything) for a in accounts} == dict.fromkeys(
            ("1100", "2100", "2300", "4000"), 0
        )

    def test_j12_a_leg_that_was_posted_alone_is_reversed_by_a_balanced_pair(self) -> None:
        (leg,) = issued(line("12000.00")).drafts

        mirror = leg.reversed(on=day("J12"), business_key=KEY)

        assert_is("J12", mirror)


class TestPayments:
    def applied(self, data, owed: str) -> tuple[JournalDraft, ...]:
        return payments.applied(
            data,
            US,
            business_key="stripe:pi_1",
            accounting_date=day("J7a"),
            open_amount=minor(owed),
        ).drafts

    def test_j7a_a_payment_relieves_the_receivable_at_gross(self) -> None:
        (entry,) = self.applied(payment("12990.00"), "12990.00")

        assert_is("J7a", entry)

    def test_j7b_the_fee_is_an_expense_of_its_own(self) -> None:
        _, fee = self.applied(payment("12990.00", fee=37701), "12990.00")

        assert_is("J7b", fee)

    def test_j7c_a_payout_empties_the_clearing_account(self) -> None:
        drafts = self.applied(payment("12990.00", fee=37701), "12990.00")

        (settled,) = payouts.settled(
            payout("12612.99", item("txn_1", "12990.00", fee="377.01")),
            US, business_key="stripe:po_1", accounting_date=day("J7c"), key_of="stripe:{}".format,
        ).drafts  # fmt: skip

        assert_is("J7c", settled)
        assert sum(by_account(draft).get("1050", 0) for draft in (*drafts, settled)) == 0

    def test_j7d_what_was_paid_in_excess_is_the_customers(self) -> None:
        (entry,) = self.applied(payment("13000.00"), "12990.00")

        assert_is("J7d", entry)

    def test_j8a_a_declined_attempt_is_no_journal(self) -> None:
        found = payments.failed(registry.read("payment.failed/1", EXAMPLES["payment.failed/1"]))

        assert found.drafts == found.schedules == ()
        assert "J8a" in found.note

    def test_j6b_a_refund_leaves_the_processor(self) -> None:
        owed = Amount(minor("9786.99"), minor("9786.99"))
        (entry,) = refunds.refunded(
            refund("9786.99"), US, business_key="stripe:re_1", accounting_date=day("J6b"), owed=owed
        ).drafts

        assert_is("J6b", entry)

    def test_j5b2_a_credit_balance_settles_an_invoice(self) -> None:
        (entry,) = payments.allocated(
            payment("541.25"),
            US,
            business_key="stripe:pi_1",
            accounting_date=day("J5b2"),
            amount=minor("541.25"),
        ).drafts

        assert_is("J5b2", entry)


class TestSchedules:
    @pytest.mark.parametrize("case", SCHEDULES)
    def test_spread_as_expected(self, case: str) -> None:
        currency, total, start, end, convention, expected = SCHEDULES[case]

        spread = portions(
            total=minor(total, currency),
            functional_total=minor(total, currency),
            service=span(start, end),
            convention=convention,
            periods=MONTHS,
        )

        assert [portion.amount for portion in spread] == [
            minor(part, currency) for part in expected.split()
        ]
        assert spread[0].period == start[:7]
        assert spread[-1].period == end[:7]

    @pytest.mark.parametrize("case", REMAINDER_LAST)
    def test_of_an_erp_that_gives_the_latest_the_rest(self, case: str) -> None:
        currency, total, expected = REMAINDER_LAST[case]

        assert remainder_last(minor(total, currency), [1] * 12) == [
            minor(part, currency) for part in expected.split()
        ]

    def test_an_upgrade_evenly_spreads_what_the_whole_chain_has_left(self) -> None:
        # 6,000.00 left of the old plan, 6,049.32 credited, 9,073.97 charged: no orphan, no blip.
        chain = minor("6000.00") - minor("6049.32") + minor("9073.97")

        assert chain == minor(SCHEDULES["an upgrade evenly"][1])

    def test_dollars_of_a_euro_contract_come_from_the_dollar_total(self) -> None:
        _, total, start, end, convention, euros = SCHEDULES["ten thousand euro evenly"]
        dollars = SCHEDULES["eleven thousand evenly"]

        spread = portions(
            total=minor(total),
            functional_total=minor(dollars[1]),
            service=span(start, end),
            convention=convention,
            periods=MONTHS,
        )

        assert [portion.amount for portion in spread] == [minor(part) for part in euros.split()]
        assert [portion.functional for portion in spread] == [
            minor(part) for part in dollars[5].split()
        ]
