"""Dynamics 365 Business Central: customers, documents, journals out; customers and books in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from connectors.contract import (
    Command,
    Envelope,
    Found,
    HeldDocument,
    NeedsFetch,
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
from connectors.postings import CUSTOMER, Customer, Unfit
from connectors.problem import read_only
from connectors.systems.business_central import (
    customers,
    forms,
    listing,
    lookup,
    polling,
    posting,
    probe,
    told,
)
from connectors.systems.business_central.books import Shelf
from connectors.systems.business_central.wire import Central
from revops.contracts.base import EventData

_LONGEST_TOKEN: Final = 1024


class BusinessCentral:
    """EventSource, Handshaking, CommandSink, SnapshotSource, DocumentSource and Probe."""

    def __init__(self) -> None:
        self.manifest = Manifest.beside(__file__)
        self._shelf = Shelf()

    def handshake(self, query: Mapping[str, str]) -> Reply | None:
        """Business Central's handshake: its ``validationToken`` comes back as it is."""
        token = query.get("validationToken", "")
        if not token or len(token) > _LONGEST_TOKEN or not token.isascii():
            return None
        return Reply(token.encode("ascii"), "text/plain; charset=utf-8")

    def verify(
        self, *, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], at: datetime
    ) -> None:
        told.verify(body, secrets)

    def open(self, body: bytes) -> Envelope:
        return told.opened(body)

    def translate(self, envelope: Envelope, settings: Settings) -> Sequence[EventData]:
        """Raises NeedsFetch for a notification: what changed is read by the poll."""
        if envelope.type == told.NOTIFICATION:
            raise NeedsFetch("The notification names what changed; it is read by a poll.")
        if envelope.type != told.CUSTOMER:
            raise TypeUnknown(f"“{envelope.type}” is nothing that this console reads.")
        if not isinstance(envelope.raw.get("customer"), Mapping):
            raise PayloadUnreadable("“customer” is no object.")
        return told.translate(envelope.raw)

    async def poll(self, client: Client, settings: Settings, *, cursor: str) -> Page:
        """Customers; on the way, subscriptions are made and renewed."""
        central = Central(client, settings)
        with read_only():
            library = await self._shelf.get(central)
            return await polling.poll(central, library, self.manifest, cursor=cursor)

    def digest(self, payload: Mapping[str, Any]) -> str:
        try:
            if "lines" not in payload:
                return Customer.of(payload).content
            return forms.digest(payload)
        except Unfit:
            return ""

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """Customers first: the postings beside them may name them."""
        central = Central(client, settings)
        receipts: dict[int, Receipt] = {}
        for work, wanted in ((customers.run, True), (posting.run, False)):
            places = [
                place
                for place, command in enumerate(commands)
                if (command.kind == CUSTOMER) == wanted
            ]
            done = await work(central, self._shelf, [commands[place] for place in places])
            receipts |= dict(zip(places, done, strict=True))
        return [receipts[place] for place in range(len(commands))]

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        Drafts and what is posted, in every company. Customers have no place for a key: what was
        asked of one is never found, and asking again changes nothing.
        """
        if not keys:
            return {}
        central = Central(client, settings)
        found: dict[str, list[Found]] = {}
        with read_only():
            library = await self._shelf.get(central)
            for books in library.books.values():
                for key, held in (await lookup.by_keys(central, books, keys)).items():
                    found.setdefault(key, []).extend(_one_each(held))
        return found

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        return await probe.steps(Central(client, settings))

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """Kinds: see the manifest; all documents in the range, ours or not."""
        central = Central(client, settings)
        with read_only():
            library = await self._shelf.get(central)
            return await listing.page(central, library, kind, start, end, cursor)

    async def documents(
        self, client: Client, settings: Settings, *, legal_entity: str, number: str
    ) -> Sequence[HeldDocument]:
        """What is in the entity's general ledger under a document number."""
        central = Central(client, settings)
        with read_only():
            books = (await self._shelf.get(central)).of(legal_entity)
            return await lookup.by_number(central, books, number) if books else []


def _one_each(held: Sequence[lookup.Held]) -> list[Found]:
    """A posted one and the draft that it was made of are one document: the draft is passed over."""
    posted = [one for one in held if one.posted]
    return [one.found for one in posted or held]


connector = BusinessCentral()
