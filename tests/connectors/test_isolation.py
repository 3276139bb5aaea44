"""Killing, throttling or corrupting any one system leaves every other flow moving."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from connectors.contract import PayloadUnreadable, SignatureInvalid
from connectors.operations import set_secret
from connectors.testing import NoticeContract, SinkContract
from revops.delivery.drain import Drain, Target
from revops.delivery.operations import Order, enqueue
from revops.events.models import SourceCursor
from revops.kernel.strict_json import dumps
from revops.pipeline import poll, sources, wake
from revops.pipeline.metering import door as metering
from revops.pipeline.sources import Source
from revops.store import sql
from revops.usage.operations.intake import Fate
from tests.connectors.hearing import Ear, listening
from tests.connectors.parties import Party, parties, sandboxed
from tests.factories import a_connection, a_gate, a_legal_entity

_OPEN = """
UPDATE delivery_gate SET breaker = 'closed', not_before = NULL, opened_at = NULL, retry_at = NULL,
    failures = 0, slow_start = 0, tokens = 0, tokens_at = NULL, story = ''
WHERE connection_id = %s
"""


class Stage:
    """All of them connected to one console; ``ear`` is its door for what products tell."""

    def __init__(self, everybody: list[Party], ear: Ear) -> None:
        self.ear = ear
        self.everybody = everybody
        self.entity = a_legal_entity("US-INC")
        for number, party in enumerate(everybody):
            connection = a_connection(f"{party.slug}-{number}", party.slug)
            party.connection = connection
            if party.pushes:
                set_secret(connection, party.manifest.signature.secret, party.secret)
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

    def told(self, party: Party) -> bool:
        """Used now: whether the product told of it and was understood."""
        party.use()
        counted = 0
        for call in self.ear.taken():
            try:
                taken = metering.receive(
                    public_id=str(party.connection.public_id), body=call.body,
                    headers=call.headers, correlation_id="",
                )  # fmt: skip
            except (SignatureInvalid, PayloadUnreadable):
                continue
            counted += taken.counts[Fate.ACCEPTED] if taken is not None else 0
        return counted > 0

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
        if party.pushes:
            return self.told(party)
        party.happen()
        heard = not party.tells or self.heard(party)
        return heard and (not party.takes or self.asked(party) == "posted")

    def stands(self, party: Party) -> bool:
        """Nothing comes and nothing goes; what was to go is kept."""
        if party.pushes:
            return not self.told(party)
        party.happen()
        deaf = not party.tells or not self.heard(party)
        return deaf and (not party.takes or self.asked(party) not in ("posted", "exception"))

    def catches_up(self, party: Party) -> bool:
        """Once it is mended: what had happened comes, and what was kept goes."""
        if party.pushes:
            return self.told(party)
        heard = not party.tells or self.heard(party)
        return heard and (not party.takes or "posted" in [self.drained(party) for _ in range(2)])


@contextmanager
def sockets(everybody: list[Party], ear: Ear) -> Iterator[None]:
    """What speaks no HTTP, or calls by itself, is served for real."""
    with ExitStack() as stack:
        for one in everybody:
            if one.pushes:
                one.tell(ear.url)
            if one.pushes or not one.settings.base_url.startswith("http"):
                stack.enter_context(one.at_a_port())
        yield


@pytest.fixture
def stage(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with listening() as ear:
        made = Stage([one for one in parties() if one.moves], ear)
        monkeypatch.setattr(sources, "by_id", made.by_id)
        monkeypatch.setattr(
            sources, "client_of",
            lambda source: next(
                one for one in made.everybody if one.connection.pk == source.id
            ).client(),
        )  # fmt: skip
        monkeypatch.setattr(wake, "line", lambda connection_id: None)
        sources.forget()
        with sockets(made.everybody, ear):
            yield made
        sources.forget()


class TestIsolation:
    def test_whoever_is_broken_stands_alone_and_catches_up(self, stage: Stage) -> None:
        """
        Half of them are broken at once, each in another way: by a bit of their numbers, so that who
        was broken beside another one moves beside it the next time.
        """
        everybody = stage.everybody
        assert {one.slug for one in everybody} == set(sandboxed())
        mended: set[int] = set()
        for bit, half in itertools.product((0, 1), (0, 1)):
            broken = [number for number in range(len(everybody)) if (number >> bit) & 1 == half]
            for number in broken:
                everybody[number].fault(**{everybody[number].worst(number + bit): True})
            told = {
                f"{one.slug} ({bit}, {half})": stage.stands(one)
                if number in broken
                else stage.moves(one)
                for number, one in enumerate(everybody)
            }
            assert [name for name, right in told.items() if not right] == []
            for number in broken:
                one = everybody[number]
                one.fault(**dict.fromkeys(one.faults, False))
                if number not in mended:
                    assert stage.catches_up(one), one.slug
                    mended.add(number)
        assert len(mended) == len(everybody)
