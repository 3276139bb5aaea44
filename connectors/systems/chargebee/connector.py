"""Chargebee: events by webhook and polling, lists for reconciliation, and requests to bill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors import schemes
from connectors.contract import (
    Command,
    Envelope,
    Found,
    Outcome,
    Page,
    PayloadUnreadable,
    ProbeStep,
    Receipt,
    Settings,
    SnapshotRow,
)
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.problem import Problem, read_only
from connectors.systems.chargebee import (
    holding,
    listing,
    payloads,
    polling,
    reading,
    sending,
    snapshots,
    told,
    translate,
    wire,
)
from connectors.systems.chargebee.answers import Chargebee
from connectors.systems.chargebee.heard import Heard
from revops.contracts.base import EventData


class ChargebeeConnector:
    """EventSource, ObjectSource, CommandSink, SnapshotSource and Probe."""

    def __init__(self) -> None:
        self.manifest = Manifest.beside(__file__)

    def verify(
        self, *, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], at: datetime
    ) -> None:
        schemes.verify_basic(header=headers.get("authorization", ""), secrets=secrets)

    def open(self, body: bytes) -> Envelope:
        return told.envelope(body)

    def translate(self, envelope: Envelope, settings: Settings) -> Sequence[EventData]:
        """Also raises NeedsFetch, for a document whose event holds its first lines only."""
        if envelope.ignored:
            return ()
        heard = Heard(
            kind=envelope.type,
            content=wire.part(envelope.raw.get("content")),
            occurred=int(envelope.occurred_at.timestamp()),
            zone=settings.zone,
            parameters=settings.parameters,
        )
        return translate.events(heard)

    async def poll(self, client: Client, settings: Settings, *, cursor: str) -> Page:
        with read_only():
            return await polling.poll(Chargebee(client, settings), self.manifest, cursor=cursor)

    async def fetch(
        self, client: Client, settings: Settings, object_type: str, object_id: str
    ) -> bytes | None:
        with read_only():
            try:
                return await reading.fetch(Chargebee(client, settings), object_type, object_id)
            except PayloadUnreadable as error:
                raise Problem(Outcome.TRANSIENT, "garbled", str(error)) from error

    def digest(self, payload: Mapping[str, Any]) -> str:
        return payloads.digest(payload)

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """``connectors.billing`` says what can be asked for, and in which shape."""
        site = Chargebee(client, settings)
        return [await sending.send(site, settings, command) for command in commands]

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        with read_only():
            try:
                return await holding.under(Chargebee(client, settings), keys)
            except PayloadUnreadable as error:
                raise Problem(Outcome.TRANSIENT, "garbled", str(error)) from error

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        return await listing.probe(Chargebee(client, settings))

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """``kind``: invoice, credit, payment, refund or customer."""
        with read_only():
            site = Chargebee(client, settings)
            return await snapshots.page(
                site, settings, kind=kind, start=start, end=end, cursor=cursor
            )


connector = ChargebeeConnector()
