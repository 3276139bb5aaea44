"""Killing, throttling or corrupting any one system leaves every other flow moving."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from connectors import registry
from connectors.contract import Settings
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.models import Connection
from connectors.testing import NoticeContract, SinkContract, SourceContract
from connectors.testing.common import Contract
from revops.delivery.drain import Drain, Target
from revops.delivery.operations import Order, enqueue
from revops.events.models import SourceCursor
from revops.kernel.strict_json import dumps
from revops.pipeline import poll, sources, wake
from revops.pipeline.sources import Source
from revops.store import sql
from tests.factories import a_connection, a_gate, a_legal_entity

FAULTS = ("down", "throttle", "garbage")
_OPEN = """
UPDATE delivery_gate SET breaker = 'closed', not_before = NULL, opened_at = NULL, retry_at = NULL,
    failures = 0, slow_start = 0, tokens = 0, tokens_at = NULL, story = ''
WHERE connection_id = %s
"""


class Party:
    """One connector with its sandbox, as its own contract test sets it up."""

    def __init__(self, slug: str, contract: Contract) -> None:
        self.slug = slug
        self.contract = contract
        self.app: Any = contract.build()
        self.manifest: Manifest = contract.connector.manifest
        self.settings: Settings = contract.settings
        self.tells = isinstance(contract, SourceContract)
        self.takes = isinstance(contract, SinkContract | NoticeContract)
        self.connection: Connection
        self.asked = 0

    @property
    def reachable(self) -> bool:
        """By HTTP in this process, or by a server of its own; a warehouse is a database."""
        return self.settings.base_url.startswith("http") or hasattr(self.app.state, "server")

    def client(self) -> Client:
        http = self.settings.base_url.startswith("http")
        return Client(
            self.settings.base_url,
            hosts=(),
            allow_loopback=True,
            transport=httpx.ASGITransport(app=self.app) if http else None,
        )

    def fault(self, **faults: Any) -> None:
        asyncio.run(self._door(self.contract.fault, **faults))

    def happen(self) -> None:
        if isinstance(self.contract, SourceContract):
            asyncio.run(self._door(self.contract.fill))

    async def _door(self, work: Any, **given: Any) -> None:
        wire = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=wire, base_url="http://sandbox") as door:
            await work(door, **given)


def contracts_of(slug: str) -> Iterator[Contract]:
    """The first contract test of each direction, or the one that is both."""
    module = importlib.import_module(f"connectors.systems.{slug}.test_contract")
    kinds = [
        kind for name, kind in vars(module).items()
        if name.startswith("Test") and isinstance(kind, type) and issubclass(kind, Contract)
    ]  # fmt: skip
    wanted: list[type | tuple[type, ...]] = [SourceContract, (SinkContract, NoticeContract)]
    for direction in wanted:
        found = next((kind for kind in kinds if issubclass(kind, direction)), None)
        if found is not None:
            yield found()


def parties() -> list[Party]:
    """All connectors with a sandbox that tell or take something."""
    found = []
    for slug, manifest in registry.all_manifests().items():
        if manifest.sandbox_port is None:
            continue
        contracts = {type(one): one for one in contracts_of(slug)}
        found += [Party(slug, contract) for contract in contracts.values()]
    return [one for one in found if one.reachable]


class Stage:
    """All of them connected to one console."""

    def __init__(self, everybody: list[Party]) -> None:
        self.everybody = everybody
        self.entity = a_legal_entity("US-INC")
        for number, party in enumerate(everybody):
            connection = a_connection(f"{party.slug}-{number}", party.slug)
            party.connection = connection
            a_gate(connection)
            SourceCursor.objects.create(connection=connection, next_at=connection.created_at)

    def by_id(self, connection_id: int) -> Source:
        party = next(one for one in self.everybody if one.connection.pk == connection_id)
        return Source(
            id=connection_id,
            slug=party.connection.slug,
            label=party.connection.label,
            account="",
            connector=party.contract.connector,
            manifest=party.manifest,
            settings=replace(party.settings, slug=party.connection.slug),
            signing_secrets=(),
        )

    def heard(self, party: Party) -> bool:
        """Polled now: whether that went well and brought something."""
        before = SourceCursor.objects.get(pk=party.connection.pk).found
        sql.run(
            "UPDATE events_sourcecursor SET next_at = now() WHERE connection_id = %s",
            (party.connection.pk,),
        )
        poll.poll(party.connection.pk)
        row = SourceCursor.objects.get(pk=party.connection.pk)
        return not row.problem and row.found > before

    def asked(self, party: Party) -> str:
        """Asked for one thing more: the command's state after a turn of its drain."""
        party.asked += 1
        assert isinstance(party.contract, SinkContract | NoticeContract)
        command = party.contract.command(party.asked)
        order = Order(
            connection_id=party.connection.pk, lane="primary", legal_entity_id=self.entity.pk,
            legal_entity="US-INC", document_type="invoice",
            business_key=f"{party.connection.slug}:{party.asked}", revision=1, kind=command.kind,
            payload=dumps(command.payload), subject_kind="journal", subject_id=1, currency="USD",
            amount=1, period_code="2026-03", correlation_id="",
        )  # fmt: skip
        assert enqueue([order]) == 1
        return self.drained(party)

    def drained(self, party: Party) -> str:
        source = self.by_id(party.connection.pk)
        sql.run(_OPEN, (source.id,))
        sql.run(
            "UPDATE delivery_outboundcommand SET next_at = now() WHERE connection_id = %s "
            "AND state NOT IN ('posted', 'exception')", (source.id,),
        )  # fmt: skip
        target = Target(
            connection_id=source.id, sink=source.connector, settings=source.settings,
            manifest=source.manifest, open_client=party.client, lease=60, settle_scale=0,
        )  # fmt: skip
        Drain(target, drainer="test", told=lambda *told: None).run(seconds=2, linger=0)
        row = sql.one(
            "SELECT state FROM delivery_outboundcommand WHERE connection_id = %s "
            "ORDER BY id DESC LIMIT 1", (source.id,),
        )  # fmt: skip
        assert row is not None
        return str(row.state)

    def moves(self, party: Party) -> bool:
        party.happen()
        heard = not party.tells or self.heard(party)
        return heard and (not party.takes or self.asked(party) == "posted")

    def stands(self, party: Party) -> bool:
        """Nothing comes and nothing goes; what was to go is kept."""
        party.happen()
        deaf = not party.tells or not self.heard(party)
        return deaf and (not party.takes or self.asked(party) not in ("posted", "exception"))

    def catches_up(self, party: Party) -> bool:
        """Once it is mended: what had happened comes, and what was kept goes."""
        heard = not party.tells or self.heard(party)
        return heard and (not party.takes or "posted" in [self.drained(party) for _ in range(2)])


