"""A system that first asks whether somebody listens."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.test import Client

from connectors.contract import Reply
from connectors.models import Connection
from connectors.systems.stripe.connector import connector
from revops.events.models import InboundEvent
from revops.pipeline import sources
from tests.factories import a_connection


@pytest.fixture
def asking(db: None, monkeypatch: pytest.MonkeyPatch) -> Connection:
    def handshake(query: Mapping[str, str]) -> Reply | None:
        token = query.get("validationToken")
        return Reply(token.encode(), "text/plain") if token else None

    monkeypatch.setattr(connector, "handshake", handshake, raising=False)
    connection = a_connection("billing", "stripe")
    sources.forget()
    return connection


class TestHandshake:
    def test_tells_back_what_it_was_told_and_stores_nothing(self, asking: Connection) -> None:
        answer = Client().post(f"/hooks/{asking.public_id}/?validationToken=a%20b%3Cscript%3E")
        assert (answer.status_code, answer.content) == (200, b"a b<script>")
        assert answer["content-type"] == "text/plain"
        assert answer["x-content-type-options"] == "nosniff"
        assert not InboundEvent.objects.exists()

    def test_proves_nothing_for_any_other_call(self, asking: Connection) -> None:
        for query in ("", "?validationToken=", "?other=1"):
            answer = Client().post(
                f"/hooks/{asking.public_id}/{query}", b"{}", content_type="application/json"
            )
            assert answer.status_code == 401

    def test_is_only_for_addresses_that_are_there(self, asking: Connection) -> None:
        assert Client().post("/hooks/nobody/?validationToken=a").status_code == 404
