"""J10a to J10f through the line: events in, journals out, line by line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from revops.ledger.models import JournalEntry
from revops.pipeline.period_end.runs import run
from tests.ledger.expected import ENTRIES
from tests.pipeline.period_end.stage import Stage, balances, minor, moved


def is_(case: str, *entries: JournalEntry) -> None:
    """These entries together are the worked example, on its day, in the books' currency."""
    day, lines = ENTRIES[case]
    assert moved(*entries) == {account: minor(amount) for account, amount in lines.items()}
    assert {entry.accounting_date.isoformat() for entry in entries} == {day}


def end(stage: Stage, period: str, *kinds: str) -> int:
    """Make runs of a period; how many entries. Every run must go through."""
    results = run(entity_id=stage.entity.pk, period_code=period, kinds=kinds or ("remeasurement",))
    assert [result.trouble for result in results if result.trouble] == []
    return sum(result.entries for result in results)


class TestInvoices:
    def test_j10a_a_euro_invoice_is_booked_at_the_rate_of_its_day(self, stage: Stage) -> None:
        stage.rate("2025-01-01", "1.1000")
        stage.invoice("in_1", "2025-01-01", "10000.00", currency="EUR")

        entry = stage.entry("invoice")

        is_("J10a", entry)
        assert moved(entry, functional=False) == {"1100": 1_000_000, "2300": -1_000_000}
        assert (entry.rate, entry.rate_day, entry.rate_source) == (
            Decimal("1.1"), date(2025, 1, 1), "ECB",
        )  # fmt: skip

    def test_a_missing_rate_is_a_case_and_publishing_it_lets_the_invoice_through(
        self, stage: Stage
    ) -> None:
        stage.rate("2024-12-20", "1.0900")
        stage.invoice("in_1", "2025-01-01", "10000.00", currency="EUR")
        assert stage.stuck()
        assert not stage.entries("invoice")

        stage.rate("2025-01-01", "1.1000")
        from revops.events.models import InboundEvent
        from revops.events.operations import send_again_through_the_line

        send_again_through_the_line(
            list(InboundEvent.objects.filter(state="quarantined").values_list("pk", flat=True))
        )
        stage.advance()

        is_("J10a", stage.entry("invoice"))

    def test_a_corrected_rate_leaves_what_is_booked(self, stage: Stage) -> None:
        stage.rate("2025-01-01", "1.1000")
        stage.invoice("in_1", "2025-01-01", "10000.00", currency="EUR")
        stage.rate("2025-01-01", "1.2000")
        stage.invoice("in_2", "2025-01-01", "10000.00", currency="EUR")

        first, second = stage.entries("invoice")

        assert moved(first)["1100"] == 1_100_000
        assert moved(second)["1100"] == 1_200_000
        assert first.rate == Decimal("1.1")


