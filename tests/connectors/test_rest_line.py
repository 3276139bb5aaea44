"""A described system through the line: a ticket that asks for a credit in, an entitlement out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.test import Client as Browser

from connectors.http import Client
from connectors.models import Connection
from connectors.operations import set_secret
from connectors.systems.rest import desk, proof, sandbox
from connectors.systems.rest.sandbox.world import PLAYS
from exceptions.models import Case
from revops.canonical.models import Credit, Customer, SupportCase
from revops.events.models import InboundEvent, SourceCursor
from revops.kernel import clock
from revops.mappings.models import EntityMap
from revops.pipeline import fetch, poll, process, sources, wake
from tests.factories import a_connection, a_legal_entity

HOOK_SECRET = "a-secret-that-signs-calls"


@pytest.fixture
def helpdesk(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Connection, Any]]:
    app = sandbox.build()
    wire = httpx.ASGITransport(app=app)
    monkeypatch.setattr(wake, "line", lambda connection_id: None)
    monkeypatch.setattr(
        sources,
        "client_of",
        lambda source: Client(
            source.settings.base_url, hosts=(), allow_loopback=True, transport=wire
        ),
    )
    connection = a_connection("desk", "rest", parameters=desk.parameters("desk"))
    set_secret(connection, "api_key", sandbox.API_KEY)
    set_secret(connection, "webhook_secret", HOOK_SECRET)
    EntityMap.objects.create(connection=connection, hint="", legal_entity=a_legal_entity())
    SourceCursor.objects.create(connection=connection, next_at=clock.now())
    sources.forget()
    fetch.forget()
    yield connection, app.state.system.world
    sources.forget()


def called(connection: Connection, body: Any, *, secret: str = HOOK_SECRET) -> int:
    content = json.dumps(body).encode()
    mac = proof.sign_body(body=content, secret=secret, family=proof.HEX)
    answer = Browser().post(
        f"/hooks/{connection.public_id}/", content, content_type="application/json",
        headers={"x-desk-signature": f"sha256={mac}"},
    )  # fmt: skip
    return answer.status_code


def worked(connection: Connection) -> None:
    for _ in range(3):
        process.advance(connection.pk, seconds=5, linger=0)


def happens(world: Any, name: str, **given: Any) -> dict[str, Any]:
    async def play() -> dict[str, Any]:
        found: dict[str, Any] = PLAYS[name](world, **given)
        return found

    return asyncio.run(play())


class TestTelling:
    def test_a_ticket_that_asks_for_a_credit_becomes_a_case_and_a_request(
        self, helpdesk: tuple[Connection, Any]
    ) -> None:
        connection, world = helpdesk
        happens(world, "customers")
        ticket = happens(world, "ticket", goodwill="120.50", currency="EUR")
        told = {"event": "ticket.changed", "data": {"ticket": ticket}}
        assert called(connection, told, secret="another-secret-of-somebody") == 401
        assert called(connection, told) == 200
        # Its customer is not known yet: the poll brings it, and finds the ticket that was told.
        worked(connection)
        assert not Credit.objects.exists()
        poll.poll(connection.pk)
        worked(connection)
        assert Customer.objects.get().source_id == str(ticket["company"]["id"])
        assert SupportCase.objects.filter(source_id=ticket["number"]).exists()
        credit = Credit.objects.get()
        assert (credit.source_id, credit.currency) == (ticket["number"], "EUR")
        assert credit.requested_on is not None
        kept = InboundEvent.objects.filter(object_type="ticket", object_id=str(ticket["id"]))
        assert kept.count() == 1, "told by the hook and by the poll, and kept once"
        assert not Case.objects.exists()

    def test_a_call_that_proves_its_sender_alone_is_not_believed(
        self, helpdesk: tuple[Connection, Any]
    ) -> None:
        connection, world = helpdesk
        connection.parameters = {
            **desk.parameters("desk"), "proof": proof.SHARED, "proof_header": "x-token",
        }  # fmt: skip
        connection.save()
        sources.forget()
        happens(world, "customers")
        company = {**world.newest("companies"), "name": "Somebody Else"}
        answer = Browser().post(
            f"/hooks/{connection.public_id}/",
            json.dumps({"event": "company.changed", "data": {"company": company}}),
            content_type="application/json", headers={"x-token": HOOK_SECRET},
        )  # fmt: skip
        assert answer.status_code == 200
        worked(connection)
        assert not Customer.objects.exists()
        assert fetch.fetch(connection.pk) == 1
        worked(connection)
        assert Customer.objects.get().name == world.newest("companies")["name"]

    def test_an_object_that_cannot_be_read_waits_for_a_person_with_its_path(
        self, helpdesk: tuple[Connection, Any]
    ) -> None:
        connection, world = helpdesk
        happens(world, "customers")
        ticket = {**world.newest("tickets"), "created_at": "yesterday"}
        assert called(connection, {"event": "ticket.changed", "data": {"ticket": ticket}}) == 200
        worked(connection)
        event = InboundEvent.objects.get()
        assert event.state == "quarantined"
        assert "“created_at”, for opened_on, is no time" in event.reason
        assert [one.kind for one in Case.objects.all()] == ["schema_drift"]