@contextmanager
def sockets(everybody: list[Party]) -> Iterator[None]:
    """What speaks no HTTP listens for real, in a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    listening = [one for one in everybody if not one.settings.base_url.startswith("http")]
    for one in listening:
        server = one.app.state.server
        asyncio.run_coroutine_threadsafe(server.start(0), loop).result(5)
        scheme = one.settings.base_url.partition(":")[0]
        one.settings = replace(one.settings, base_url=f"{scheme}://127.0.0.1:{server.port}")
    try:
        yield
    finally:
        for one in listening:
            asyncio.run_coroutine_threadsafe(one.app.state.server.stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def stage(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    made = Stage(parties())
    monkeypatch.setattr(sources, "by_id", made.by_id)
    monkeypatch.setattr(
        sources, "client_of",
        lambda source: next(
            one for one in made.everybody if one.connection.pk == source.id
        ).client(),
    )  # fmt: skip
    monkeypatch.setattr(wake, "line", lambda connection_id: None)
    with sockets(made.everybody):
        yield made


class TestIsolation:
    def test_whoever_is_broken_stands_alone_and_catches_up(self, stage: Stage) -> None:
        """
        Half of them are broken at once, each in another way: by a bit of their numbers, so that who
        was broken beside another one moves beside it the next time.
        """
        everybody = stage.everybody
        assert {one.slug for one in everybody if one.tells} >= {"stripe", "salesforce"}
        assert {one.slug for one in everybody if one.takes} >= {"tryton", "netsuite", "email"}
        mended: set[int] = set()
        for bit, half in itertools.product((0, 1), (0, 1)):
            broken = [number for number in range(len(everybody)) if (number >> bit) & 1 == half]
            for number in broken:
                everybody[number].fault(**{FAULTS[(number + bit) % len(FAULTS)]: True})
            told = {
                f"{one.slug} ({bit}, {half})": stage.stands(one)
                if number in broken
                else stage.moves(one)
                for number, one in enumerate(everybody)
            }
            assert [name for name, right in told.items() if not right] == []
            for number in broken:
                one = everybody[number]
                one.fault(**dict.fromkeys(FAULTS, False))
                if number not in mended:
                    assert stage.catches_up(one), one.slug
                    mended.add(number)
        assert len(mended) == len(everybody)
