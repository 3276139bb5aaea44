"""From raw records to billable lines: matched, rated, told; late and changed things too."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import IntegrityError, InternalError

from revops.canonical.models import (
    Customer,
    Invoice,
    InvoiceLine,
    Price,
    PriceVersion,
    Subscription,
)
from revops.events.models import BusinessEvent
from revops.kernel import clock
from revops.mappings.models import LegalEntity
from revops.usage.models import Crossing, DayTotal, Policy, RatedLine
from revops.usage.operations import counting, due, lines
from tests.factories import an_invoice
from tests.usage.kit import (
    LATE_OCTOBER,
    METER,
    NOVEMBER,
    OCTOBER,
    a_buyer,
    a_contract,
    a_price,
    a_subscription,
    an_entitlement,
    refer,
    take_in,
    used,
)

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def _sold() -> None:
    a_price()
    a_subscription(a_buyer())


def amounts() -> list[tuple[int, int, str]]:
    return [
        (line.revision, line.amount, line.state)
        for line in RatedLine.objects.order_by("revision", "used_from")
    ]


def told(contract: str) -> list[dict[str, Any]]:
    rows = BusinessEvent.objects.filter(contract=contract).order_by("pk")
    return [json.loads(row.data) for row in rows]


def policy(late: str, **values: Any) -> None:
    facts = {"late": late, "grace_days": 3, "thresholds": [Decimal(1)]} | values
    Policy.objects.create(**facts)


class TestARunningPeriod:
    def test_is_rated_as_usage_comes_and_told_to_nobody(self) -> None:
        take_in(used("a", 1_500))
        take_in(used("b", 500))
        line = RatedLine.objects.get()
        assert (line.quantity, line.free, line.charged, line.amount) == (2000, 1000, 1000, 1000)
        assert (line.state, line.records) == ("running", 2)
        assert (line.period_start, line.period_end) == (OCTOBER, date(2026, 10, 31))
        assert not told("usage.rated/1")

    def test_counts_days_in_the_zone_of_the_legal_entity(self) -> None:
        """1 November 03:00 in UTC is still October in New York."""
        take_in(used("a", 2_000, on="2026-11-01T03:00:00Z"), at=NOVEMBER)
        assert RatedLine.objects.get().period_end == date(2026, 10, 31)

    def test_rated_again_without_news_changes_nothing(self) -> None:
        take_in(used("a", 1_500))
        before = RatedLine.objects.values().get()
        assert lines.rate_due(at=LATE_OCTOBER).accounts == 0
        due.rate_again([(before["subscription_id"], METER, OCTOBER)])
        assert lines.rate_due(at=LATE_OCTOBER).accounts == 1
        assert RatedLine.objects.values().get() == before

    def test_takes_a_correction_back_to_nothing(self) -> None:
        take_in(used("a", 1_500))
        take_in(used("b", -1_500))
        line = RatedLine.objects.get()
        assert (line.quantity, line.amount, line.records) == (0, 0, 2)


class TestAnEndedPeriod:
    def test_is_rated_for_good_after_its_days_of_grace_and_told_once(self) -> None:
        take_in(used("a", 1_500))
        assert due.mark_over(at=datetime(2026, 11, 3, 12, tzinfo=UTC)) == 0
        assert due.mark_over(at=NOVEMBER) == 1
        assert len(lines.rate_due(at=NOVEMBER).published) == 1
        assert due.mark_over(at=NOVEMBER) == 0
        (event,) = told("usage.rated/1")
        line = RatedLine.objects.get()
        assert event["line_id"] == line.line_id == f"{line.key}-1"
        assert (event["quantity"], event["billable"], event["amount"]) == ("1500", "500", 500)
        assert (event["customer_id"], event["subscription_id"]) == ("cus_1", "sub_1")
        assert event["late_for"] == ""

    def test_can_be_rated_for_good_on_demand(self) -> None:
        take_in(used("a", 1_500))
        account = RatedLine.objects.values_list("subscription_id", "meter").get()
        lines.close([account], day=date(2026, 10, 12), at=LATE_OCTOBER)
        assert amounts() == [(1, 500, "rated")]
        take_in(used("b", 100))
        assert amounts() == [(1, 500, "rated"), (2, 100, "running")]

    def test_first_heard_of_afterwards_is_not_late(self) -> None:
        take_in(used("a", 1_500), at=NOVEMBER)
        assert amounts() == [(1, 500, "rated")]
        assert RatedLine.objects.get().late_for == ""

    def test_cannot_be_changed_in_the_database(self) -> None:
        take_in(used("a", 1_500), at=NOVEMBER)
        with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
            RatedLine.objects.update(amount=1)
        with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
            RatedLine.objects.all().delete()


class TestLateUsage:
    def late(self) -> RatedLine:
        take_in(used("a", 1_500), at=NOVEMBER)
        take_in(used("b", 300), at=NOVEMBER)
        return RatedLine.objects.get(revision=2)

    def test_goes_on_the_next_invoice_unless_told_otherwise(self) -> None:
        line = self.late()
        assert (line.amount, line.state, line.late_policy) == (300, "running", "next")
        assert (line.late_for, line.reason) == ("2026-10", "Usage came after the period was rated.")
        assert (line.period_start, line.used_from) == (date(2026, 11, 1), OCTOBER)

    def test_on_the_next_invoice_is_final_when_that_is(self) -> None:
        self.late()
        december = datetime(2026, 12, 10, tzinfo=UTC)
        assert due.mark_over(at=december) == 1
        lines.rate_due(at=december)
        assert amounts() == [(1, 500, "rated"), (2, 300, "rated")]
        assert told("usage.rated/1")[1]["late_for"] == "2026-10"
        assert RatedLine.objects.get(revision=2).period_start == date(2026, 11, 1)

    def test_adjusts_at_once_where_the_policy_says_so(self) -> None:
        policy("adjustment")
        line = self.late()
        assert (line.amount, line.state, line.late_policy) == (300, "rated", "adjustment")
        assert line.period_start == OCTOBER

    def test_joins_the_current_invoice_while_that_is_not_issued(self) -> None:
        policy("current")
        line = self.late()
        assert (line.state, line.late_policy, line.period_start) == ("rated", "current", OCTOBER)

    def test_goes_to_the_next_invoice_when_the_current_one_is_out(self) -> None:
        policy("current")
        take_in(used("a", 1_500), at=NOVEMBER)
        bill(RatedLine.objects.get().line_id)
        take_in(used("b", 300), at=NOVEMBER)
        line = RatedLine.objects.get(revision=2)
        assert (line.late_policy, line.state) == ("next", "running")
        assert "invoiced already" in line.reason

    def test_is_priced_by_its_place_on_the_ladder(self) -> None:
        """700 of 1,000 included were used: of 400 late ones, 100 are charged."""
        take_in(used("a", 700), at=NOVEMBER)
        take_in(used("b", 400), at=NOVEMBER)
        line = RatedLine.objects.get(revision=2)
        assert (line.quantity, line.free, line.charged, line.amount) == (400, 300, 100, 100)

    def test_follows_the_policy_of_its_meter_before_its_entitys(self) -> None:
        policy("current", legal_entity=LegalEntity.objects.first())
        policy("adjustment", meter=METER)
        assert self.late().late_policy == "adjustment"


def bill(line_id: str) -> Invoice:
    invoice = an_invoice(customer=Customer.objects.get())
    InvoiceLine.objects.create(
        invoice=invoice, position=1, line_id="il_1", sku="price_calls", quantity=1, amount=500,
        usage_ref=line_id,
    )  # fmt: skip
    return invoice


class TestAPriceThatChanges:
    def test_in_mid_period_makes_a_line_for_each_version(self) -> None:
        a_price(
            "price_new", meter="storage", included=Decimal(0),
            versions=[
                {"valid_from": date(2026, 1, 1), "unit_price": Decimal(2)},
                {"valid_from": date(2026, 10, 16), "unit_price": Decimal(3)},
            ],
        )  # fmt: skip
        a_subscription(a_buyer("cus_2"), "sub_2", skus=["price_new"])
        take_in(
            used("a", 10, customer="cus_2", meter="storage", on="2026-10-10T12:00:00Z"),
            used("b", 10, customer="cus_2", meter="storage", on="2026-10-20T12:00:00Z"),
        )
        held = RatedLine.objects.order_by("used_from")
        assert [(line.amount, line.used_from, line.used_to) for line in held] == [
            (20, OCTOBER, date(2026, 10, 15)),
            (30, date(2026, 10, 16), date(2026, 10, 31)),
        ]

    def test_after_it_was_rated_gives_a_revision_and_never_a_silent_change(self) -> None:
        take_in(used("a", 1_500), at=NOVEMBER)
        line = RatedLine.objects.get()
        PriceVersion.objects.update(unit_price=Decimal(2))
        Price.objects.update(updated_at=clock.now() + timedelta(minutes=1))
        assert due.mark_changed() == 1
        lines.rate_due(at=NOVEMBER)
        later = RatedLine.objects.get(revision=2)
        assert (later.amount, later.quantity, later.late_for) == (500, 0, "2026-10")
        assert later.reason.startswith("The plan or its price changed")
        line.refresh_from_db()
        assert line.amount == 500


class TestThresholds:
    def test_are_told_once_each_with_the_day(self) -> None:
        subscription = Subscription.objects.get()
        an_entitlement(subscription, 100)
        take_in(used("a", 85, on="2026-10-05T12:00:00Z"))
        take_in(used("b", 20, on="2026-10-07T12:00:00Z"))
        take_in(used("c", 1, on="2026-10-08T12:00:00Z"))
        assert [(row["threshold"], row["crossed_on"]) for row in
                told("usage.threshold_crossed/1")] == [
            ("0.8", "2026-10-05"), ("1", "2026-10-07"),
        ]  # fmt: skip
        assert Crossing.objects.count() == 2

    def test_stand_on_what_the_price_includes_without_an_entitlement(self) -> None:
        take_in(used("a", 900))
        (event,) = told("usage.threshold_crossed/1")
        assert (event["entitled"], event["used"]) == ("1000", "900")

    def test_do_not_exist_without_a_limit(self) -> None:
        an_entitlement(Subscription.objects.get(), None)
        take_in(used("a", 9_000_000))
        assert not Crossing.objects.exists()

    def test_begin_anew_with_each_period(self) -> None:
        take_in(used("a", 900), used("b", 900, on="2026-11-02T12:00:00Z"), at=NOVEMBER)
        assert [row["crossed_on"] for row in told("usage.threshold_crossed/1")] == [
            "2026-10-12", "2026-11-02",
        ]  # fmt: skip


class TestWhatCannotBeRated:
    def test_for_want_of_a_price_is_said_and_not_charged(self) -> None:
        turn = take_in(used("a", 5, meter="storage"))
        (amiss,) = turn.priced
        assert amiss.problem == "No price of its plan charges “storage” (2026-10)."
        assert amiss.quantity == 5
        assert not RatedLine.objects.exists()

    def test_is_priced_by_its_product_or_by_the_list_where_its_plan_names_no_price(self) -> None:
        a_price("price_list", meter="storage", included=Decimal(0), unit_price=Decimal(3))
        a_price("price_plan", meter="", product="prod_team")
        a_price("price_of_team", meter="exports", product="prod_team", included=Decimal(0))
        a_price("price_of_other", meter="exports", product="prod_other")
        a_subscription(a_buyer("cus_2"), "sub_2", skus=["price_plan"])
        take_in(
            used("a", 5, customer="cus_2", meter="storage"),
            used("b", 5, customer="cus_2", meter="exports"),
        )
        held = RatedLine.objects.order_by("meter").values_list("price_ref", "amount")
        assert list(held) == [("price_of_team", 5), ("price_list", 15)]

    def test_because_two_prices_fit_is_not_guessed(self) -> None:
        a_price("price_b")
        a_subscription(a_buyer("cus_2"), "sub_2", skus=["price_calls", "price_b"])
        turn = take_in(used("a", 5, customer="cus_2"))
        assert "more than one price" in turn.priced[0].problem.lower()


class TestAStalePlan:
    """Scenario Q5: the CRM expanded the plan, billing still prices on the old one."""

    def amended(self) -> None:
        a_price("price_big", unit_price=Decimal("0.5"), included=Decimal(5000))
        subscription = Subscription.objects.get()
        contract = a_contract(
            subscription.customer, skus=["price_big"], effective_on=date(2026, 10, 1)
        )
        subscription.contract = contract
        subscription.save()

    def test_is_seen_with_what_is_at_stake(self) -> None:
        self.amended()
        (found,) = take_in(used("a", 6_000)).compared
        assert (found.rated, found.promised) == (5_000, 500)
        assert (found.prices, found.promised_prices) == (("price_calls",), ("price_big",))

    def test_is_in_order_again_when_billing_follows_and_the_difference_is_told(self) -> None:
        self.amended()
        take_in(used("a", 6_000), at=NOVEMBER)
        Subscription.objects.update(
            items=[{"sku": "price_big", "quantity": 1, "unit_amount": None}],
            effective_on=date(2026, 10, 1), updated_at=clock.now() + timedelta(minutes=1),
        )  # fmt: skip
        assert due.mark_changed() == 1
        (found,) = lines.rate_due(at=NOVEMBER).compared
        assert (found.rated, found.promised) == (500, 500)
        assert sum(RatedLine.objects.values_list("amount", flat=True)) == 500
        assert RatedLine.objects.get(amount=5_000).state == "rated"


class TestMatching:
    def test_is_by_day_of_use(self) -> None:
        a_subscription(a_buyer("cus_3"), "sub_3", started_on=date(2026, 10, 10))
        take_in(
            used("before", customer="cus_3", on="2026-10-09T12:00:00Z"),
            used("after", customer="cus_3", on="2026-10-10T12:00:00Z"),
        )
        held = {day.day.day: (day.subscription is not None, day.problem)
                for day in DayTotal.objects.all()}  # fmt: skip
        assert held == {9: (False, "inactive"), 10: (True, "")}

    def test_goes_on_by_itself_when_the_reference_appears(self) -> None:
        take_in(used("a", 1_500, customer="crm_7"), used("b", 1, customer="crm_8"))
        assert DayTotal.objects.filter(subscription=None, problem="unknown").count() == 2
        refer(Customer.objects.get(), "crm_7")
        assert len(counting.match_again(changed_within=0)) == 1
        lines.rate_due(at=LATE_OCTOBER)
        assert amounts() == [(1, 500, "running")]
        assert counting.match_again(changed_within=0) == []

    def test_of_a_customer_with_two_that_fit_is_a_question(self) -> None:
        buyer = a_buyer("cus_4")
        a_subscription(buyer, "sub_4")
        a_subscription(buyer, "sub_5")
        take_in(used("a", customer="cus_4"), used("b", customer="", subscription="sub_5"))
        assert sorted(DayTotal.objects.values_list("problem", flat=True)) == ["", "ambiguous"]

    def test_leaves_a_cancelled_subscription_out(self) -> None:
        a_subscription(a_buyer("cus_6"), "sub_6", state="cancelled", ends_on=date(2026, 10, 11))
        take_in(used("a", customer="cus_6"))
        assert DayTotal.objects.get().problem == "inactive"

    def test_moves_to_who_pays_when_a_subscription_ends_in_hindsight(self) -> None:
        take_in(used("a", 1_500))
        Subscription.objects.update(
            state="cancelled", ends_on=date(2026, 10, 11), updated_at=clock.now()
        )
        assert len(counting.match_again(changed_within=600)) == 1
        lines.rate_due(at=LATE_OCTOBER)
        assert DayTotal.objects.get().problem == "inactive"
        assert not RatedLine.objects.exists()
