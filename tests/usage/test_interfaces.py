"""What other parts of the console ask of usage."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from revops.canonical.models import Customer, Invoice, InvoiceLine, Subscription
from revops.mappings.models import LegalEntity
from revops.usage.models import Policy, RatedLine
from revops.usage.queries.interfaces import (
    billable_lines,
    billed_refs,
    customer_usage,
    line_of_ref,
    unbilled,
)
from tests.factories import an_invoice
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
OCTOBER_ENDS = date(2026, 10, 31)


@pytest.fixture(autouse=True)
def _sold() -> None:
    a_price()
    a_subscription(a_buyer())


def bill(line: RatedLine, **values: object) -> Invoice:
    invoice = an_invoice(customer=Customer.objects.get(), **values)
    InvoiceLine.objects.create(
        invoice=invoice, position=1, line_id="il_1", sku=line.price_ref, quantity=1,
        amount=line.amount, usage_ref=line.line_id,
    )  # fmt: skip
    return invoice


def owed(day: date = OCTOBER_ENDS) -> list[tuple[str, int]]:
    return [(one.sku, one.amount) for one in unbilled(LegalEntity.objects.get().pk, day)]


class TestUnbilled:
    def test_is_what_was_rated_running_or_final_until_an_invoice_bills_it(self) -> None:
        take_in(used("a", 1_500), at=LATE_OCTOBER)
        assert owed() == [("price_calls", 500)]
        take_in(used("b", 100), at=NOVEMBER)
        assert owed() == [("price_calls", 600)]
        bill(RatedLine.objects.get())
        assert owed() == []

    def test_counts_again_when_that_invoice_is_voided(self) -> None:
        take_in(used("a", 1_500), at=NOVEMBER)
        bill(RatedLine.objects.get(), state="void")
        assert owed() == [("price_calls", 500)]

    def test_leaves_out_what_was_used_later(self) -> None:
        take_in(used("a", 1_500), used("b", 5_000, on="2026-11-02T12:00:00Z"), at=NOVEMBER)
        assert owed() == [("price_calls", 500)]
        assert owed(date(2026, 11, 30)) == [("price_calls", 500), ("price_calls", 4_000)]

    def test_counts_late_usage_by_its_days_whichever_invoice_carries_it(self) -> None:
        take_in(used("a", 1_500), at=NOVEMBER)
        bill(RatedLine.objects.get())
        take_in(used("b", 30), at=NOVEMBER)
        assert owed() == [("price_calls", 30)]

    def test_cuts_a_period_that_goes_on_by_its_place_on_the_ladder(self) -> None:
        """From 15 October to 14 November: 800 are included until the 31st, 700 come after it."""
        Policy.objects.create(calendar="anniversary", thresholds=[Decimal(1)])
        Subscription.objects.update(started_on=date(2026, 1, 15))
        take_in(
            used("a", 1_200, on="2026-10-20T12:00:00Z"),
            used("b", 700, on="2026-11-05T12:00:00Z"),
            at=datetime(2026, 11, 10, tzinfo=UTC),
        )
        assert RatedLine.objects.get().amount == 900
        assert owed() == [("price_calls", 200)]
        assert owed(date(2026, 11, 30)) == [("price_calls", 900)]


class TestLinesForBilling:
    def test_are_final_cost_something_and_are_on_no_invoice(self) -> None:
        take_in(used("a", 1_500), used("free", 10, on="2026-09-12T12:00:00Z"), at=NOVEMBER)
        take_in(used("now", 9_000, on="2026-11-12T12:00:00Z"), at=NOVEMBER)
        (line,) = billable_lines()
        assert (line.amount, line.state) == (500, "rated")
        assert billable_lines(entity_id=0) == []
        bill(line)
        assert billable_lines() == []
        assert billed_refs([line.line_id, "ul-x-1"]) == {line.line_id}

    def test_are_found_by_the_reference_on_an_invoice(self) -> None:
        take_in(used("a", 1_500), at=NOVEMBER)
        line = RatedLine.objects.get()
        assert line_of_ref(line.line_id) == line
        for wrong in ("", "ul-1", f"{line.key}-2", f"{line.key}-x", "none-1"):
            assert line_of_ref(wrong) is None


class TestACustomersStanding:
    def test_says_what_was_used_entitled_and_too_much(self) -> None:
        subscription = Subscription.objects.get()
        an_entitlement(subscription, 1_000)
        now = datetime.now(tz=UTC)
        take_in(used("a", 1_250, on=now.isoformat()), at=now)
        (standing,) = customer_usage(subscription.customer.party_id)
        assert (standing.meter, standing.used, standing.entitled) == (METER, 1_250, 1_000)
        assert (standing.over, standing.amount, standing.currency) == (250, 250, "USD")

    def test_knows_no_limit_where_there_is_none(self) -> None:
        subscription = Subscription.objects.get()
        an_entitlement(subscription, None)
        now = datetime.now(tz=UTC)
        take_in(used("a", 5, on=now.isoformat()), at=now)
        (standing,) = customer_usage(subscription.customer.party_id)
        assert (standing.granted, standing.entitled, standing.over) == (True, None, 0)
        assert customer_usage(0) == []
