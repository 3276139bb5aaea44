"""A change of the maps from draft to force: previewed truly, agreed by another, never silent."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.authority import NotAllowed
from accounts.models import User
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from exceptions.models import Case
from revops.canonical.models import Contract, ExternalReference, Price, Subscription
from revops.delivery.models import OutboundCommand
from revops.jobs import operations as jobs
from revops.kernel import clock
from revops.kernel.money import Money
from revops.ledger.models import JournalEntry
from revops.mappings.changing import Change
from revops.mappings.kinds import get
from revops.mappings.models import (
    AccountingPeriod,
    ChangeSet,
    CostCentreMap,
    CustomerClassMap,
    LedgerAccount,
    LegalEntity,
    MappingVersion,
    SkuMap,
    TaxMap,
)
from revops.mappings.operations import sets
from revops.pipeline.changes import asking
from revops.pipeline.changes.forecast import coming
from revops.pipeline.changes.gaps import gaps
from revops.usage.models import RatedLine
from tests.factories import a_customer
from tests.pipeline.rehearsal import Rehearsal

PLAN = "price_team_yearly"
SKUS = get("skus")
JAN = date(2026, 1, 1)
VALUES = {
    "label": "Team plan", "revenue_account": "4000", "deferral_account": "2300",
    "convention": "daily",
}  # fmt: skip


def _unmapped(line: Rehearsal) -> Case:
    SkuMap.objects.filter(sku=PLAN).delete()
    MappingVersion.objects.create(note="without the plan", made_by="test")
    line.subscribe(pays=True)
    line.deliver()
    line.run()
    (case,) = line.open_cases()
    return case


def _draft(by: User, since: date | None = None) -> ChangeSet:
    """From a day on; else from the first one that no closed period is reached from."""
    ours = AccountingPeriod.objects.filter(legal_entity__code="US-INC", state="open")
    since = since or ours.earliest("starts").starts
    return sets.put(kind=SKUS, changes=[Change("set", "US-INC", PLAN, since, None, VALUES)], by=by)


def _agree(request: ApprovalRequest, by: User) -> None:
    approvals.decide(request_id=request.pk, verdict="approve", by=by, seen=request.sha256)


class TestAMissingSku:
    def test_is_a_gap_with_its_money_then_a_preview_then_in_the_books(
        self, line: Rehearsal, rob: User, ana: User
    ) -> None:
        case = _unmapped(line)
        (gap,) = gaps(at=clock.now())
        assert (gap.kind.slug, gap.key, gap.entity) == ("skus", PLAN, "US-INC")
        assert gap.cause_key == case.cause_key
        assert gap.held.amounts == [Money(1_299_000, "USD")]

        held = asking.preview(set_id=_draft(rob).pk, by=rob)
        impact = held.preview
        assert (impact["cases"], impact["clears"], impact["posted"]) == (1, 1, 0)
        assert impact["money"] == [["USD", 1_299_000]]
        assert ["1100", 1_299_000] in [row[3:5] for row in impact["journals"]]
        assert not SkuMap.objects.filter(sku=PLAN).exists()

        request = asking.send(set_id=held.pk, by=rob, reason="New plan")
        with pytest.raises(NotAllowed):
            _agree(request, rob)
        _agree(request, ana)
        while jobs.advance():
            pass
        line.settle()

        held.refresh_from_db()
        case.refresh_from_db()
        assert held.state == "applied"
        assert case.state == "resolved"
        entry = JournalEntry.objects.get(document_type="invoice")
        assert entry.mapping_version == held.version_id
        # What was previewed is what is in the books.
        booked = {(one.account, one.functional) for one in entry.lines.all()}
        assert {(row[3], row[4]) for row in impact["journals"]} >= booked
        assert not gaps(at=clock.now())

    def test_of_a_closed_period_needs_two_managers(
        self, line: Rehearsal, rob: User, ana: User
    ) -> None:
        _unmapped(line)
        ours = AccountingPeriod.objects.filter(legal_entity__code="US-INC", state="closed")
        last = ours.latest("starts")
        held = asking.preview(set_id=_draft(rob, last.starts).pk, by=rob)
        assert held.preview["closed"] == [["US-INC", last.code]]
        request = asking.send(set_id=held.pk, by=rob, reason="Late")
        assert request.tier == 4
        assert "closed" in request.tier_why


class TestForecast:
    def test_names_what_renews_without_a_map_before_it_fails(self, line: Rehearsal) -> None:
        line.subscribe(pays=True)
        line.deliver()
        line.run()
        today = clock.now().date()
        known = coming(today=today, days=800, unmapped=False)
        assert {one.key for one in known if one.mapped} >= {PLAN}
        assert not [one for one in coming(today=today, days=800) if one.key == PLAN]
        SkuMap.objects.filter(sku=PLAN).delete()
        (found,) = [one for one in coming(today=today, days=800) if one.key == PLAN]
        assert found.held.cases == 1
        assert found.entity == "US-INC"
        assert found.words == "1 renewal"

    def test_names_contracts_that_no_subscription_bills_and_usage_that_no_invoice_does(
        self, db: None
    ) -> None:
        today = clock.now().date()
        customer = a_customer()
        books = {"connection": customer.connection, "legal_entity": customer.legal_entity}
        common = books | {
            "customer": customer, "currency": "USD", "created_at": clock.now(),
            "updated_at": clock.now(),
        }  # fmt: skip
        sold = [{"sku": "crm-plan", "quantity": 2, "unit_amount": 5_000}]
        span = {"starts_on": today - timedelta(days=89), "ends_on": today + timedelta(days=400)}
        signed = Contract.objects.create(
            source_id="c1", total=10_000, items=sold, billing_months=3, **span, **common
        )
        # Ended, or billed too far ahead: neither is to come.
        for number, days in (("c2", -1), ("c3", 60)):
            Contract.objects.create(
                source_id=number, total=1, items=sold, billing_months=12,
                starts_on=today + timedelta(days=days), ends_on=today + timedelta(days=days),
                **common,
            )  # fmt: skip
        price = Price.objects.create(
            source_id="price_plan", currency="USD", model="flat", unit_price=1, package_size=1,
            included=0, created_at=clock.now(), updated_at=clock.now(), **books,
        )  # fmt: skip
        ExternalReference.objects.create(
            connection=customer.connection, type="price", external_id="crm-plan",
            record_kind="price", record_id=price.pk,
        )  # fmt: skip
        paid = Subscription.objects.create(source_id="s1", started_on=today, **common)
        RatedLine.objects.create(
            key="k1", subscription=paid, customer=customer, meter="calls", price_ref="price_calls",
            legal_entity=customer.legal_entity, currency="USD", period_start=today,
            period_end=today + timedelta(days=9), used_from=today, used_to=today, quantity=10,
            free=0, charged=10, records=3, amount=700, prepaid=200, rated_at=clock.now(),
            correlation_id="co-usage",
        )  # fmt: skip
        found = {one.key: one for one in coming(today=today)}
        assert {key: one.words for key, one in found.items()} == {
            "price_plan": "1 contract", "price_calls": "1 usage bill",
        }  # fmt: skip
        assert found["price_plan"].held.amounts == [Money(10_000, "USD")]
        assert found["price_calls"].held.amounts == [Money(500, "USD")]
        assert found["price_calls"].first == today + timedelta(days=10)
        # What a subscription bills is not counted twice.
        Subscription.objects.filter(pk=paid.pk).update(contract=signed)
        assert [one.key for one in coming(today=today)] == ["price_calls"]


class TestRates:
    def test_are_published_by_a_set_and_counted_in_its_preview(
        self, line: Rehearsal, rob: User, ana: User
    ) -> None:
        kind = get("rates")
        row = Change(
            "set", "", "EUR.USD.2019-05-02", date.min, None, {"rate": "1.12", "source": "ECB"}
        )
        held = asking.preview(set_id=sets.put(kind=kind, changes=[row], by=rob).pk, by=rob)
        assert held.preview["cases"] == 0
        request = asking.send(set_id=held.pk, by=rob, reason="Missing day")
        _agree(request, ana)
        held.refresh_from_db()
        assert held.state == "applied"
        assert TaxMap.objects.exists()


class TestTags:
    def test_of_cost_centre_and_customer_class_reach_the_erps_payload_and_no_other(
        self, line: Rehearsal
    ) -> None:
        entity = LegalEntity.objects.get(code="US-INC")
        version = MappingVersion.objects.create(note="Tags", made_by="test")
        common = {"legal_entity": entity, "version": version, "valid": DateRange(JAN, None)}
        account = LedgerAccount.objects.get(code="2300")
        CostCentreMap.objects.create(account=account, cost_centre="CC-10", **common)
        CustomerClassMap.objects.create(country="*", customer_class="SMB", **common)
        line.subscribe(pays=True)
        line.deliver()
        line.run()
        line.settle()
        posted = OutboundCommand.objects.get(document_type="invoice", kind="journal.post")
        assert posted.state == "posted"
        lines = {one["account"]: one for one in json.loads(posted.payload)["lines"]}
        assert lines["2300"]["cost_centre"] == "CC-10"
        assert lines["1100"]["customer_class"] == "SMB"
        assert "cost_centre" not in lines["1100"]
        line.assert_books_agree()
