"""Differences that another method makes are explained with their formula; no others are."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from revops.kernel.money import Money
from revops.ledger.schedules import cumulative
from revops.reconciliation.engine import bases
from revops.reconciliation.engine.deciding import paired
from revops.reconciliation.engine.explaining import (
    Basis,
    explain,
    likely,
    next_to_last,
    remainder_last,
    weights_30_360,
)
from revops.reconciliation.engine.rows import Row, Terms
from tests import factories as make

DAY = date(2026, 10, 31)
MONTHS = [(date(2025, n, 1), date(2025, n, 28 if n == 2 else 30 if n in (4, 6, 9, 11) else 31))
          for n in range(1, 13)]  # fmt: skip
TERMS = Terms(
    compares=frozenset({"amount", "tax", "currency"}), today=DAY, lag_days=1, left="Ours",
    right="ERP",
)  # fmt: skip


def row(id: str, amount: int, **values: Any) -> Row:
    same: dict[str, Any] = {"key": "k", "currency": "USD", "dated": DAY}
    return Row(id=id, amount=amount, **same | values)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


class TestRounding:
    def test_of_the_last_period_is_explained(self) -> None:
        """The ERP has 83.37 in December, we have 83.33: the remainder in the last period."""
        even = Basis(total=100_000, weights=(1,) * 12, index=11)
        assert (cumulative(100_000, even.weights)[11], remainder_last(100_000, even.weights)[11]) \
            == (8_333, 8_337)  # fmt: skip
        (found,) = paired(row("l", 8_333), row("r", 8_337), TERMS, {"l": even})
        assert (found.type, found.state, found.difference) == ("explained", "explained", -4)
        assert found.reason == (
            f"The rounding differs: {usd(100_000)} × 1/12 is {usd(8_333)} by cumulative rounding "
            f"and {usd(8_337)} by the remainder in the last period."
        )

    def test_of_the_last_period_but_one_is_explained(self) -> None:
        even = Basis(total=100_000, weights=(1,) * 12, index=10)
        amount = next_to_last(100_000, even.weights)[10]
        assert amount == 8_337
        ours = cumulative(100_000, even.weights)[10]
        assert "last period but one" in explain(ours, amount, None, None, even, currency="USD")

    def test_by_months_of_thirty_days_is_explained(self) -> None:
        weights = tuple((last - first).days + 1 for first, last in MONTHS)
        thirty = weights_30_360(MONTHS[0][0], MONTHS[-1][1], MONTHS)
        assert thirty == [30] * 12
        basis = Basis(total=1_200_000, weights=weights, weights_30=tuple(thirty), index=0)
        assert "months of 30 days" in explain(101_918, 100_000, None, None, basis, currency="USD")

    def test_that_no_method_makes_is_not_explained(self) -> None:
        even = Basis(total=100_000, weights=(1,) * 12, index=11)
        (found,) = paired(row("l", 8_333), row("r", 8_334), TERMS, {"l": even})
        assert (found.type, found.state) == ("amount", "open")


class TestTax:
    lines = Basis(lines=((1_005, Decimal("0.07")), (1_005, Decimal("0.07"))))

    def test_by_line_against_by_invoice_is_explained(self) -> None:
        """7 % of 10.05 twice: 0.70 + 0.70 line by line, 1.41 at once."""
        left, right = row("l", 2_150, tax=140), row("r", 2_151, tax=141)
        (found,) = paired(left, right, TERMS, {"l": self.lines})
        assert (found.type, found.difference) == ("explained", -1)
        assert "line by line on the left" in found.reason

    def test_of_another_rate_is_not_explained(self) -> None:
        left, right = row("l", 2_150, tax=140), row("r", 2_170, tax=160)
        (found,) = paired(left, right, TERMS, {"l": self.lines})
        assert (found.type, found.state) == ("tax", "open")


class TestWhatItLooksLike:
    def test_a_fee_that_was_taken_off(self) -> None:
        """AR was credited with 12,612.99 instead of 12,990.00: the fee is 377.01."""
        fee = Basis(fee=37_701)
        (found,) = paired(row("l", 1_299_000), row("r", 1_261_299), TERMS, {"l": fee})
        assert (found.type, found.difference, found.hint) == ("amount", 37_701, "fee")
        assert "provider's fee" in found.reason

    def test_a_deferred_balance_at_another_rate(self) -> None:
        """EUR 10,000.00 deferred at 1.1000 and remeasured at 1.08: it must stay 11,000.00."""
        held = Basis(foreign=1_000_000, rate=Decimal("1.1000"))
        (found,) = paired(row("l", 1_100_000), row("r", 1_080_000), TERMS, {"l": held})
        assert (found.type, found.state, found.difference) == ("amount", "open", 20_000)
        assert found.hint == "rate"
        assert "booked at 1.1 and is valued at 1.0800" in found.reason

    @pytest.mark.parametrize(
        ("left", "right", "tax", "word"),
        [
            (1_299_000, 1_200_000, 99_000, "net"), (500, -500, None, "sign"),
            (12_345, 1_234_500, None, "hundred"), (5_400, 4_500, None, "digits"),
            (5_400, 5_399, None, ""),
        ],
    )  # fmt: skip
    def test_is_said_in_a_word(self, left: int, right: int, tax: int | None, word: str) -> None:
        assert likely(left, right, tax, None)[0] == word


@pytest.mark.django_db
class TestBases:
    def test_of_a_schedule_are_its_weights_in_its_calendar(self) -> None:
        entity = make.a_legal_entity()
        for month in range(1, 13):
            make.a_period(entity, year=2025, month=month)
        schedule = make.a_schedule(
            legal_entity=entity, total=1_200_000, service_start=date(2025, 1, 1),
            service_end=date(2025, 12, 31), convention="daily",
        )  # fmt: skip
        name = f"schedule:{schedule.pk}/2025-02"
        found = bases.of([row(name, 92_055), row("other", 1)])
        assert found.keys() == {name}
        basis = found[name]
        assert (basis.total, basis.index, basis.weights[:3]) == (1_200_000, 1, (31, 28, 31))
        assert cumulative(basis.total, basis.weights)[1] == 92_055

    def test_of_a_schedule_whose_ends_count_by_day_weighs_as_the_schedule_does(self) -> None:
        entity = make.a_legal_entity()
        for month in range(1, 5):
            make.a_period(entity, year=2025, month=month)
        schedule = make.a_schedule(
            make.a_journal(entity, accounting_date=date(2025, 1, 15)), total=100_000,
            service_start=date(2025, 1, 15), service_end=date(2025, 4, 14),
            convention="month_prorate_ends",
        )  # fmt: skip
        name = f"schedule:{schedule.pk}/2025-02"
        basis = bases.of([row(name, 33_167)])[name]
        assert cumulative(basis.total, basis.weights) == [18_188, 33_167, 33_167, 15_478]
