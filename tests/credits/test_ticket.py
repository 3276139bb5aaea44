"""From a ticket to the note on it: the desk's own webhook, the line, a credit, the ticket again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.models import Connection
from connectors.operations import set_secret
from connectors.schemes import sign_stamped
from connectors.systems.zendesk import sandbox
from connectors.systems.zendesk.sandbox import control, play
from connectors.systems.zendesk.sandbox.hooks import event
from revops.canonical.models import SupportCase
from revops.delivery.models import OutboundCommand
from revops.events.models import SourceCursor
from revops.kernel import clock, correlation, strict_json
from revops.mappings.models import EntityMap
from revops.notices.models import Notice
from revops.pipeline import fetch, poll, process, receive, send, sources
from tests.credits.desk import Desk
from tests.factories import a_connection, a_gate
from tests.pipeline.rehearsal import serving

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "a-signing-secret-of-the-desk"
PARAMETERS = {
    "email": sandbox.EMAIL, "key_field": "1", "credit_field": "2", "ticket_prefix": "ZD-",
    "promise_field": "5", "promise_day_field": "6", "context_field": "7",
}  # fmt: skip


class Tickets:
    """The support desk's sandbox, its connection, and what travels between."""

    def __init__(self, url: str, app: sandbox.Sandbox) -> None:
        sources.forget()
        fetch.forget()
        self.app = app
        self.connection: Connection = a_connection(
            "zendesk", "zendesk", base_url=url, parameters=PARAMETERS
        )
        a_gate(self.connection)
        set_secret(self.connection, "client_id", sandbox.CLIENT_ID)
        set_secret(self.connection, "client_secret", sandbox.CLIENT_SECRET)
        set_secret(self.connection, "webhook_secret", SECRET)
        SourceCursor.objects.create(connection=self.connection, next_at=clock.now())

    def call(self, number: int) -> None:
        """The webhook of a change of that ticket."""
        body = strict_json.dumps(event("updated", self.app.world.tickets[number])).encode()
        stamp = f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"
        receive.receive(
            public_id=self.connection.public_id, body=body,
            headers={
                "x-zendesk-webhook-signature": sign_stamped(
                    body=body, secret=SECRET, stamp=stamp
                ),
                "x-zendesk-webhook-signature-timestamp": stamp,
            },
            correlation_id=correlation.new_id(),
        )  # fmt: skip

    def poll(self) -> None:
        SourceCursor.objects.update(next_at=clock.now())
        poll.poll(self.connection.pk)

    def read(self) -> None:
        """Whatever is in the inbox, with what has to be fetched for it."""
        for _ in range(2):
            process.advance(self.connection.pk, seconds=5, linger=0)
            fetch.fetch(self.connection.pk)

    def told(self, number: int) -> list[str]:
        """Send what is due; the ticket's notes."""
        OutboundCommand.objects.filter(state="retry_wait").update(next_at=clock.now())
        send.drain(self.connection.pk, drainer="test", seconds=5, linger=0)
        return [note["body"].replace("\xa0", " ") for note in control.notes(self.app, number)]


@pytest.fixture
def books(transactional_db: None) -> Desk:
    return Desk()


@pytest.fixture
def tickets(books: Desk) -> Iterator[Tickets]:
    app = sandbox.build(sandbox.Config(parameters=PARAMETERS))
    with serving(app) as url:
        made = Tickets(url, app.state.sandbox)
        EntityMap.objects.create(connection=made.connection, hint="", legal_entity=books.entity)
        yield made


def _open(tickets: Tickets, books: Desk, **more: str) -> None:
    play.ticket(
        tickets.app, number=48213, subject="The API does not answer", customer_ref="cus_1",
        opened_at=(clock.now() - timedelta(days=1)).isoformat(), **more,
    )  # fmt: skip


class TestComingIn:
    def test_a_signed_webhook_becomes_a_case_with_its_broken_promise(
        self, books: Desk, tickets: Tickets
    ) -> None:
        day = (books.today - timedelta(days=1)).isoformat()
        _open(tickets, books, promise="availability", promise_day=day)
        tickets.call(48213)
        tickets.read()
        case = SupportCase.objects.get(source_id="ZD-48213")
        assert (case.severity, case.promise) == ("1", "availability")
        assert case.breached_on is not None
        assert case.breached_on.isoformat() == day

    def test_a_breach_that_called_nobody_is_found_by_the_poll(
        self, books: Desk, tickets: Tickets
    ) -> None:
        _open(tickets, books)
        play.breach(tickets.app, number=48213)
        tickets.poll()
        tickets.read()
        assert SupportCase.objects.get(source_id="ZD-48213").promise == "first_response"


