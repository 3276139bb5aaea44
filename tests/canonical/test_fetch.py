"""An event that only names its object, and two that disagree: the source is asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from connectors import registry
from connectors.contract import CallFailed, Envelope, NeedsFetch, Outcome
from connectors.manifest import Capability
from exceptions.models import Case
from revops.canonical.models import Product
from revops.contracts.base import EventData
from revops.contracts.catalogue import ProductUpdated
from revops.events.models import Channel, InboundEvent, InboxState
from revops.kernel import correlation
from revops.pipeline import fetch, process, receive, sources
from revops.pipeline.sources import Source
from tests import factories

pytestmark = pytest.mark.django_db


class Coarse:
    """A system whose hints only name products, and whose clock knows no seconds."""

    manifest = registry.manifest("stripe")

    def __init__(self) -> None:
        self.now: dict[str, Any] | None = {"id": "now-1", "object": "p", "v": 9, "name": "Calls"}
        self.asked: list[tuple[str, str]] = []
        self.down = False

    def open(self, body: bytes) -> Envelope:
        raw = json.loads(body)
        return Envelope(
            raw["id"], raw.get("type", "product"), "", "product", raw["object"], raw["v"],
            datetime(2026, 1, 1, tzinfo=UTC), raw,
        )  # fmt: skip

    def translate(self, envelope: Envelope, settings: object) -> Sequence[EventData]:
        if envelope.type == "hint":
            raise NeedsFetch
        return [ProductUpdated(product_id=envelope.object_id, name=envelope.raw["name"])]

    async def fetch(self, _client: object, _settings: object, kind: str, name: str) -> bytes | None:
        self.asked.append((kind, name))
        if self.down:
            raise CallFailed(Outcome.TRANSIENT, "It does not answer.")
        return None if self.now is None else json.dumps(self.now).encode()


@pytest.fixture
def system() -> Coarse:
    return Coarse()


@pytest.fixture
def source(system: Coarse, monkeypatch: pytest.MonkeyPatch) -> Source:
    sources.forget()
    fetch.forget()
    made = sources.by_id(factories.a_connection("coarse").pk)
    manifest = replace(made.manifest, capabilities=(*made.manifest.capabilities, Capability.FETCH))
    made = replace(made, connector=system, manifest=manifest)
    monkeypatch.setattr(sources, "by_id", lambda _: made)

    class Client(SimpleNamespace):
        async def __aenter__(self) -> Client:
            return self

        async def __aexit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr(sources, "client_of", lambda _: Client())
    return made


def told(source: Source, **raw: Any) -> InboundEvent:
    body = json.dumps({"object": "p", "v": 1} | raw).encode()
    recorded = receive.store(
        source, source.connector.open(body), body, Channel.WEBHOOK, correlation.new_id()
    )
    return InboundEvent.objects.get(pk=recorded.id)


class TestAHint:
    def test_waits_until_the_object_has_been_fetched_and_applied(
        self, source: Source, system: Coarse
    ) -> None:
        hint = told(source, id="h1", type="hint")
        process.advance_once(source)
        hint.refresh_from_db()
        assert hint.state == InboxState.PARKED
        assert not Product.objects.exists()

        assert fetch.fetch(source.id) == 1
        process.advance_once(source)

        assert Product.objects.get().name == "Calls"
        hint.refresh_from_db()
        assert hint.state == InboxState.PROCESSED
        assert "was fetched" in hint.reason
        assert system.asked == [("product", "p")]

    def test_is_over_when_the_object_is_gone(self, source: Source, system: Coarse) -> None:
        system.now = None
        hint = told(source, id="h1", type="hint")
        process.advance_once(source)

        fetch.fetch(source.id)

        hint.refresh_from_db()
        assert hint.state == InboxState.IGNORED

    def test_waits_on_while_the_source_is_silent_and_leaves_it_alone(
        self, source: Source, system: Coarse
    ) -> None:
        system.down = True
        hint = told(source, id="h1", type="hint")
        process.advance_once(source)

        fetch.fetch(source.id)
        fetch.fetch(source.id)

        hint.refresh_from_db()
        assert (hint.state, len(system.asked)) == (InboxState.PARKED, 1)

    def test_becomes_a_case_when_nobody_answers_in_time(self, source: Source) -> None:
        hint = told(source, id="h1", type="hint")
        process.advance_once(source)
        InboundEvent.objects.filter(pk=hint.pk).update(next_at=hint.received_at)

        process.advance_once(source)

        assert Case.objects.get().kind == "dependency_overdue"


class TestTwoEventsOfOneMoment:
    @pytest.mark.parametrize("names", [("Calls a", "Calls b"), ("Calls b", "Calls a")])
    def test_that_disagree_are_settled_by_asking(
        self, source: Source, system: Coarse, names: tuple[str, str]
    ) -> None:
        for number, name in enumerate(names):
            told(source, id=f"e{number}", name=name)
        process.advance_once(source)
        assert Product.objects.get().name == "Calls b"

        assert fetch.fetch(source.id) == 1
        process.advance_once(source)

        assert Product.objects.get().name == "Calls"
        states = set(InboundEvent.objects.values_list("state", flat=True))
        assert states == {InboxState.PROCESSED}
