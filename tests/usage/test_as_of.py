"""Policies, entitlements and pauses count as they were on the day of the usage."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from revops.canonical.models import Entitlement, Subscription
from revops.events.models import BusinessEvent, Channel, InboundEvent
from revops.kernel import clock
from revops.usage.models import DayTotal, Policy, RatedLine
from revops.usage.operations import counting, lines
from revops.usage.queries.accounts import entitled, grants_of
from revops.usage.queries.policies import Policies
from tests.usage.kit import (
    LATE_OCTOBER,
    METER,
    NOVEMBER,
    a_buyer,
    a_price,
    a_subscription,
    an_entitlement,
    take_in,
    used,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sold() -> None:
    a_price()
    a_subscription(a_buyer())


def policy(since: str | None, **values: Any) -> None:
    facts = {"late": "next", "grace_days": 3, "thresholds": [Decimal(1)]} | values
    Policy.objects.create(valid_from=since and date.fromisoformat(since), **facts)


def told(record: Any, contract: str, effective_on: str, **data: Any) -> None:
    """What the billing system had told of a record before it became what it is now."""
    now = clock.now()
    inbound = InboundEvent.objects.create(
        connection=record.connection, source_event_id=f"{contract}{effective_on}", type="t",
        channel=Channel.POLL, occurred_at=now, received_at=now, next_at=now, body=b"",
        body_sha256="", correlation_id="c",
    )  # fmt: skip
    BusinessEvent.objects.create(
        inbound=inbound, contract=contract, subject=contract.partition(".")[0],
        subject_id=record.source_id, occurred_at=now, recorded_at=now, correlation_id="c",
        data=json.dumps({"effective_on": effective_on, **data}),
    )  # fmt: skip


def crossed() -> list[tuple[str, str]]:
    rows = BusinessEvent.objects.filter(contract="usage.threshold_crossed/1").order_by("pk")
    found = [json.loads(row.data) for row in rows]
    return [(row["crossed_on"], row["entitled"]) for row in found]


class TestPolicies:
    def test_are_those_of_the_day_of_the_usage(self) -> None:
        policy(None, grace_days=1)
        policy("2026-10-01", grace_days=9)
        policy("2026-11-01", grace_days=2)
        found = Policies()
        days = {day: found.of(None, METER, date.fromisoformat(day)).grace_days
                for day in ("2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01")}  # fmt: skip
        assert days == {"2026-09-30": 1, "2026-10-01": 9, "2026-10-31": 9, "2026-11-01": 2}

    def test_a_narrower_one_counts_from_its_first_day_only(self) -> None:
        policy(None, grace_days=1)
        policy("2026-10-15", meter=METER, grace_days=7)
        found = Policies()
        assert found.of(None, METER, date(2026, 10, 14)).grace_days == 1
        assert found.of(None, METER, date(2026, 10, 15)).grace_days == 7

    def test_late_usage_is_treated_as_was_agreed_then(self) -> None:
        policy(None, late="adjustment")
        policy("2026-11-01", late="next")
        take_in(used("a", 2_000), at=NOVEMBER)
        take_in(used("late", 500), at=NOVEMBER)
        late = RatedLine.objects.get(revision=2)
        assert (late.late_policy, late.state) == ("adjustment", "rated")

    def test_thresholds_are_those_of_the_period(self) -> None:
        policy(None, thresholds=[Decimal(1)])
        policy("2026-11-01", thresholds=[Decimal("0.1")])
        take_in(used("a", 500), used("b", 500, on="2026-11-02T12:00:00Z"), at=NOVEMBER)
        assert crossed() == [("2026-11-02", "1000")]


class TestEntitlements:
    def test_are_what_they_were_on_the_day(self) -> None:
        right = an_entitlement(Subscription.objects.get(), 5_000, effective_on=date(2026, 10, 20))
        told(right, "entitlement.granted/1", "2026-01-01", quantity="800")
        (grants,) = grants_of([right.subscription_id]).values()
        held = [entitled(grants, date(2026, 10, day)) for day in (19, 20)]
        assert held == [(True, Decimal(800)), (True, Decimal(5_000))]

    def test_a_threshold_is_crossed_by_what_was_entitled_then(self) -> None:
        right = an_entitlement(Subscription.objects.get(), 50_000, effective_on=date(2026, 10, 20))
        told(right, "entitlement.granted/1", "2026-01-01", quantity="800")
        policy(None, thresholds=[Decimal(1)])
        take_in(used("a", 900, on="2026-10-12T12:00:00Z"), at=NOVEMBER)
        assert crossed() == [("2026-10-12", "800")]

    def test_what_is_revoked_since_counts_for_the_days_before(self) -> None:
        right = an_entitlement(
            Subscription.objects.get(), 800, state="revoked", effective_on=date(2026, 10, 15)
        )
        policy(None, thresholds=[Decimal(1)])
        (grants,) = grants_of([right.subscription_id]).values()
        assert entitled(grants, date(2026, 10, 14)) == (True, Decimal(800))
        assert entitled(grants, date(2026, 10, 15)) == (False, None)
        take_in(used("a", 900, on="2026-10-12T12:00:00Z"), at=NOVEMBER)
        assert crossed() == [("2026-10-12", "800")]

    def test_what_is_granted_later_does_not_count_before(self) -> None:
        an_entitlement(
            Subscription.objects.get(), 10, granted_on=date(2026, 10, 20),
            effective_on=date(2026, 10, 20),
        )  # fmt: skip
        policy(None, thresholds=[Decimal(1)])
        take_in(used("a", 900, on="2026-10-12T12:00:00Z"), at=LATE_OCTOBER)
        assert crossed() == []
        assert Entitlement.objects.get().quantity == 10


class TestPauses:
    def test_a_rest_that_is_over_still_counts_for_its_days(self) -> None:
        subscription = Subscription.objects.get()
        told(subscription, "subscription.paused/1", "2026-10-05", items=[{"sku": "price_calls"}])
        told(subscription, "subscription.resumed/1", "2026-10-15", items=[{"sku": "price_calls"}])
        take_in(
            *[used(f"u{day}", on=f"2026-10-{day}T12:00:00Z") for day in ("04", "05", "14", "15")]
        )
        held = {row.day.day: row.subscription_id is not None for row in DayTotal.objects.all()}
        assert held == {4: True, 5: False, 14: False, 15: True}

    def test_one_that_says_when_it_ends_ends_then(self) -> None:
        Subscription.objects.update(
            state="paused", effective_on=date(2026, 10, 5), resumes_on=date(2026, 10, 15)
        )
        take_in(*[used(f"u{day}", on=f"2026-10-{day}T12:00:00Z") for day in ("05", "15")])
        counting.count()
        lines.rate_due(at=LATE_OCTOBER)
        held = {row.day.day: row.subscription_id is not None for row in DayTotal.objects.all()}
        assert held == {5: False, 15: True}
