"""Zendesk: tickets come in as support cases, credits go out as notes on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors import schemes
from connectors.contract import (
    Command,
    Envelope,
    Found,
    Page,
    ProbeStep,
    Receipt,
    Settings,
)
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.problem import Problem, read_only
from connectors.systems.zendesk import history, payloads, polling, sending, told
from connectors.systems.zendesk.names import Names
from connectors.systems.zendesk.wire import Zendesk
from revops.contracts.base import EventData


class ZendeskConnector:
    """An EventSource, an ObjectSource, a CommandSink and a Probe."""

    def __init__(self) -> None:
        self.manifest = Manifest.beside(__file__)

    def verify(
        self, *, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], at: datetime
    ) -> None:
        schemes.verify_stamped(
            body=body,
            stamp=headers.get("x-zendesk-webhook-signature-timestamp", ""),
            signature=headers.get("x-zendesk-webhook-signature", ""),
            secrets=secrets,
            at=at,
        )

    def open(self, body: bytes) -> Envelope:
        return told.envelope(body)

    def translate(self, envelope: Envelope, settings: Settings) -> Sequence[EventData]:
        """Raises NeedsFetch for a webhook."""
        return told.events(envelope, settings)

    async def poll(self, client: Client, settings: Settings, *, cursor: str) -> Page:
        with read_only():
            names = Names.of(settings.parameters)
            return await polling.poll(
                Zendesk(client, settings), names, self.manifest, cursor=cursor
            )

    async def fetch(
        self, client: Client, settings: Settings, object_type: str, object_id: str
    ) -> bytes | None:
        """A ticket with its organization; None when it is gone or no ticket."""
        if object_type != told.TICKET or not object_id.isdigit():
            return None
        desk, names = Zendesk(client, settings), Names.of(settings.parameters)
        with read_only():
            ticket = await desk.ticket(int(object_id))
            if ticket is None:
                return None
            number = ticket.get("organization_id")
            known = await desk.organizations([number] if type(number) is int else [])
            before = await history.of(desk, names, ticket)
        return told.read_body(
            told.READ, polling.ticket(ticket), polling.of(ticket, known), history=before
        )

    def digest(self, payload: Mapping[str, Any]) -> str:
        return payloads.digest(payload)

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        return await sending.run(Zendesk(client, settings), Names.of(settings.parameters), commands)

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        if not keys:
            return {}
        with read_only():
            return await sending.find(
                Zendesk(client, settings), Names.of(settings.parameters), keys
            )

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        """Who we are, and whether the fields that we write are there."""
        desk, names = Zendesk(client, settings), Names.of(settings.parameters)
        steps: list[ProbeStep] = []
        try:
            me = await desk.me()
            steps.append(ProbeStep("Sign in", True, f"As {me.get('name') or me.get('email')}."))
            fields = {
                "our key": names.key,
                "the credit": names.credit,
                "the invoice": names.billing,
                "the billing context": names.context,
            }
            for label, number in fields.items():
                if number is None and label != "our key":
                    continue
                there = await desk.field(number) if number is not None else None
                detail = (
                    str(there.get("title") or "") if there else "There is no such ticket field."
                )
                steps.append(ProbeStep(f"Find the field for {label}", there is not None, detail))
        except Problem as problem:
            steps.append(ProbeStep("Ask Zendesk", False, problem.reason))
        return steps


connector = ZendeskConnector()