class TestPeriodEnd:
    def a_year(self, stage: Stage) -> None:
        stage.rate("2025-01-01", "1.1000")
        stage.rate("2025-01-31", "1.0800")
        stage.invoice("in_1", "2025-01-01", "10000.00", currency="EUR")

    def test_j10b_the_receivable_follows_the_rate_and_deferred_revenue_does_not(
        self, stage: Stage
    ) -> None:
        self.a_year(stage)

        end(stage, "2025-01")

        is_("J10b", stage.entry("remeasurement"))
        assert balances("2025-01-31")["2300"] == -1_100_000
        assert stage.entry("remeasurement").rate_day == date(2025, 1, 31)
        assert stage.entry("remeasurement").lines.get(account="1100").customer_ref == "cus_1"

    def test_j10c_it_is_taken_back_on_the_first_day_of_the_next_period(self, stage: Stage) -> None:
        self.a_year(stage)

        end(stage, "2025-01")

        mirror = stage.entry("void")
        is_("J10c", mirror)
        assert mirror.reverses == stage.entry("remeasurement")

    def test_running_again_posts_nothing_and_a_late_event_only_its_difference(
        self, stage: Stage
    ) -> None:
        self.a_year(stage)
        end(stage, "2025-01")
        assert end(stage, "2025-01") == 0

        stage.invoice("in_2", "2025-01-01", "5000.00", currency="EUR")
        assert end(stage, "2025-01") == 2

        _, second = stage.entries("remeasurement")
        assert second.revision == 2
        assert moved(second) == {"1100": -10_000, "7110": 10_000}
        assert "7110" not in balances("2025-02-01")

    def test_j10d_cash_at_another_rate_realises_the_difference(self, stage: Stage) -> None:
        self.a_year(stage)
        end(stage, "2025-01")
        stage.rate("2025-02-10", "1.1200")

        stage.pay("in_1", "2025-02-10", "10000.00", currency="EUR")

        is_("J10d", stage.entry("payment"))
        assert "1100" not in balances("2025-02-10")
        assert "1100" not in balances("2025-02-10", functional=False)

    def test_j10e_revenue_is_recognised_at_the_rate_of_the_invoice(self, stage: Stage) -> None:
        self.a_year(stage)

        end(stage, "2025-01", "recognition")

        is_("J10e", stage.entry("recognition"))
        assert moved(stage.entry("recognition"), functional=False) == {
            "2300": 83_333, "4000": -83_333,
        }  # fmt: skip

    def test_j10f_thirty_euro_invoiced_at_1_20_and_paid_at_1_10_lose_three_dollars(
        self, stage: Stage
    ) -> None:
        stage.rate("2025-01-31", "1.2000")
        stage.rate("2025-02-01", "1.1000")
        stage.invoice("in_1", "2025-01-31", "30.00", currency="EUR", sku="once")
        stage.pay("in_1", "2025-02-01", "30.00", currency="EUR")
        stage.tell(
            "payout.settled/1", "2025-02-01", payout_id="po_1", currency="EUR", amount=3_000,
            arrived_on="2025-02-01",
            items=[{"balance_transaction_id": "txn_1", "kind": "charge",
                    "source_id": "pay_in_1_2025-02-01", "amount": 3_000}],
        )  # fmt: skip

        is_("J10f", stage.entry("payment"), stage.entry("payout"))


class TestProcessor:
    """Money that the processor holds in a foreign currency, until it is paid out."""

    def paid(self, stage: Stage, **more: object) -> None:
        stage.rate("2025-01-01", "1.1000")
        stage.rate("2025-01-05", "1.1200")
        stage.rate("2025-01-09", "1.0500")
        stage.invoice("in_1", "2025-01-01", "10000.00", currency="EUR")
        stage.pay("in_1", "2025-01-05", "10000.00", currency="EUR", **more)

    def pay_out(self, stage: Stage, currency: str, amount: str, *, fee: str = "0.00") -> None:
        gross = minor(amount, currency) + minor(fee, currency)
        stage.tell(
            "payout.settled/1", "2025-01-09", payout_id="po_1", currency=currency,
            amount=minor(amount, currency), arrived_on="2025-01-09",
            items=[{"balance_transaction_id": "txn_1", "kind": "charge",
                    "source_id": "pay_in_1_2025-01-05", "amount": gross,
                    "fee": minor(fee, currency)}],
        )  # fmt: skip

    def test_a_payout_at_another_rate_realises_the_difference_and_clearing_is_empty(
        self, stage: Stage
    ) -> None:
        self.paid(stage)

        self.pay_out(stage, "EUR", "10000.00")

        assert moved(stage.entry("payout")) == {
            "1000": 1_050_000, "1050": -1_120_000, "7100": 70_000,
        }  # fmt: skip
        for functional in (True, False):
            assert "1050" not in balances("2025-01-31", functional=functional)

    def test_a_payout_in_another_currency_than_the_payment_moves_the_balance_first(
        self, stage: Stage
    ) -> None:
        self.paid(stage)

        self.pay_out(stage, "USD", "11000.00", fee="90.00")

        out, into = stage.entries("exchange")
        assert moved(out, functional=False) == {"1050": -1_000_000, "7100": 1_000_000}
        assert moved(out) == {"1050": -1_120_000, "7100": 1_120_000}
        assert moved(into) == {"1050": 1_109_000, "7100": -1_109_000}
        assert moved(stage.entry("fee")) == {"6100": 9_000, "1050": -9_000}
        assert "1050" not in balances("2025-01-31")
        assert balances("2025-01-31")["7100"] == -20_000 + 11_000

    def test_a_fee_in_its_own_currency_counts_at_the_rate_of_its_day(self, stage: Stage) -> None:
        stage.rate("2025-01-05", "1.2500", "GBP")
        self.paid(stage, fee=10_000, fee_currency="GBP")

        fee = stage.entry("fee")

        assert fee.currency == "GBP"
        assert moved(fee) == {"6100": 12_500, "1050": -12_500}
