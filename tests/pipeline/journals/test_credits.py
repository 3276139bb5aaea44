"""J5 and J6a: credit memos by type and by where they go, from the event to the journal."""

from __future__ import annotations

import pytest

from exceptions.models import Case
from revops.ledger.models import JournalEntry
from tests.pipeline.journals.told import Told, minor


class TestSlaCredits:
    def test_j5a_of_an_earned_month_lowers_the_open_invoice(self, told: Told) -> None:
        told.annual()

        told.credit("sla_period", "2025-03-10", "500.00", "41.25", settles="invoice")

        told.is_("J5a", told.entry("credit"))

    def test_j5b_of_a_paid_invoice_becomes_the_customers_balance(self, told: Told) -> None:
        told.annual(pays=True)

        told.credit("sla_period", "2025-03-10", "500.00", "41.25")

        told.is_("J5b", told.entry("credit"))
        (schedule,) = told.schedules()
        assert schedule.stopped_on is None

    def test_j5b2_the_balance_settles_the_next_invoice(self, told: Told) -> None:
        told.annual(pays=True)
        told.credit("sla_period", "2025-03-10", "500.00", "41.25")
        told.bill("in_2", "2025-04-01", [("il_2", "600.00", "0.00", ("2025-04-01", "2025-04-30"))])

        told.tell(
            "credit.applied/1", "2025-04-01", credit_id="cn_1", application_id="ap_1",
            invoice_id="in_2", currency="USD", amount=minor("541.25"), applied_on="2025-04-01",
        )  # fmt: skip

        told.is_("J5b2", told.entry("application"))
        assert told.on("2400") == 0

    def test_of_an_invoice_that_was_paid_since_goes_to_the_balance(self, told: Told) -> None:
        told.annual(pays=True)

        told.credit("sla_period", "2025-03-10", "500.00", "41.25", settles="invoice")

        told.is_("J5b", told.entry("credit"))


class TestPriceChanges:
    def test_j5d_a_concession_catches_up_what_was_earned(self, told: Told) -> None:
        told.annual(pays=True)
        told.recognised("2025-03")

        told.credit("contract_concession", "2025-04-01", "1200.00", "99.00")

        told.is_("J5d", told.entry("credit"))
        told.recognised("2025-12")
        assert told.revenue()[3:] == [90_000] * 9

    def test_j5e_a_lower_price_counts_for_the_future(self, told: Told) -> None:
        told.annual(pays=True)
        told.recognised("2025-03")

        told.credit("future_price_cut", "2025-04-01", "1200.00", "99.00")

        told.is_("J5e", told.entry("credit"))
        told.recognised("2025-12")
        assert told.revenue() == [100_000] * 3 + [86_667, 86_666, 86_667] * 3
        assert told.deferred() == 0

    def test_stripes_credit_note_of_45_lowers_both_what_is_earned_and_what_is_to_come(
        self, told: Told
    ) -> None:
        told.bill(
            "in_1", "2025-01-01", [("il_1", "90.00", "0.00", ("2025-01-01", "2025-03-31"))],
            sku="daily",
        )  # fmt: skip
        told.pay("in_1", "2025-01-05", "90.00")
        told.recognised("2025-01")

        told.credit("contract_concession", "2025-02-01", "45.00", "0.00")
        told.recognised("2025-03")

        assert told.on("4900") == 1_550
        assert told.revenue()[:3] == [3_100, 1_400, 1_550]
        assert told.deferred() == 0


class TestBillingErrors:
    def test_undo_what_was_billed_and_what_was_earned_of_it(self, told: Told) -> None:
        told.annual(pays=True)
        told.recognised("2025-03")

        told.credit("billing_error", "2025-04-10", "1200.00", "99.00")

        # A year of 10,800.00 from its first day: 900.00 a month, as if it had been billed so.
        assert told.revenue()[:3] == [90_000] * 3
        assert told.deferred() == 810_000
        told.recognised("2025-12")
        assert told.on("4000") == -1_080_000
        assert told.deferred() == 0


