"""Avalara AvaTax: a poll tells what the engine calculated; documents are committed and voided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.contract import (
    Command,
    Envelope,
    Found,
    Page,
    ProbeStep,
    Receipt,
    Settings,
    SignatureInvalid,
    SnapshotRow,
)
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.problem import read_only
from connectors.systems.avalara import listing, payloads, reading, sending, told
from connectors.systems.avalara.answers import AvaTax
from revops.contracts.base import EventData


class AvalaraConnector:
    """EventSource, CommandSink, SnapshotSource and Probe."""

    def __init__(self) -> None:
        self.manifest = Manifest.beside(__file__)

    def verify(
        self, *, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], at: datetime
    ) -> None:
        raise SignatureInvalid("AvaTax calls nobody.")

    def open(self, body: bytes) -> Envelope:
        return told.envelope(body)

    def translate(self, envelope: Envelope, settings: Settings) -> Sequence[EventData]:
        return () if envelope.ignored else told.events(envelope, settings)

    async def poll(self, client: Client, settings: Settings, *, cursor: str) -> Page:
        with read_only():
            return await reading.poll(AvaTax(client, settings), self.manifest, cursor=cursor)

    def digest(self, payload: Mapping[str, Any]) -> str:
        return payloads.digest(payload)

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """``payloads.py`` says what can be asked for, and in which shape."""
        tax = AvaTax(client, settings)
        return [await sending.send(tax, settings, command) for command in commands]

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        with read_only():
            return await sending.find(AvaTax(client, settings), keys)

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        return await listing.probe(AvaTax(client, settings))

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """``kind``: tax."""
        with read_only():
            tax = AvaTax(client, settings)
            return await reading.snapshot(
                tax, settings, kind=kind, start=start, end=end, cursor=cursor
            )


connector = AvalaraConnector()
