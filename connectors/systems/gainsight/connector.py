"""Gainsight NXT: health, milestones and renewals in; companies, entitlements and signals out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from connectors import schemes
from connectors.contract import (
    Command,
    Envelope,
    Found,
    Page,
    ProbeStep,
    Receipt,
    Settings,
    SnapshotRow,
)
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.problem import read_only
from connectors.systems.gainsight import listing, payloads, polling, sending, told
from connectors.systems.gainsight.names import COMPANY, DIGEST, Names
from connectors.systems.gainsight.wire import Gainsight
from revops.contracts.base import EventData


class GainsightConnector:
    """An EventSource, a CommandSink, a SnapshotSource and a Probe."""

    own_members: Final = frozenset({"source"})

    def __init__(self) -> None:
        self.manifest = Manifest.beside(__file__)

    def verify(
        self, *, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], at: datetime
    ) -> None:
        """Gainsight signs nothing; its rules send a secret that both sides know."""
        schemes.verify_shared(header=headers.get("x-revops-secret", ""), secrets=secrets)

    def open(self, body: bytes) -> Envelope:
        return told.envelope(body)

    def translate(self, envelope: Envelope, settings: Settings) -> Sequence[EventData]:
        return told.events(envelope, settings)

    async def poll(self, client: Client, settings: Settings, *, cursor: str) -> Page:
        with read_only():
            return await polling.poll(
                Gainsight(client, settings),
                Names.of(settings.parameters),
                self.manifest,
                cursor=cursor,
            )

    def digest(self, payload: Mapping[str, Any]) -> str:
        return payloads.digest(payload)

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        return await sending.run(
            Gainsight(client, settings), Names.of(settings.parameters), commands
        )

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        Records by the key of the command that wrote them last. A record that a newer command has
        written since is not found under the older key; sending that one again changes nothing.
        """
        if not keys:
            return {}
        names, tenant = Names.of(settings.parameters), Gainsight(client, settings)
        found: dict[str, list[Found]] = {}
        with read_only():
            for name in (COMPANY, names.entitlement_object, names.signal_object):
                for key, row in (await sending.held(tenant, name, keys)).items():
                    gsid = str(row.get("Gsid") or "")
                    held = Found(gsid, "", posted=True, content_sha256=str(row.get(DIGEST) or ""))
                    found.setdefault(key, []).append(held)
        return found

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        return await listing.probe(Gainsight(client, settings), Names.of(settings.parameters))

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """Kind ``company``, dated by the day on which it was made, in the connection's zone."""
        with read_only():
            return await listing.companies(
                Gainsight(client, settings), Names.of(settings.parameters),
                kind=kind, start=start, end=end, cursor=cursor, zone=settings.zone,
            )  # fmt: skip


connector = GainsightConnector()