class TestCancellations:
    def test_j6a_gives_back_exactly_what_is_deferred_by_the_day(self, told: Told) -> None:
        told.annual(sku="daily", pays=True)
        told.recognised("2025-03")

        told.credit("cancellation", "2025-04-01", "9041.10", "745.89", settles="refund")

        told.is_("J6a", told.entry("credit"))
        assert told.deferred() == 0
        assert told.recognised("2025-12") == 0

    def test_j6a_m_never_makes_deferred_revenue_negative(self, told: Told) -> None:
        told.annual(pays=True)
        told.recognised("2025-03")

        told.credit("cancellation", "2025-04-01", "9041.10", "745.89", settles="refund")

        told.is_("J6a-m", told.entry("credit"))
        assert told.deferred() == 0

    def test_that_come_late_take_back_what_was_recognised_since(self, told: Told) -> None:
        told.annual(pays=True)
        told.recognised("2025-05")
        told.close("2025-05-31")

        told.credit(
            "cancellation", "2025-06-10", "9000.00", "0.00", settles="refund",
            effective_on="2025-04-01",
        )  # fmt: skip

        assert told.deferred() == 0
        assert sum(told.revenue()) == 300_000
        assert told.revenue()[5] == -200_000

    @pytest.mark.parametrize("credit_first", [True, False])
    def test_and_their_memo_end_in_the_same_books_in_either_order(
        self, told: Told, credit_first: bool
    ) -> None:
        told.annual(pays=True)
        steps = [
            lambda: told.subscription("cancelled", "2025-04-10", effective_on="2025-04-10"),
            lambda: told.credit(
                "cancellation", "2025-04-10", "8000.00", "0.00", settles="refund"
            ),
        ]  # fmt: skip
        for step in steps if not credit_first else reversed(steps):
            step()

        told.recognised("2025-12")

        assert told.revenue() == [100_000] * 3 + [100_000] + [0] * 8
        assert told.deferred() == 0

    def test_without_a_memo_earn_what_was_paid_for_at_once(self, told: Told) -> None:
        told.annual(pays=True)

        told.subscription("cancelled", "2025-04-01", effective_on="2025-04-01")
        told.recognised("2025-12")

        assert told.revenue() == [100_000] * 3 + [900_000] + [0] * 8

    def test_of_what_is_not_paid_wait_for_what_becomes_of_the_invoice(self, told: Told) -> None:
        told.annual()

        told.subscription("cancelled", "2025-04-01", effective_on="2025-04-01")

        assert told.schedules()[0].stopped_on is None


class TestPauses:
    def test_rest_and_go_on_for_as_many_days(self, told: Told) -> None:
        told.annual(sku="daily", pays=True)

        told.subscription("paused", "2025-07-01", effective_on="2025-07-01")
        told.recognised("2025-08")
        assert told.revenue()[6:8] == [0, 0]
        told.subscription("resumed", "2025-09-01", effective_on="2025-09-01")

        _, rest = told.schedules()
        assert (rest.service_start.isoformat(), rest.service_end.isoformat()) == (
            "2025-09-01", "2026-03-03",
        )  # fmt: skip
        assert rest.total == 604_932
        told.recognised("2026-03")
        assert told.on("4000") == -1_200_000
        assert told.deferred() == 0


class TestLimits:
    def test_more_than_was_charged_is_a_case_and_no_journal(self, told: Told) -> None:
        told.annual(pays=True)
        told.credit("sla_period", "2025-03-10", "11900.00", "0.00")

        told.credit("sla_period", "2025-03-11", "200.00", "0.00", number="cn_2")

        assert len(told.entries("credit")) == 1
        (case,) = Case.objects.all()
        assert case.kind == "more_than_charged"
        assert "100.00" in case.what_happened

    def test_more_tax_than_was_charged_is_a_case(self, told: Told) -> None:
        told.annual(pays=True)

        told.credit("sla_period", "2025-03-10", "500.00", "1000.00")

        assert not told.entries("credit")
        assert Case.objects.get().kind == "more_than_charged"

    def test_more_than_the_balance_is_a_case(self, told: Told) -> None:
        told.annual(pays=True)
        told.credit("sla_period", "2025-03-10", "500.00", "41.25")
        told.bill("in_2", "2025-04-01", [("il_2", "600.00", "0.00", ("2025-04-01", "2025-04-30"))])

        told.tell(
            "credit.applied/1", "2025-04-01", credit_id="cn_1", application_id="ap_1",
            invoice_id="in_2", currency="USD", amount=minor("600.00"), applied_on="2025-04-01",
        )  # fmt: skip

        assert not told.entries("application")
        assert Case.objects.get().kind == "more_than_charged"


def test_a_credit_that_comes_again_is_in_the_books_once(told: Told) -> None:
    told.annual(pays=True)
    for _ in range(2):
        told.credit("future_price_cut", "2025-04-01", "1200.00", "99.00")

    assert JournalEntry.objects.filter(document_type="credit").count() == 1
    assert len(told.schedules()) == 2
