"""SAP S/4HANA Cloud: customers, invoices, credit memos, payments and journals out; books in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors import postings
from connectors.contract import (
    Command,
    Found,
    HeldDocument,
    ProbeStep,
    Receipt,
    Settings,
    SnapshotRow,
)
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.problem import read_only
from connectors.systems.sap import customers, documents, listing, posting, probe
from connectors.systems.sap.books import Shelf
from connectors.systems.sap.wire import Sap


class SapS4:
    """CommandSink, SnapshotSource, DocumentSource and Probe."""

    def __init__(self) -> None:
        self.manifest = Manifest.beside(__file__)
        self._shelf = Shelf()

    def digest(self, payload: Mapping[str, Any]) -> str:
        return postings.digest(payload)

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """Customers first: the postings beside them may name them."""
        sap = Sap(client, settings)
        receipts: dict[int, Receipt] = {}
        for work, wanted in ((customers.run, True), (posting.run, False)):
            places = [
                place
                for place, command in enumerate(commands)
                if (command.kind == postings.CUSTOMER) == wanted
            ]
            done = await work(sap, self._shelf, [commands[place] for place in places])
            receipts |= dict(zip(places, done, strict=True))
        return [receipts[place] for place in range(len(commands))]

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        In every company code. Business partners have no place for a key: what was asked of one is
        never found, and asking again changes nothing.
        """
        if not keys:
            return {}
        sap = Sap(client, settings)
        found: dict[str, list[Found]] = {}
        with read_only():
            library = await self._shelf.get(sap)
            for books in library.books.values():
                for key, held in (await documents.by_keys(sap, books, keys)).items():
                    found.setdefault(key, []).extend(one.found(books) for one in held)
        return found

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        return await probe.steps(Sap(client, settings))

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """Kinds: see the manifest; all documents in the range, ours or not."""
        sap = Sap(client, settings)
        with read_only():
            library = await self._shelf.get(sap)
            return await listing.page(sap, library, kind, start, end, cursor)

    async def documents(
        self, client: Client, settings: Settings, *, legal_entity: str, number: str
    ) -> Sequence[HeldDocument]:
        """Accounting documents of the entity's company code by their number, of all years."""
        sap = Sap(client, settings)
        with read_only():
            books = (await self._shelf.get(sap)).books.get(legal_entity)
            held = await documents.by_number(sap, books, number) if books else []
            return [one.held(books) for one in held if books is not None]


connector = SapS4()
