from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.stripe_recorded import body, only, opened, told


def tiered(mode: str, tiers: list[dict[str, Any]], *, usage: str = "metered") -> Any:
    event = body("price_tiered__polled", tiers_mode=mode, tiers=tiers)
    event["data"]["object"]["recurring"]["usage_type"] = usage
    return only(event)


def tier(up_to: int | None, unit: str = "0", flat: int = 0) -> dict[str, Any]:
    return {
        "up_to": up_to,
        "unit_amount": None,
        "unit_amount_decimal": unit,
        "flat_amount": flat,
        "flat_amount_decimal": str(flat),
    }


class TestProduct:
    def test_is_told_as_it_is_now(self) -> None:
        product = only("product_created__plan")
        assert (product.name, product.active) == ("Team", True)

    def test_one_that_is_deleted_is_no_longer_sold(self) -> None:
        event = body("product_created__plan") | {"type": "product.deleted"}
        assert only(event).active is False


class TestPrice:
    def test_of_a_plan(self) -> None:
        price = only("price_created__yearly")
        assert (price.price_id, price.model, price.unit_price) == (
            "price_team_yearly",
            "per_unit",
            1_200_000,
        )
        assert (price.interval_months, price.meter, price.currency) == (12, "", "USD")

    def test_that_is_no_longer_sold(self) -> None:
        assert only("price_updated__no_longer_sold").active is False

    def test_keeps_fractions_of_a_cent_exactly(self) -> None:
        event = body(
            "price_created__yearly", unit_amount=None, unit_amount_decimal="0.000000000001"
        )
        assert only(event).unit_price == Decimal("0.000000000001")

    def test_counts_in_iso_minor_units(self) -> None:
        """Stripe writes krónur in hundredths, ISO has none."""
        event = body("price_created__yearly", currency="isk", unit_amount_decimal="150000.5")
        assert only(event).unit_price == Decimal("1500.005")

    def test_in_packages(self) -> None:
        price = only("price_created__packages")
        assert (price.model, price.package_size, price.unit_price) == ("package", 100, 500)
        event = body("price_created__packages")
        event["data"]["object"]["transform_quantity"]["round"] = "down"
        with pytest.raises(ValueError, match="begun ones"):
            told(event)

    def test_charged_once_has_no_interval(self) -> None:
        event = body("price_created__yearly", recurring=None, type="one_time")
        assert only(event).interval_months == 0

    def test_by_the_week_is_refused_in_words(self) -> None:
        event = body("price_created__yearly")
        event["data"]["object"]["recurring"]["interval"] = "week"
        with pytest.raises(ValueError, match="counts in months"):
            told(event)

    def test_that_the_buyer_chooses_is_none(self) -> None:
        event = body("price_created__yearly", custom_unit_amount={"minimum": 100})
        assert "buyer" in opened(event).ignored


class TestTiers:
    def test_stand_in_no_event_and_come_with_the_poll(self) -> None:
        assert "next poll" in opened(body("price_created__tiers_not_told")).ignored

    def test_a_free_first_tier_of_usage_is_what_the_price_includes(self) -> None:
        price = only("price_tiered__polled")
        assert (price.model, price.included, price.meter) == ("tiered", 1000, "api_calls")
        assert [(t.up_to, t.unit_price) for t in price.tiers] == [
            (Decimal(10_000), Decimal("0.5")),
            (None, Decimal("0.25")),
        ]

    def test_one_open_tier_behind_it_is_a_plain_price(self) -> None:
        price = tiered("graduated", [tier(100), tier(None, "2")])
        assert (price.model, price.unit_price, price.included, price.tiers) == (
            "per_unit", 2, 100, (),
        )  # fmt: skip

    def test_of_a_volume_price_are_all_kept(self) -> None:
        """There, more units make the first ones cost something again."""
        price = tiered("volume", [tier(100), tier(None, "2")])
        assert (price.model, price.included, len(price.tiers)) == ("volume", 0, 2)

    def test_of_seats_are_all_kept(self) -> None:
        price = tiered("graduated", [tier(5), tier(None, "900")], usage="licensed")
        assert (price.model, price.included, len(price.tiers), price.meter) == ("tiered", 0, 2, "")

    def test_with_amounts_of_their_own(self) -> None:
        price = tiered("graduated", [tier(5, "0", 4900), tier(None, "900")])
        assert price.tiers[0].flat_amount == 4900
        assert tiered("volume", [tier(None, "0", 4900)]).model == "flat"

    def test_a_meter_is_named_by_people_else_by_stripe_else_by_the_price(self) -> None:
        event = body("price_tiered__polled", metadata={})
        assert only(event).meter == event["data"]["object"]["id"]
        event["data"]["object"]["recurring"]["meter"] = "mtr_1"
        assert only(event).meter == "mtr_1"
