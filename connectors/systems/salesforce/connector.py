"""Salesforce: accounts, sales and contracts in; invoice states, health and links out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from connectors import bodies
from connectors.contract import (
    CallFailed,
    Command,
    Envelope,
    Found,
    NeedsFetch,
    Outcome,
    Page,
    PayloadUnreadable,
    ProbeStep,
    Receipt,
    Reply,
    Settings,
    SnapshotRow,
    TypeUnknown,
)
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.problem import Problem, read_only
from connectors.systems.salesforce import (
    accounts,
    agreements,
    lookup,
    payloads,
    polling,
    probe,
    reading,
    records,
    sales,
    snapshots,
    soap,
    writing,
)
from connectors.systems.salesforce.layout import QUOTES, Layout
from connectors.systems.salesforce.session import Org
from revops.contracts.base import EventData
from revops.kernel import strict_json
from revops.kernel.clock import now


class Salesforce:
    """EventSource, ObjectSource, CommandSink, SnapshotSource and Probe."""

    own_members: Final = frozenset({records.READ_AT})

    def __init__(self) -> None:
        self.manifest = Manifest.beside(__file__)

    def verify(
        self, *, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], at: datetime
    ) -> None:
        """``secrets``: ids of organizations. Outbound messages carry no proof beyond that."""
        soap.verify(body, secrets)

    def open(self, body: bytes) -> Envelope:
        """A record that a poll read, or an outbound message, which only names records."""
        if soap.is_xml(body):
            return soap.opened(body)
        return records.opened(bodies.read(body))

    def translate(self, envelope: Envelope, settings: Settings) -> Sequence[EventData]:
        """Raises NeedsFetch for an outbound message."""
        if envelope.type == soap.TYPE:
            raise NeedsFetch("The message names records; they are read over our own connection.")
        if envelope.ignored:
            return ()
        layout = _layout(envelope, settings)
        if envelope.type == reading.ACCOUNT:
            return accounts.events(envelope.raw, layout, settings.zone)
        if envelope.type == reading.OPPORTUNITY:
            return sales.opportunity(envelope.raw, layout)
        if envelope.type == reading.CONTRACT:
            return agreements.events(envelope.raw, layout, settings.zone)
        if envelope.type == layout.quote_object:
            return sales.quote(envelope.raw, layout, settings.zone)
        raise TypeUnknown(f"“{envelope.type}” is no object of Salesforce that this console reads.")

    def answer(self, body: bytes) -> Reply | None:
        """Salesforce sends an outbound message again until it reads ``Ack`` true."""
        return Reply(soap.ACK, soap.CONTENT_TYPE) if soap.is_xml(body) else None

    async def poll(self, client: Client, settings: Settings, *, cursor: str) -> Page:
        with _told():
            return await polling.poll(Org(client, settings), settings, self.manifest, cursor=cursor)

    async def fetch(
        self, client: Client, settings: Settings, object_type: str, object_id: str
    ) -> bytes | None:
        """A record as it is now, with its lines; an order is told as the contract above it."""
        with _told():
            record = await reading.one(Org(client, settings), object_type, object_id)
        if record is None:
            return None
        return strict_json.dumps({**record, records.READ_AT: now()}).encode()

    def digest(self, payload: Mapping[str, Any]) -> str:
        return payloads.digest(payload)

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """Kinds and payloads: ``payloads``. One call writes all that goes to one object."""
        try:
            org = Org(client, settings)
        except Problem as problem:
            return [problem.receipt()] * len(commands)
        return await writing.run(org, commands)

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """By the stamps of writes; a write that a newer one replaced is not found any more."""
        with _told():
            return await lookup.by_keys(Org(client, settings), keys) if keys else {}

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        try:
            org = Org(client, settings)
        except Problem as problem:
            return [ProbeStep("The parameters can be used", False, problem.reason)]
        return await probe.steps(org)

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """``kind``: account, opportunity or contract."""
        with _told():
            return await snapshots.page(
                Org(client, settings), settings.zone, kind=kind, start=start, end=end, cursor=cursor
            )


def _layout(envelope: Envelope, settings: Settings) -> Layout:
    """A quote is read as what it is, also when the connection has turned to another product."""
    made_by = next((name for name, (kind, _) in QUOTES.items() if kind == envelope.type), "")
    parameters = {"quotes_of": made_by} if made_by else {}
    return Layout.of(replace(settings, parameters={**settings.parameters, **parameters}))


@contextmanager
def _told() -> Iterator[None]:
    """A Problem of a read, or a record that lists cannot do without, as the contract's failure."""
    try:
        with read_only():
            yield
    except PayloadUnreadable as error:
        raise CallFailed(
            Outcome.REFUSED, f"What Salesforce lists is unreadable: {error}"
        ) from error


connector = Salesforce()
