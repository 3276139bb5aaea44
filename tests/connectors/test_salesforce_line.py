"""Salesforce through the line: from what it tells to our records, and from a hint to a record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors.http import Client
from connectors.models import Connection
from connectors.operations import set_secret
from connectors.systems.salesforce import desk, sandbox
from revops.canonical.models import Contract, Customer, Opportunity
from revops.events.models import InboundEvent, SourceCursor
from revops.kernel import clock
from revops.mappings.models import EntityMap
from revops.pipeline import fetch, poll, process, receive, sources, wake
from tests.factories import a_connection, a_legal_entity


class Org:
    """The sandbox in this process, and the connection that leads to it."""

    def __init__(self, connection: Connection, held: Any) -> None:
        self.connection = connection
        self.business = held.business
        self.world = held.world

    def tell(self) -> None:
        """Everything that changed, by a poll, and through the line."""
        SourceCursor.objects.update(next_at=clock.now())
        poll.poll(self.connection.pk)
        self.advance()

    def advance(self) -> None:
        for _ in range(4):
            process.advance(self.connection.pk, seconds=5, linger=0)

    def hint(self, kind: str, identity: str, notification: str = "1") -> None:
        receive.receive(
            public_id=self.connection.public_id,
            body=desk.outbound_message((kind, identity), notification=notification),
            headers={},
            correlation_id="story-1",
        )
        self.advance()


@pytest.fixture
def org(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Org]:
    app = sandbox.build()
    monkeypatch.setattr(wake, "line", lambda connection_id: None)
    monkeypatch.setattr(
        sources,
        "client_of",
        lambda source: Client(
            "http://127.0.0.1:9",
            hosts=(),
            allow_loopback=True,
            transport=httpx.ASGITransport(app=app),
        ),
    )
    connection = a_connection("crm", "salesforce")
    connection.parameters = dict(desk.SETTINGS.parameters)
    connection.save()
    for name, value in (
        ("client_id", sandbox.CLIENT_ID),
        ("client_secret", sandbox.CLIENT_SECRET),
        ("organization_id", sandbox.ORGANIZATION),
    ):
        set_secret(connection, name, value)
    EntityMap.objects.create(connection=connection, hint="", legal_entity=a_legal_entity())
    SourceCursor.objects.create(connection=connection, next_at=clock.now())
    sources.forget()
    yield Org(connection, app.state.sandbox)
    sources.forget()


def states() -> set[str]:
    return set(InboundEvent.objects.values_list("state", flat=True))


class TestTelling:
    def test_accounts_deals_and_contracts_become_our_records(self, org: Org) -> None:
        past = time.time() - 3600
        roof = org.business.account(Name="Acme Group", at=past)["Id"]
        account = org.business.account(Name="Acme", parent=roof, at=past)["Id"]
        deal = org.business.deal(
            account=account, items=[{"sku": "seat", "quantity": 3, "price": "10"}], at=past
        )["Id"]
        org.business.win(deal, at=past + 10)
        contract = org.business.sign(deal=deal, at=past + 20)["Id"]
        org.tell()
        assert states() == {"processed"}
        assert set(Customer.objects.values_list("source_id", flat=True)) == {roof, account}
        assert Opportunity.objects.get().source_id == deal
        assert Contract.objects.get().source_id == contract

    def test_telling_it_all_again_changes_nothing(self, org: Org) -> None:
        org.business.account(Name="Acme", at=time.time() - 3600)
        org.tell()
        count = InboundEvent.objects.count()
        org.tell()
        assert InboundEvent.objects.count() == count


class TestHints:
    def test_a_hint_brings_the_record_without_waiting_for_the_next_poll(self, org: Org) -> None:
        account = org.business.account(Name="Acme", at=time.time() - 3600)["Id"]
        org.hint("Account", account)
        assert not Customer.objects.exists()
        assert fetch.fetch(org.connection.pk) == 1
        org.advance()
        assert Customer.objects.get().name == "Acme"
        assert states() == {"processed"}

    def test_a_hint_of_nothing_ends_as_such(self, org: Org) -> None:
        org.hint("Account", "0015g0000000zzzAAA")
        assert fetch.fetch(org.connection.pk) == 1
        event = InboundEvent.objects.get()
        assert event.state == "ignored"
        assert "any more" in event.reason
