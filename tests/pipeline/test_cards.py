"""I33: a card number that a system sends is nowhere in the database, and somebody is told."""

from __future__ import annotations

import json

import pytest

from exceptions.models import Case
from revops.audit.models import Event
from revops.events.models import Channel, InboundEvent
from revops.pipeline import receive, sources
from tests.factories import a_connection, an_act

CARD = "4242 4242 4242 4242"
pytestmark = pytest.mark.django_db


def told(note: str) -> bytes:
    held = {"id": "in_1", "object": "invoice", "description": note}
    event = {
        "id": "evt_card", "object": "event", "type": "invoice.finalized", "created": 1_760_000_000,
        "api_version": "2026-01-01", "data": {"object": held},
    }  # fmt: skip
    return json.dumps(event).encode()


class TestI33Intake:
    def test_i33_a_card_is_taken_out_before_it_is_stored_and_a_case_says_so(self) -> None:
        sources.forget()
        source = sources.by_id(a_connection().pk)
        receive.store_body(source, told(f"Paid with {CARD}"), Channel.POLL)
        stored = InboundEvent.objects.get()
        assert CARD.encode() not in bytes(stored.body)
        assert b"[card ending 4242]" in bytes(stored.body)
        case = Case.objects.get(kind="card_number")
        assert case.inbound_id == stored.pk
        assert CARD not in case.what_happened

    def test_i33_told_again_it_is_the_same_event(self) -> None:
        sources.forget()
        source = sources.by_id(a_connection().pk)
        for _ in range(2):
            receive.store_body(source, told(f"Paid with {CARD}"), Channel.POLL)
        assert InboundEvent.objects.get().deliveries == 2
        assert Case.objects.filter(kind="card_number").count() == 1
        assert Case.objects.count() == 1

    def test_i33_what_people_write_is_looked_at_too(self) -> None:
        act = an_act(reason=f"The customer gave me {CARD}")
        assert CARD not in (Event.objects.get(seq=act.seq).detail or "")
