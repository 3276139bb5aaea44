"""Business Central through the line: from its handshake and a notification to our record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.test import Client as Browser

from connectors.http import Client
from connectors.models import Connection
from connectors.operations import set_secret
from connectors.systems.business_central import desk, sandbox
from revops.canonical.models import Customer
from revops.events.models import InboundEvent, SourceCursor
from revops.kernel import clock
from revops.mappings.models import EntityMap
from revops.pipeline import poll, process, sources, wake
from tests.factories import a_connection, a_legal_entity


@pytest.fixture
def central(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Connection, Any]]:
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
    connection = a_connection("erp", "business_central")
    connection.parameters = dict(desk.SETTINGS.parameters)
    connection.save()
    for name, value in desk.SETTINGS.secrets.items():
        set_secret(connection, name, value)
    EntityMap.objects.create(connection=connection, hint="US-INC", legal_entity=a_legal_entity())
    SourceCursor.objects.create(connection=connection, next_at=clock.now())
    sources.forget()
    yield connection, app.state.sandbox
    sources.forget()


class TestTelling:
    def test_a_notification_makes_the_line_read_what_changed(
        self, central: tuple[Connection, Any]
    ) -> None:
        connection, held = central
        hook = f"/hooks/{connection.public_id}/"
        asked = Browser().post(f"{hook}?validationToken=abc-1")
        assert (asked.status_code, asked.content) == (200, b"abc-1")
        poll.poll(connection.pk)
        company = next(iter(held.world.companies.values()))
        row = held.world.create_customer(company, {"number": "CUS_7", "displayName": "Acme"})
        told = {
            "subscriptionId": "s-1",
            "clientState": sandbox.STATE,
            "resource": f"api/v2.0/companies({company.id})/customers({row['id']})",
            "changeType": "created",
            "lastModifiedDateTime": row["lastModifiedDateTime"],
        }
        forged = {"value": [{**told, "clientState": "guessed-by-somebody"}]}
        for body, status in ((forged, 401), ({"value": [told]}, 200), ({"value": [told]}, 200)):
            answer = Browser().post(hook, json.dumps(body), content_type="application/json")
            assert answer.status_code == status
        hint = InboundEvent.objects.get()
        assert hint.type == "notification"
        assert sandbox.STATE.encode() not in bytes(hint.body)
        for _ in range(4):
            process.advance(connection.pk, seconds=5, linger=0)
        cursor = SourceCursor.objects.get()
        assert cursor.next_at <= clock.now(), "the poll was not called for"
        poll.poll(connection.pk)
        for _ in range(4):
            process.advance(connection.pk, seconds=5, linger=0)
        customer = Customer.objects.get()
        assert (customer.source_id, customer.name) == ("CUS_7", "Acme")