class TestBillingBesideTheTicket:
    def test_is_shown_as_it_stands_while_the_case_is_open(
        self, books: Desk, tickets: Tickets
    ) -> None:
        books.year(pays=False)
        books.promised()
        _open(tickets, books)
        tickets.call(48213)
        tickets.read()
        assert tickets.told(48213) == []
        case = SupportCase.objects.get(source_id="ZD-48213")
        lines = _beside(tickets).splitlines()
        assert lines[0].startswith("Plan: ")
        assert "Collection: open, nothing is overdue" in lines
        assert any(line.startswith("Open invoices: in_1: USD ") for line in lines)
        assert lines[-1].endswith(f"/records/support_case/{case.pk}/")
        # What the console wrote changed the ticket, and nothing that is told of it.
        tickets.poll()
        tickets.read()
        assert OutboundCommand.objects.filter(kind="support.billing_context").count() == 1

    def test_follows_an_escalation_and_its_end_within_one_second(
        self, books: Desk, tickets: Tickets, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _open(tickets, books)
        tickets.call(48213)
        tickets.read()
        books.year(pays=False)
        moment = clock.now() - timedelta(minutes=5)
        monkeypatch.setattr(clock, "now", lambda: moment)
        play.escalate(tickets.app, number=48213)
        tickets.poll()
        tickets.read()
        tickets.told(48213)
        assert SupportCase.objects.get(source_id="ZD-48213").state == "escalated"
        assert "Open invoices: in_1" in _beside(tickets)
        # Zendesk's clock has whole seconds: the export may not lose what this one still changes.
        play.solve(tickets.app, number=48213)
        tickets.poll()
        tickets.read()
        assert SupportCase.objects.get(source_id="ZD-48213").state == "resolved"


def _beside(tickets: Tickets) -> str:
    """The text of the field beside the ticket."""
    rows = tickets.app.world.tickets[48213]["custom_fields"]
    return next(str(row["value"]) for row in rows if row["id"] == 7).replace("\xa0", " ")


class TestGoingOut:
    def test_the_ticket_shows_each_stage_and_whoever_asked_is_told(
        self, books: Desk, tickets: Tickets
    ) -> None:
        day = (books.today - timedelta(days=1)).isoformat()
        _open(tickets, books, promise="availability", promise_day=day)
        tickets.call(48213)
        tickets.read()
        books.year(pays=True)
        books.promised()
        credit = books.ask(case_id=SupportCase.objects.get(source_id="ZD-48213").pk)
        books.advance()
        assert tickets.told(48213) == [
            "A credit of USD 90.00 before tax was asked for. Nothing is promised yet."
        ]
        credit = books.decide(credit)
        notes = tickets.told(48213)
        assert notes[1:] == [
            "A credit of USD 90.00 before tax was approved. Billing issues it now."
        ]
        books.issue(credit)
        notes = tickets.told(48213)
        assert notes[2:] == [
            "A credit of USD 90.00 before tax was issued on in_1 and is in the books."
        ]
        fields = {
            row["id"]: row["value"] for row in tickets.app.world.tickets[48213]["custom_fields"]
        }
        assert fields[2].endswith(f"({credit.number})")
        told = Notice.objects.get(recipient=books.sue, key=f"credits:{credit.pk}:issued")
        assert told.link == f"/credits/{credit.pk}/"
        assert "is issued" in told.title

    def test_a_rejected_credit_is_told_as_such(self, books: Desk, tickets: Tickets) -> None:
        day = (books.today - timedelta(days=1)).isoformat()
        _open(tickets, books, promise="availability", promise_day=day)
        tickets.call(48213)
        tickets.read()
        books.year(pays=True)
        books.promised()
        credit = books.ask(case_id=SupportCase.objects.get(source_id="ZD-48213").pk)
        books.advance()
        tickets.told(48213)
        books.decide(credit, "reject")
        notes = tickets.told(48213)
        assert notes[-1] == "The credit of USD 90.00 before tax will not be given."
