"""Chargebee through the line: by webhook and by polling, from what it tells to journals."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.http import Client
from connectors.operations import set_secret
from connectors.systems.chargebee import sandbox
from connectors.systems.chargebee.sandbox import scenarios
from revops.canonical.models import (
    Credit,
    Customer,
    Entitlement,
    Invoice,
    Payment,
    Price,
    Subscription,
)
from revops.events.models import EventConflict, InboundEvent, SourceCursor
from revops.kernel import clock
from revops.ledger.models import JournalEntry
from revops.mappings.models import EntityMap
from revops.pipeline import fetch, poll, process, receive, sources, wake
from tests.factories import a_connection
from tests.pipeline.period_end.stage import Stage

_JANUARY = int(datetime(2025, 1, 1, 12, tzinfo=UTC).timestamp())
_DAY = 86_400


class Site(Stage):
    """Books of a company, and a connection that leads to the sandbox in this process."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self.business = app.state.sandbox.business
        self.chargebee = a_connection("chargebee", "chargebee", parameters={"site": "acme-test"})
        set_secret(self.chargebee, "api_key", sandbox.API_KEY)
        set_secret(self.chargebee, "webhook_login", sandbox.LOGIN)
        EntityMap.objects.create(connection=self.chargebee, legal_entity=self.entity)
        since = json.dumps([_JANUARY - _DAY, 0, ""])
        SourceCursor.objects.create(
            connection=self.chargebee, next_at=clock.now(), cursor=since, polled_at=clock.now()
        )
        sources.forget()
        self.business.item_price(id="even", price=120_000, period_unit="year", at=_JANUARY)
        address = {"country": "US", "state_code": "CA"}
        who = self.business.create_customer(company="Ash", billing_address=address, at=_JANUARY)
        self.who: str = who["id"]

    def sell(self, *, pays: bool | None = True) -> Any:
        """A year for 1,200.00 and 8.25 % of tax; its invoice."""
        self.business.subscribe(
            self.who, items=[("even", 1)], tax_rate="8.25", tax_name="us-ca", pays=pays, at=_JANUARY
        )
        return self.business.world.latest("invoice")

    def polled(self) -> None:
        SourceCursor.objects.update(next_at=clock.now())
        poll.poll(self.chargebee.pk)
        self.worked()

    def worked(self) -> None:
        source = sources.by_id(self.chargebee.pk)
        while process.advance_once(source):
            pass

    def hook(self, event: Any, login: str = sandbox.LOGIN) -> None:
        proof = base64.b64encode(login.encode()).decode()
        receive.receive(
            public_id=self.chargebee.public_id,
            body=json.dumps(event).encode(),
            headers={"authorization": f"Basic {proof}"},
            correlation_id="story-1",
        )
        self.worked()


@pytest.fixture
def site(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    app = sandbox.build()
    transport = httpx.ASGITransport(app=app)
    monkeypatch.setattr(wake, "line", lambda connection_id: None)
    monkeypatch.setattr(
        sources,
        "client_of",
        lambda source: Client(
            "http://127.0.0.1:9", hosts=(), allow_loopback=True, transport=transport
        ),
    )
    fetch.forget()
    yield Site(app)
    sources.forget()


def entries() -> Counter[str]:
    return Counter(JournalEntry.objects.values_list("document_type", flat=True))


def states() -> Counter[str]:
    return Counter(InboundEvent.objects.values_list("state", flat=True))


class TestTelling:
    def test_a_sale_that_is_paid_becomes_records_and_journals_once(self, site: Site) -> None:
        site.sell()
        site.polled()
        assert set(states()) <= {"processed", "ignored"}, InboundEvent.objects.values("reason")
        assert Customer.objects.get().name == "Ash"
        assert Subscription.objects.get().items[0]["sku"] == "even"
        assert Price.objects.get().interval_months == 12
        invoice, payment = Invoice.objects.get(), Payment.objects.get()
        assert (invoice.total, invoice.tax, invoice.state) == (129_900, 9_900, "paid")
        assert (payment.amount, payment.invoice) == (129_900, invoice)
        booked = entries()
        assert sum(booked.values()) == 2
        site.polled()
        assert entries() == booked

    def test_a_balance_is_credited_and_settles_the_next_invoice(self, site: Site) -> None:
        invoice = site.sell()
        line = invoice["line_items"][0]["id"]
        later = _JANUARY + 40 * _DAY
        site.business.credit(invoice["id"], lines=[(line, 10_000, "Two days down")], at=later)
        told = [site.business.line(entity="once", amount=8_000, start=later, end=later)]
        site.business.invoice(site.who, lines=told, currency="USD", at=later + _DAY)
        site.polled()
        assert set(states()) <= {"processed", "ignored"}, InboundEvent.objects.values("reason")
        credit = Credit.objects.get()
        assert (credit.settles, credit.total, credit.applied) == ("balance", 10_825, 8_000)
        assert Invoice.objects.get(net=8_000).state == "paid"

    def test_what_a_plan_entitles_to_ends_when_another_one_takes_its_place(
        self, site: Site
    ) -> None:
        site.sell()
        later = _JANUARY + _DAY
        scenarios.entitle(site.business, feature="api_calls", value="5000", unit="call", at=later)
        site.polled()
        fetch.fetch(site.chargebee.pk)
        site.worked()
        held = Entitlement.objects.get()
        assert (held.feature, held.quantity, held.unit) == ("Api calls", Decimal(5000), "call")
        assert (held.state, held.subscription) == ("active", Subscription.objects.get())
        scenarios.move(site.business, at=later + _DAY)
        site.polled()
        fetch.forget()
        fetch.fetch(site.chargebee.pk)
        site.worked()
        assert Entitlement.objects.get().state == "revoked"
        assert set(states()) <= {"processed", "ignored"}, states()


class TestWebhooks:
    def test_what_a_webhook_told_is_found_again_by_the_poll(self, site: Site) -> None:
        site.sell(pays=None)
        for event in site.business.world.all("event"):
            site.hook(event)
        told = states()
        assert Invoice.objects.get().total == 129_900
        site.polled()
        assert (states(), EventConflict.objects.count()) == (told, 0)

    def test_a_caller_without_the_login_is_refused(self, site: Site) -> None:
        with pytest.raises(Exception, match="shared secret"):
            site.hook(next(site.business.world.all("event")), "chargebee:another-password")
        assert not InboundEvent.objects.exists()

    def test_other_content_under_a_known_id_is_kept_beside_it(self, site: Site) -> None:
        site.sell(pays=None)
        forged = json.loads(json.dumps(site.business.world.latest("event")))
        forged["content"]["invoice"]["total"] = 1
        site.hook(forged)
        site.polled()
        assert EventConflict.objects.count() == 1

    def test_a_long_invoice_is_read_whole_before_it_is_booked(self, site: Site) -> None:
        told = [
            site.business.line(entity="once", amount=100, start=_JANUARY, end=_JANUARY)
            for _ in range(12)
        ]
        site.business.invoice(site.who, lines=told, currency="USD", at=_JANUARY)
        site.polled()
        assert not Invoice.objects.exists()
        fetch.fetch(site.chargebee.pk)
        site.worked()
        assert Invoice.objects.get().lines.count() == 12
