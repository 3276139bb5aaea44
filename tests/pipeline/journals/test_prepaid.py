"""J3c from its beginning: credits are bought, used, and drawn down by what was used."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.models import Connection
from revops.canonical.models import Invoice
from revops.events.models import BusinessEvent
from revops.kernel import strict_json
from revops.ledger.models import JournalEntry
from revops.mappings.models import LedgerAccount, MappingVersion, SkuMap
from revops.pipeline.period_end.runs import run
from revops.usage.models import Policy, RatedLine
from revops.usage.operations import counting, lines
from revops.usage.queries.interfaces import billable_lines, unbilled
from tests.pipeline.journals.told import Told, minor
from tests.usage.kit import product_connection, store, used

FEBRUARY = datetime(2025, 2, 10, 12, tzinfo=UTC)
MARCH = datetime(2025, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def sold(told: Told) -> Told:
    """Calls at ten cents each, and packs of credits for them, both accounted for as used."""
    account = {one.code: one for one in LedgerAccount.objects.all()}
    version = MappingVersion.objects.create(note="Prepaid credits", made_by="test")
    for sku in ("pack", "calls"):
        SkuMap.objects.create(
            sku=sku, convention="on_use", legal_entity=told.entity, version=version,
            valid=SkuMap.objects.earliest("pk").valid, deferral_account=account["2300"],
            revenue_account=account["4100"],
        )  # fmt: skip
    told.tell(
        "price.updated/1", "2024-12-01", price_id="calls", product_id="prod", currency="USD",
        model="per_unit", unit_price="10", meter="calls", interval_months=1,
        valid_from="2024-12-01",
    )  # fmt: skip
    told.tell(
        "subscription.activated/1", "2025-01-01", subscription_id="sub_1", customer_id="cus_1",
        currency="USD", items=[{"sku": "calls"}], started_on="2025-01-01",
    )  # fmt: skip
    return told


def buy(told: Told, amount: str, on: str = "2025-01-05", number: str = "in_pack") -> None:
    told.bill(number, on, [("il_pack", amount, "0.00", None)], sku="pack", subscription="")


def use(quantity: int, on: str, *, at: datetime = FEBRUARY) -> None:
    record = used(f"use_{on}", quantity, on=f"{on}T12:00:00Z", meter="calls")
    store(record, connection=Connection.objects.filter(slug="product").first() or product())
    counting.count()
    lines.rate_due(at=at)


def product() -> Connection:
    return product_connection()


def rated() -> list[tuple[int, int]]:
    """Amount and what credits pay of it, of each line that was told."""
    rows = BusinessEvent.objects.filter(contract="usage.rated/1").order_by("pk")
    found = [strict_json.loads(row.data) for row in rows]
    return [(row["amount"], row["prepaid"]) for row in found]


def close(told: Told, period: str) -> None:
    for _ in range(2):
        run(entity_id=told.entity.pk, period_code=period, kinds=("usage", "prepaid"))


class TestPrepaidUsage:
    def test_draws_the_contract_liability_down_by_j3c(self, sold: Told) -> None:
        buy(sold, "100.00")
        use(300, "2025-01-20")
        close(sold, "2025-01")

        sold.is_("J3c", sold.entry("drawdown"))
        assert rated() == [(3_000, 3_000)]
        assert sold.deferred() == 7_000
        assert not JournalEntry.objects.filter(document_type="usage_accrual").exists()
        assert not billable_lines()

    def test_beyond_the_credits_is_accrued_and_billed(self, sold: Told) -> None:
        buy(sold, "20.00")
        use(300, "2025-01-20")
        close(sold, "2025-01")

        assert rated() == [(3_000, 2_000)]
        assert sold.deferred() == 0
        assert (sold.on("4100"), sold.on("1200")) == (-3_000, 1_000)
        (line,) = billable_lines()
        sold.bill(
            "in_2", "2025-02-12", [("il_2", "10.00", "0.00", ("2025-01-01", "2025-01-31"))],
            sku="calls", usage_ref=line.line_id,
        )  # fmt: skip
        assert (sold.on("4100"), sold.on("1200"), sold.deferred()) == (-3_000, 0, 0)

    def test_what_is_billed_beyond_is_revenue_though_nothing_was_accrued(self, sold: Told) -> None:
        use(300, "2025-01-20")
        (line,) = billable_lines()
        sold.bill(
            "in_2", "2025-01-31", [("il_2", "30.00", "0.00", ("2025-01-01", "2025-01-31"))],
            sku="calls", usage_ref=line.line_id,
        )  # fmt: skip
        assert (sold.on("4100"), sold.deferred()) == (-3_000, 0)

    def test_of_the_next_month_goes_on_with_what_is_left(self, sold: Told) -> None:
        buy(sold, "50.00")
        use(300, "2025-01-20")
        use(300, "2025-02-20", at=MARCH)
        assert rated() == [(3_000, 3_000), (3_000, 2_000)]

    def test_late_usage_draws_too(self, sold: Told) -> None:
        Policy.objects.create(late="adjustment", thresholds=[Decimal(1)])
        buy(sold, "100.00")
        use(300, "2025-01-20")
        use(100, "2025-01-21", at=MARCH)
        assert sum(prepaid for _, prepaid in rated()) == 4_000
        assert sum(line.prepaid for line in RatedLine.objects.all()) == 4_000

    def test_a_void_pack_pays_for_nothing(self, sold: Told) -> None:
        buy(sold, "100.00")
        sold.tell("invoice.voided/1", "2025-01-06", invoice_id="in_pack", voided_on="2025-01-06")
        assert Invoice.objects.get().state == "void"
        use(300, "2025-01-20")
        assert rated() == [(3_000, 0)]

    def test_a_credited_pack_pays_for_what_is_left_of_it(self, sold: Told) -> None:
        buy(sold, "100.00")
        sold.credit(
            "billing_error", "2025-01-06", "90.00", "0.00", settles="invoice", invoice="in_pack",
            line="il_pack",
        )  # fmt: skip
        use(300, "2025-01-20")
        assert rated() == [(3_000, 1_000)]

    def test_credits_bought_after_the_period_do_not_reach_back(self, sold: Told) -> None:
        buy(sold, "100.00", on="2025-02-05")
        use(300, "2025-01-20")
        assert rated() == [(3_000, 0)]

    def test_a_plan_that_is_no_drawdown_takes_none(self, sold: Told) -> None:
        SkuMap.objects.filter(sku="calls").update(convention="point_in_time")
        buy(sold, "100.00")
        use(300, "2025-01-20")
        assert rated() == [(3_000, 0)]
        assert sold.deferred() == 10_000

    def test_what_is_accrued_so_far_leaves_out_what_credits_paid(self, sold: Told) -> None:
        buy(sold, "20.00")
        use(300, "2025-01-20")
        (found,) = unbilled(sold.entity.pk, datetime(2025, 1, 31).date())
        assert (found.amount, found.quantity) == (minor("10.00"), Decimal(300))
