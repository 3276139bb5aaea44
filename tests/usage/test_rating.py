"""What usage costs: by hand, and against a second opinion that counts unit by unit."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.usage.rating import Price, PriceUnusable, Tier, Use, as_decimal, plain, rate
from tests.usage import oracle

START = date(2026, 10, 1)
MONTH = 31
TIERS = (
    Tier(Decimal(1000), Decimal("2")),
    Tier(Decimal(5000), Decimal("1")),
    Tier(None, Decimal("0.5")),
)


def priced(model: Any, quantity: str, **facts: Any) -> Any:
    price = Price(ref="p", currency="USD", model=model, **facts)
    use = Use(price, START, START + timedelta(days=MONTH - 1), Decimal(quantity))
    (rated,) = rate([use], days=MONTH)
    return rated


class TestByHand:
    def test_flat_charges_once_a_period_whatever_is_used(self) -> None:
        assert priced("flat", "7", unit_price=Decimal(5000)).amount == 5000

    def test_each_unit_beyond_what_is_included(self) -> None:
        rated = priced("per_unit", "1250", unit_price=Decimal("1.5"), included=Decimal(1000))
        assert (rated.free, rated.charged, rated.amount) == (1000, 250, 375)

    def test_nothing_is_charged_within_what_is_included(self) -> None:
        rated = priced("per_unit", "999.5", unit_price=Decimal(3), included=Decimal(1000))
        assert (rated.free, rated.charged, rated.amount) == (Fraction("999.5"), 0, 0)
        assert rated.steps == ()

    def test_tiers_price_each_unit_by_the_tier_it_falls_in(self) -> None:
        rated = priced("tiered", "6000", tiers=TIERS)
        assert rated.amount == 2000 + 4000 + 500
        assert [(step.label, step.units) for step in rated.steps] == [
            ("Up to 1000", 1000),
            ("Over 1000, up to 5000", 4000),
            ("Over 5000", 1000),
        ]

    def test_tiers_begin_after_what_is_included(self) -> None:
        assert priced("tiered", "1500", tiers=TIERS, included=Decimal(500)).amount == 2000

    def test_volume_prices_all_units_by_the_tier_of_the_total(self) -> None:
        assert priced("volume", "1000", tiers=TIERS).amount == 2000
        assert priced("volume", "1001", tiers=TIERS).amount == 1001
        assert priced("volume", "6000", tiers=TIERS).amount == 3000

    def test_a_begun_package_counts_whole(self) -> None:
        facts = {"unit_price": Decimal(900), "package_size": Decimal(100)}
        assert priced("package", "200", **facts).amount == 1800
        assert priced("package", "200.001", **facts).amount == 2700

    def test_a_tiers_flat_amount_is_due_on_entering_it(self) -> None:
        tiers = (Tier(Decimal(10), Decimal(1), 100), Tier(None, Decimal(1), 300))
        assert priced("tiered", "0", tiers=tiers).amount == 0
        assert priced("tiered", "10", tiers=tiers).amount == 110
        assert priced("tiered", "11", tiers=tiers).amount == 411

    @pytest.mark.parametrize(
        ("quantity", "amount"), [("1", 1), ("3", 2), ("0.9", 0), ("2.99", 1), ("-5", 0)]
    )
    def test_a_line_rounds_half_up_at_its_end(self, quantity: str, amount: int) -> None:
        assert priced("per_unit", quantity, unit_price=Decimal("0.5")).amount == amount

    def test_a_sum_of_units_is_rounded_once(self) -> None:
        """A thousand calls at 0.05 of a cent are 50 cents, not a thousand times nothing."""
        assert priced("per_unit", "1000", unit_price=Decimal("0.05")).amount == 50


class TestAChangeInMidPeriod:
    def split(self, first: Price, second: Price, before: str, after: str) -> list[Any]:
        half = START + timedelta(days=14)
        end = START + timedelta(days=MONTH - 1)
        return rate(
            [
                Use(first, START, half, Decimal(before)),
                Use(second, half + timedelta(days=1), end, Decimal(after)),
            ],
            days=MONTH,
        )

    def test_prices_each_day_by_its_own_version(self) -> None:
        old = Price("p", "USD", "per_unit", Decimal(2))
        new = Price("p", "USD", "per_unit", Decimal(3))
        assert [part.amount for part in self.split(old, new, "100", "100")] == [200, 300]

    def test_starts_neither_tiers_nor_included_units_anew(self) -> None:
        old = Price("p", "USD", "tiered", tiers=TIERS, included=Decimal(100))
        new = Price("p", "USD", "tiered", tiers=TIERS, included=Decimal(100), since=START)
        parts = self.split(old, new, "600", "600")
        assert [part.amount for part in parts] == [1000, 1000 + 100]
        assert [part.free for part in parts] == [100, 0]

    def test_shares_a_flat_price_out_by_days(self) -> None:
        old = Price("p", "USD", "flat", Decimal(3100))
        new = Price("p", "USD", "flat", Decimal(6200))
        assert [part.amount for part in self.split(old, new, "1", "1")] == [1500, 3200]

    def test_counts_packages_on(self) -> None:
        pack = Price("p", "USD", "package", Decimal(500), package_size=Decimal(10))
        assert [part.amount for part in self.split(pack, pack, "15", "5")] == [1000, 0]

    def test_takes_back_what_a_correction_takes_back(self) -> None:
        tiers = Price("p", "USD", "tiered", tiers=TIERS)
        parts = self.split(tiers, tiers, "1500", "-600")
        assert [part.amount for part in parts] == [2500, -(500 + 200)]
        assert sum(part.amount for part in parts) == priced("tiered", "900", tiers=TIERS).amount


class TestPrices:
    @pytest.mark.parametrize(
        "facts",
        [
            {"model": "by_mood"},
            {"model": "package", "package_size": Decimal(0)},
            {"model": "tiered"},
            {"model": "tiered", "tiers": (Tier(Decimal(5)),)},
            {"model": "volume", "tiers": (Tier(Decimal(5)), Tier(Decimal(5)), Tier())},
            {"model": "volume", "tiers": (Tier(Decimal(0)), Tier())},
            {"model": "tiered", "tiers": (Tier(), Tier())},
        ],
    )
    def test_that_no_amount_follows_from_are_refused(self, facts: dict[str, Any]) -> None:
        with pytest.raises(PriceUnusable):
            Price(ref="p", currency="USD", **facts)


class TestQuantities:
    def test_are_exact_whatever_their_size(self) -> None:
        huge = Decimal("999999999999999.000000000001")
        assert as_decimal(Fraction(huge * 1)) == huge
        assert plain(Fraction(huge)) == "999999999999999.000000000001"
        assert plain(Decimal("1500.00")) == "1500"


MONEY = st.decimals(0, 500, places=3)


@st.composite
def prices(draw: st.DrawFn) -> dict[str, Any]:
    bounds = sorted(draw(st.sets(st.integers(1, 60), max_size=3)))
    return {
        "model": draw(st.sampled_from(["flat", "per_unit", "tiered", "volume", "package"])),
        "unit_price": draw(MONEY),
        "included": draw(st.sampled_from([0, 0, 1, 7, 40])),
        "package_size": draw(st.integers(1, 20)),
        "tiers": [(up_to, draw(MONEY), draw(st.integers(0, 900))) for up_to in [*bounds, None]],
    }


def ours(facts: dict[str, Any]) -> Price:
    return Price(
        ref=str(id(facts)),
        currency="USD",
        model=facts["model"],
        unit_price=facts["unit_price"],
        included=Decimal(facts["included"]),
        package_size=Decimal(facts["package_size"]),
        tiers=tuple(
            Tier(None if up_to is None else Decimal(up_to), unit_price, flat)
            for up_to, unit_price, flat in facts["tiers"]
        ),
    )


class TestAgainstUnitByUnit:
    @given(
        st.lists(prices(), min_size=1, max_size=3).flatmap(
            lambda found: st.tuples(
                st.just(found),
                st.lists(st.integers(0, 40), min_size=len(found), max_size=12),
                st.lists(st.integers(1, 11), min_size=len(found) - 1, max_size=len(found) - 1),
            )
        )
    )
    @settings(max_examples=300, deadline=None)
    def test_every_line_costs_what_its_units_cost(
        self, drawn: tuple[list[dict[str, Any]], list[int], list[int]]
    ) -> None:
        found, units, changes = drawn
        days = [
            oracle.Day(count, found[sum(1 for change in changes if change <= place)])
            for place, count in enumerate(units)
        ]
        expected = oracle.cost(days)
        uses = []
        place = 0
        for _, group in groupby(days, key=lambda day: id(day.price)):
            stretch = list(group)
            first = START + timedelta(days=place)
            place += len(stretch)
            used = Decimal(sum(day.units for day in stretch))
            end = START + timedelta(days=place - 1)
            uses.append(Use(ours(stretch[0].price), first, end, used))
        for rated in rate(uses, days=len(days)):
            wanted = expected[int(rated.use.price.ref)]
            assert abs(Decimal(rated.exact.numerator) / rated.exact.denominator - wanted) < Decimal(
                "1e-20"
            )
            # A third of a cent is no finite decimal: only an exact half could round differently.
            if (rated.exact * 2).denominator != 1:
                assert rated.amount == oracle.rounded(wanted)
            assert sum(step.exact for step in rated.steps) == rated.exact
            assert rated.free + rated.charged == Fraction(rated.use.quantity)

    @given(prices(), st.lists(st.integers(0, 40), min_size=2, max_size=6), st.data())
    def test_it_does_not_matter_when_units_come_while_the_price_stands(
        self, facts: dict[str, Any], units: list[int], data: st.DataObject
    ) -> None:
        shuffled = data.draw(st.permutations(units))
        price = ours(facts)

        def total(counts: list[int]) -> Fraction:
            uses = [
                Use(price, START + timedelta(days=n), START + timedelta(days=n), Decimal(count))
                for n, count in enumerate(counts)
            ]
            return sum((part.exact for part in rate(uses, days=len(counts))), Fraction(0))

        assert total(units) == total(list(shuffled)) == total([sum(units), *[0] * (len(units) - 1)])
