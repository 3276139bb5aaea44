"""A8 · What comes in another shape than the connector knows is kept by connection, and masked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors import drift, registry
from connectors.models import Connection, SchemaDrift
from tests.factories import a_connection


@pytest.fixture
def billing(db: None) -> Iterator[Connection]:
    drift.forget()
    yield a_connection("billing", "stripe")
    drift.forget()


def body(**changes: Any) -> bytes:
    whole = json.loads(_fixture().read_text(encoding="utf-8"))
    whole["data"]["object"] |= changes
    return json.dumps(whole).encode()


def _fixture() -> Path:
    return next(iter(sorted((registry.SYSTEMS / "stripe" / "fixtures").glob("customer_created*"))))


def look(connection: Connection, *events: bytes, troubled: bool = False) -> int:
    given = [("customer.created", event, troubled) for event in events]
    return len(drift.look(connection.pk, registry.get("stripe"), given))


class TestDrift:
    def test_is_kept_by_kind_and_path_with_a_masked_example(self, billing: Connection) -> None:
        assert look(billing, body(nickname="Ann Lee", name=5)) == 2
        told = SchemaDrift.objects.order_by("path").values_list(
            "object_kind", "path", "change", "seen", "example", "count"
        )
        assert list(told) == [
            ("customer", "data.object.name", "retyped", "number", "9", 1),
            ("customer", "data.object.nickname", "appeared", "text", "xxx xxx", 1),
        ]

    def test_is_counted_when_it_comes_again(self, billing: Connection) -> None:
        for _ in range(2):
            look(billing, body(nickname="Ann"))
            drift.forget()
        row = SchemaDrift.objects.get()
        assert row.count == 2
        assert row.last_seen_at >= row.first_seen_at

    def test_is_looked_for_in_samples_and_in_what_is_in_trouble(self, billing: Connection) -> None:
        assert look(billing, *[body(nickname="Ann")] * 50) == 1
        assert look(billing, body(nickname="Ann")) == 0
        assert look(billing, *[body(nickname="Ann")] * 50, troubled=True) == 1
        assert SchemaDrift.objects.get().count == 2

    def test_is_none_in_what_is_known(self, billing: Connection) -> None:
        assert look(billing, body()) == 0
        assert not SchemaDrift.objects.exists()

    def test_of_one_connection_is_bounded(
        self, billing: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(drift, "_MOST_KEPT", 3)
        for number in range(6):
            look(billing, body(**{f"field_{number}": 1}))
            drift.forget()
        assert SchemaDrift.objects.count() == 3

    def test_in_what_is_no_event_stops_nobody(self, billing: Connection) -> None:
        assert look(billing, b"{", b"[]") == 0

    def test_of_a_connector_that_fails_at_a_body_is_left_and_the_others_are_looked_at(
        self, billing: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connector = registry.get("stripe")
        reads = type(connector).open

        def fails(self: Any, given: bytes) -> Any:
            if b"Poison" in given:
                raise KeyError("data")
            return reads(self, given)

        monkeypatch.setattr(type(connector), "open", fails)
        assert look(billing, body(name="Poison"), body(nickname="Ann"), troubled=True) == 1

    def test_is_not_what_the_connector_adds_nor_a_gap_in_a_type_that_is_not_recorded(
        self, billing: Connection
    ) -> None:
        whole = json.loads(body())
        for name in ("pending_webhooks", "request"):
            del whole[name]
        asked = {**whole, "object_version": 5, "account": None, "type": "customer.read"}
        assert look(billing, json.dumps(asked).encode()) == 0
        drift.forget()
        assert look(billing, json.dumps(whole).encode()) == 2
