"""Prices and entitlements, as whoever is quoting asks for them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from revops.api.lookups import freshness
from revops.kernel import clock
from revops.usage.models import Calendar, DayTotal, Policy, Stream
from tests.api.calls import PROBLEM, Caller
from tests.api.lookup_world import (
    a_grant,
    a_price,
    a_product,
    a_subscription,
    a_version,
    an_account,
)
from tests.factories import a_connection, a_legal_entity, a_party

PRICE, ENTITLEMENT = "/api/v1/lookups/price/", "/api/v1/lookups/entitlement/"
TIERS = [
    {"up_to": "100", "unit_price": "50", "flat_amount": 0},
    {"up_to": None, "unit_price": "10.5", "flat_amount": 700},
]
DAY = date(2026, 10, 20)


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    freshness.forget()


@pytest.fixture
def desk() -> Caller:
    return Caller("read:lookups")


def good(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def refused(answer: Any, status: int) -> str:
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM), answer.content
    detail: str = answer.json()["detail"]
    return detail


class TestPrices:
    @pytest.mark.parametrize(
        ("model", "more", "quantity", "amount"),
        [
            ("per_unit", {}, "2.5", 2500),
            ("per_unit", {"included": Decimal(2)}, "5", 3000),
            ("flat", {}, "7", 1000),
            ("package", {"package_size": Decimal(100)}, "201", 3000),
            ("tiered", {"tiers": TIERS}, "102", 100 * 50 + 21 + 700),
            ("volume", {"tiers": TIERS}, "102", 102 * 105 // 10 + 700),
        ],
    )
    def test_are_told_by_their_own_model(
        self, desk: Caller, model: str, more: Any, quantity: str, amount: int
    ) -> None:
        a_price("price_1", model=model, **more)
        found = good(desk.get(PRICE, price="price_1", quantity=quantity, on="2026-10-20"))
        assert found["amount"] == {"minor": amount, "currency": "USD"}
        assert found["quantity"] == quantity
        assert found["steps"]

    def test_are_those_of_the_day(self, desk: Caller) -> None:
        price = a_price("price_1", unit_price=Decimal(300))
        a_version(price, date(2026, 1, 1), unit_price=Decimal(100))
        a_version(price, date(2026, 7, 1), unit_price=Decimal(300))
        for day, amount, since in (
            ("2026-01-01", 100, "2026-01-01"), ("2026-06-30", 100, "2026-01-01"),
            ("2026-07-01", 300, "2026-07-01"),
        ):  # fmt: skip
            found = good(desk.get(PRICE, price="price_1", on=day))
            assert (found["amount"]["minor"], found["since"]) == (amount, since)
        said = refused(desk.get(PRICE, price="price_1", on="2025-12-31"), 404)
        assert "first begins on 2026-01-01" in said

    def test_are_chosen_by_currency_and_system(self, desk: Caller) -> None:
        product = a_product("prod_calls")
        a_price("price_usd", product=product)
        a_price("price_eur", product=product, currency="EUR")
        answer = desk.get(PRICE, sku="prod_calls")
        assert "Several prices fit" in refused(answer, 409)
        assert {one["currency"] for one in answer.json()["matches"]} == {"USD", "EUR"}
        assert good(desk.get(PRICE, sku="prod_calls", currency="EUR"))["price"] == "price_eur"
        said = refused(desk.get(PRICE, sku="prod_calls", currency="GBP"), 404)
        assert "EUR, USD" in said
        a_price("price_usd", connection=a_connection("old"), unit_price=Decimal(7))
        assert good(desk.get(PRICE, price="price_usd", system="old"))["amount"]["minor"] == 7

    def test_that_are_sold_no_more_come_last(self, desk: Caller) -> None:
        product = a_product("prod_calls")
        a_price("price_old", product=product, active=False)
        assert good(desk.get(PRICE, sku="prod_calls"))["active"] is False
        a_price("price_new", product=product)
        assert good(desk.get(PRICE, sku="prod_calls"))["price"] == "price_new"

    @pytest.mark.parametrize(
        ("asked", "status"),
        [
            ({}, 422),
            ({"price": "a", "sku": "b"}, 422),
            ({"price": "nothing"}, 404),
            ({"price": "a", "quantity": "-1"}, 400),
            ({"price": "a", "quantity": "many"}, 400),
            ({"price": "a", "on": "someday"}, 400),
            ({"price": "a", "currency": "dollars"}, 400),
        ],
    )
    def test_refuse_what_does_not_hold_together(
        self, desk: Caller, asked: dict[str, str], status: int
    ) -> None:
        refused(desk.get(PRICE, **asked), status)

    def test_that_cannot_price_anything_say_so(self, desk: Caller) -> None:
        a_price("price_1", model="tiered", tiers=[])
        assert "cannot be priced" in refused(desk.get(PRICE, price="price_1"), 422)

    def test_of_another_legal_entity_do_not_exist(self) -> None:
        a_price("price_1", legal_entity=a_legal_entity("NW-US"))
        a_price("price_2")
        narrow = Caller("read:lookups", "entity:NW-DE")
        refused(narrow.get(PRICE, price="price_1"), 404)
        good(narrow.get(PRICE, price="price_2"))


class TestEntitlements:
    @pytest.fixture
    def account(self) -> Any:
        return an_account("cus_1", a_party(name="Contoso"))

    def used(self, subscription: Any, day: date, quantity: int, meter: str = "api_calls") -> None:
        stream = Stream.objects.get_or_create(
            connection=subscription.connection, meter=meter,
            subscription_ref=subscription.source_id, source="tests",
            defaults={"created_at": clock.now()},
        )[0]  # fmt: skip
        DayTotal.objects.create(
            stream=stream, day=day, subscription=subscription, quantity=quantity, records=1,
            last_used_at=clock.now(),
        )  # fmt: skip

    def ask(self, desk: Caller, **asked: Any) -> dict[str, Any]:
        asked = {"customer": "cus_1", "feature": "calls", "on": DAY.isoformat()} | asked
        return good(desk.get(ENTITLEMENT, **{k: v for k, v in asked.items() if v is not None}))

    def test_tell_what_is_left_this_month(self, desk: Caller, account: Any) -> None:
        subscription = a_subscription(account, "sub_1")
        a_grant(account, "ent_1", "1000", subscription=subscription, ends_on=date(2026, 12, 31))
        self.used(subscription, date(2026, 10, 1), 300)
        self.used(subscription, date(2026, 10, 31), 50)
        self.used(subscription, date(2026, 9, 30), 999)
        for asked in ({}, {"customer": None, "subscription": "sub_1"}, {"feature": "API_CALLS"}):
            found = self.ask(desk, **asked)
            assert found["entitled"] is True
            assert (found["quantity"], found["used"], found["remaining"]) == ("1000", "350", "650")
            assert found["valid_until"] == "2026-12-31"
            assert found["period"] == {"start": "2026-10-01", "end": "2026-10-31"}

    def test_count_from_the_subscriptions_day_where_the_policy_says_so(
        self, desk: Caller, account: Any
    ) -> None:
        Policy.objects.create(calendar=Calendar.ANNIVERSARY, thresholds=[])
        subscription = a_subscription(account, "sub_1")
        a_grant(account, "ent_1", "1000", subscription=subscription)
        found = self.ask(desk)
        assert found["period"] == {"start": "2026-10-15", "end": "2026-11-14"}

    def test_add_up_and_a_grant_without_limit_wins(self, desk: Caller, account: Any) -> None:
        a_grant(account, "ent_1", "100")
        a_grant(account, "ent_2", "50.5")
        assert self.ask(desk)["quantity"] == "150.5"
        a_grant(account, "ent_3", None)
        found = self.ask(desk)
        assert (found["unlimited"], found["quantity"], found["remaining"]) == (True, None, None)

    def test_that_are_used_up_leave_nothing_and_say_that_it_is_over(
        self, desk: Caller, account: Any
    ) -> None:
        subscription = a_subscription(account, "sub_1")
        a_grant(account, "ent_1", "100", subscription=subscription)
        self.used(subscription, DAY, 130)
        found = self.ask(desk)
        assert (found["remaining"], found["over"], found["used"]) == ("0", True, "130")

    def test_without_a_meter_are_not_measured(self, desk: Caller, account: Any) -> None:
        a_grant(account, "ent_1", "40", feature="Seats", meter="", unit="seats")
        found = self.ask(desk, feature="seats")
        assert (found["used"], found["remaining"], found["period"]) == (None, None, None)
        assert (found["quantity"], found["unit"]) == ("40", "seats")

    @pytest.mark.parametrize(
        ("grant", "state", "why"),
        [
            ({"state": "revoked", "effective_on": DAY}, "active", "revoked on 2026-10-20"),
            ({"granted_on": DAY + timedelta(days=1)}, "active", "begins on 2026-10-21"),
            ({"ends_on": DAY - timedelta(days=1)}, "active", "ended on 2026-10-19"),
            ({}, "paused", "paused"),
            ({}, "cancelled", "cancelled"),
        ],
    )
    def test_that_do_not_hold_say_why(
        self, desk: Caller, account: Any, grant: Any, state: str, why: str
    ) -> None:
        subscription = a_subscription(account, "sub_1", state=state)
        a_grant(account, "ent_1", "100", subscription=subscription, **grant)
        found = self.ask(desk)
        assert found["entitled"] is False
        assert why in found["why"]

    def test_that_are_not_there_are_404(self, desk: Caller, account: Any) -> None:
        a_grant(account, "ent_1", "100")
        for asked in (
            {"customer": "cus_1", "feature": "storage"},
            {"customer": "cus_9", "feature": "calls"},
            {"subscription": "sub_9", "feature": "calls"},
        ):
            refused(desk.get(ENTITLEMENT, **asked), 404)

    def test_ask_for_one_of_customer_and_subscription(self, desk: Caller) -> None:
        refused(desk.get(ENTITLEMENT, feature="calls"), 422)
        both = {"customer": "cus_1", "subscription": "sub_1", "feature": "calls"}
        refused(desk.get(ENTITLEMENT, **both), 422)
