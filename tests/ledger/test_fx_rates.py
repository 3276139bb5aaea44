"""Which rate counts on a day, and what a policy lets in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revops.ledger.drafts import DraftLine
from revops.ledger.rates import OWN, Policy, Published, Quotes
from revops.ledger.rules import fx
from revops.ledger.rules.base import Line, MappingMissing, draft
from tests.ledger.maps import ACCOUNTS, PlainBooks, by_account

JANUARY = date(2025, 1, 1)
FX = PlainBooks(
    rates={"EUR": "1.1200", "JPY": "0.0067", "KWD": "3.2500"},
    accounts=ACCOUNTS | {"realized_fx": "7100", "unrealized_fx": "7110"},
)


def quotes(*rows: tuple[str, str, date, str]) -> Quotes:
    return Quotes.of(
        Published(currency, quote, day, Decimal(value), "ECB")
        for currency, quote, day, value in rows
    )


class TestQuotes:
    def test_a_currency_is_worth_itself(self) -> None:
        assert quotes().find("USD", "USD", JANUARY) == OWN

    def test_the_days_own_rate_comes_first(self) -> None:
        held = quotes(("EUR", "USD", date(2024, 12, 31), "1.09"), ("EUR", "USD", JANUARY, "1.10"))

        found = held.find("EUR", "USD", JANUARY)

        assert found is not None
        assert (found.value, found.day, found.source) == (Decimal("1.10"), JANUARY, "ECB")

    @pytest.mark.parametrize(("age", "found"), [(0, True), (7, True), (8, False)])
    def test_a_rate_is_good_for_seven_days(self, age: int, found: bool) -> None:
        held = quotes(("EUR", "USD", JANUARY, "1.10"))

        rate = held.find("EUR", "USD", date.fromordinal(JANUARY.toordinal() + age))

        assert (rate is not None) is found

    def test_a_rate_of_tomorrow_is_not_known_today(self) -> None:
        held = quotes(("EUR", "USD", date(2025, 1, 2), "1.10"))

        assert held.find("EUR", "USD", JANUARY, Policy(max_age_days=60)) is None

    def test_the_other_direction_needs_a_policy(self) -> None:
        held = quotes(("USD", "EUR", JANUARY, "0.8"))

        assert held.find("EUR", "USD", JANUARY) is None
        found = held.find("EUR", "USD", JANUARY, Policy(inverse=True))
        assert found is not None
        assert found.value == Decimal("1.25")
        assert found.source == "ECB, inverted"

    def test_a_third_currency_needs_a_policy_and_the_older_day_is_told(self) -> None:
        held = quotes(("JPY", "USD", date(2024, 12, 30), "0.0067"), ("USD", "EUR", JANUARY, "0.9"))

        assert held.find("JPY", "EUR", JANUARY) is None
        found = held.find("JPY", "EUR", JANUARY, Policy(via="USD"))
        assert found is not None
        assert found.value == Decimal("0.00603")
        assert found.day == date(2024, 12, 30)
        assert "through USD" in found.source


class TestHeldLines:
    def lines(self, amount: int, held: int | None) -> list[Line]:
        return [
            Line("1050", amount, "Payment", "pay_1"),
            Line("1100", -amount, "Invoice", "in_1", held=held),
        ]

    def entry(self, amount: int, held: int | None, currency: str = "EUR"):
        return draft(
            FX, self.lines(amount, held), document_type="payment", business_key="s:1",
            accounting_date=JANUARY, currency=currency, description="", rule="test",
        )  # fmt: skip

    def test_the_difference_to_the_earlier_rate_is_realised(self) -> None:
        entry = self.entry(1_000_000, -1_100_000)

        assert by_account(entry, functional=True) == {
            "1050": 1_120_000, "1100": -1_100_000, "7100": -20_000,
        }  # fmt: skip
        assert by_account(entry) == {"1050": 1_000_000, "1100": -1_000_000}
        assert entry.rate is not None

    def test_there_is_no_difference_in_the_books_own_currency(self) -> None:
        entry = self.entry(1_000_000, -999, "USD")

        assert by_account(entry, functional=True) == {"1050": 1_000_000, "1100": -1_000_000}
        assert entry.rate is None

    def test_what_is_held_on_both_sides_needs_no_rate(self) -> None:
        lines = [
            Line("2400", 500, "Credit", "c", held=555),
            Line("1100", -500, "Invoice", "i", held=-540),
        ]
        books = PlainBooks(accounts=FX.accounts)

        entry = draft(
            books, lines, document_type="application", business_key="s:1",
            accounting_date=JANUARY, currency="EUR", description="", rule="test",
        )  # fmt: skip

        assert by_account(entry, functional=True) == {"2400": 555, "1100": -540, "7100": -15}
        assert entry.rate is None

    def test_a_missing_rate_is_said(self) -> None:
        with pytest.raises(MappingMissing) as caught:
            self.entry(100, -90, "CHF")
        assert (caught.value.kind, caught.value.key) == ("rate", "CHF")

    @given(
        amount=st.integers(1, 10**11),
        held=st.integers(1, 10**12),
        currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    )
    def test_every_entry_balances_in_both_currencies(
        self, amount: int, held: int, currency: str
    ) -> None:
        entry = self.entry(amount, -held, currency)

        assert sum(line.amount for line in entry.lines) == 0
        assert sum(line.functional for line in entry.lines) == 0


class TestRemeasured:
    def remeasure(self, *balances: fx.Balance):
        return fx.remeasured(balances, FX, business_key="period-end:1", on=JANUARY)

    def test_moves_only_the_books_own_currency(self) -> None:
        entry = self.remeasure(fx.Balance("1100", "EUR", 1_000_000, 1_100_000))

        assert entry is not None
        assert by_account(entry) == {}
        assert by_account(entry, functional=True) == {"1100": 20_000, "7110": -20_000}

    def test_nothing_differs_and_nothing_is_posted(self) -> None:
        assert self.remeasure(fx.Balance("1100", "EUR", 1_000_000, 1_120_000)) is None

    def test_differences_that_cancel_need_no_gain_or_loss(self) -> None:
        entry = self.remeasure(
            fx.Balance("1100", "EUR", 1_000_000, 1_100_000),
            fx.Balance("2400", "EUR", -1_000_000, -1_100_000),
        )

        assert entry is not None
        assert by_account(entry, functional=True) == {"1100": 20_000, "2400": -20_000}

    @given(
        st.lists(
            st.tuples(st.integers(-(10**11), 10**11), st.integers(-(10**12), 10**12)),
            min_size=1,
            max_size=6,
        ),
        st.sampled_from(["EUR", "JPY", "KWD"]),
    )
    def test_with_its_reversal_it_nets_to_zero_and_a_second_run_is_nothing(
        self, held: list[tuple[int, int]], currency: str
    ) -> None:
        balances = [
            fx.Balance(f"11{place:02}", currency, amount, functional)
            for place, (amount, functional) in enumerate(held)
        ]

        entry = self.remeasure(*balances)

        if entry is None:
            return
        mirror = entry.reversed(on=JANUARY, business_key="back")
        both = [line.functional for one in (entry, mirror) for line in one.lines]
        assert sum(both) == 0
        assert sum(line.functional for line in entry.lines) == 0
        moved = by_account(entry, functional=True)
        again = [
            fx.Balance(b.account, currency, b.amount, b.functional + moved.get(b.account, 0))
            for b in balances
        ]
        assert self.remeasure(*again) is None


class TestExchanged:
    def test_a_balance_moves_between_currencies_and_the_loss_stays(self) -> None:
        out, into = fx.exchanged(
            [fx.Exchanged("EUR", 1_000_000, 1_100_000, 1_090_000)],
            FX, business_key="s:po_1", accounting_date=JANUARY, currency="USD", source_id="po_1",
        )  # fmt: skip

        assert by_account(out) == {"1050": -1_000_000, "7100": 1_000_000}
        assert by_account(out, functional=True) == {"1050": -1_100_000, "7100": 1_100_000}
        assert by_account(into, functional=True) == {"1050": 1_090_000, "7100": -1_090_000}


class TestLineWithoutAmount:
    def test_mirrors(self) -> None:
        assert DraftLine("7100", 0, -5).mirrored() == DraftLine("7100", 0, 5)
