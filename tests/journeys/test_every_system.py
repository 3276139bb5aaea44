"""
Mission §1, both directions, with every system that the demo has: what happens in one of them comes
to the others, over HTTP. What each holds is read from its own door. People's mail and chat, and the
desk's tickets, are in journeys of their own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from revops.canonical.models import Invoice, Opportunity, Subscription, TaxDocument
from revops.events.models import BusinessEvent
from revops.mappings.models import LegalEntity
from revops.sandbox import company, group, joined
from revops.sandbox.helpdesk import HELPDESK
from revops.sandbox.rehearsals import counting, listing, systems
from revops.sandbox.rehearsals.catalogue import BILLING, BOOKS
from revops.warehouse import operations as loads
from tests.journeys.world import World

_PRODUCT = "product"


@pytest.fixture
def busy(everybody: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Something has happened in every system, and has gone everywhere."""
    # Rows are loaded at once: nobody writes any more when it is settled.
    monkeypatch.setattr(loads, "SETTLED", timedelta(0))
    world = everybody
    world.poll()
    for one in group.members():
        world.play(
            group.CHARGEBEE, "customers", price=one.sku, amount=one.amount, currency=one.currency,
            tax_name=one.tax_name, tax_rate=one.rate, entity=one.code,
        )  # fmt: skip
    made = world.play(
        company.STRIPE, "customers", price="price_team_yearly", amount=1_200_000,
        tax_percent="8.25", legal_entity="US-INC",
        address={"country": "US", "state": "NY", "city": "New York"},
    )  # fmt: skip
    customer = made["made"][0]["customer"]
    world.play(company.GAINSIGHT, "customers", companies=[{"name": "Ash", "stripe": customer}])
    world.play(company.GAINSIGHT, "health", company=customer, score=31, reason="Fewer sign in.")
    world.play(HELPDESK, "customers", count=1)
    _sell(world, group.members()[1])
    world.settle()
    world.play(_PRODUCT, "use", customers=[customer], events=30, minutes=0, late=0)
    # What others made of it is asked for once more, and what came to be is loaded.
    loads.load_all()
    world.settle()
    return world


def _sell(world: World, one: group.Member) -> None:
    """Sales wins a deal for a company that joined."""
    said: dict[str, Any] = {}
    for step, values, takes in joined.deal(one, name=f"Rosella {one.code}"):
        given = values | ({takes: said[takes]} if takes else {})
        said |= world.play(company.SALESFORCE, step, **given)


def _told(slug: str) -> set[str]:
    """The contracts that came from a connection."""
    found = BusinessEvent.objects.filter(inbound__connection__slug=slug)
    return set(found.values_list("contract", flat=True))


class TestEverySystem:
    def test_has_its_traffic(self, busy: World) -> None:
        assert not busy.left()
        # S1, S2: what sales sold, Chargebee provisions; sales hears of its id and what is owed.
        assert Opportunity.objects.filter(connection__slug=company.SALESFORCE).count() == 1
        account = next(row for row in busy.rows("Account") if row["Name"].startswith("Rosella"))
        bought = account["Chargebee_Customer_ID__c"]
        assert bought in busy.control(group.CHARGEBEE, "state")["ids"]["customer"]
        invoiced = Invoice.objects.get(customer__source_id=bought)
        assert invoiced.legal_entity.code == group.members()[1].code
        assert busy.rows("RevOps_Invoice__c")
        billed = Subscription.objects.filter(connection__slug=group.CHARGEBEE)
        assert billed.count() == len(group.members()) + 1
        # S3, S4: what the gateway took, and what the tax engine recorded of it, came back.
        assert "payment.applied/1" in _told(company.STRIPE)
        recorded = busy.control("avalara", "totals?kind=tax&start=2025-01-01&end=2099-12-31")
        assert recorded["USD"]["count"] == TaxDocument.objects.count() == 1
        # S5: every ERP has an invoice and a payment of its own company, each once.
        found = counting.compare(
            listing.issued(systems.all_of(BILLING)), listing.held(systems.all_of(BOOKS)),
            entities=LegalEntity.objects.values_list("code", flat=True),
        )  # fmt: skip
        assert not found.missing
        assert not found.wrong
        for slug in (company.ERP, *(one.erp for one in group.members())):
            assert found.kept[slug] >= 2, slug
        # S6, S8, S10 in.
        assert busy.control(_PRODUCT, "state")["events"] >= 30
        assert "health.changed/1" in _told(company.GAINSIGHT)
        assert _told(HELPDESK)
        # S8, S9, S10 out.
        assert busy.entitlements()
        assert busy.signals()
        for house in ("warehouse", "snowflake"):
            held = busy.control(house, "tables")
            assert held["invoices"] >= len(group.members()) + 1, house
        assert busy.control("portal", "messages")
        assert busy.control(HELPDESK, "state")["grants"]
