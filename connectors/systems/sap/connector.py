"""SAP S/4HANA Cloud: customers, invoices, credit memos, payments and journals out; books in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors import sending
from connectors.contract import (
    Command,
    Found,
    HeldDocument,
    ProbeStep,
    Receipt,
    Settings,
    SnapshotRow,
)
from connectors.erps import Erp
from connectors.http import Client
from connectors.postings import CUSTOMER
from connectors.systems.sap import books, customers, documents, listing, posting, probe
from connectors.systems.sap.books import Library
from connectors.systems.sap.wire import SYSTEM, Sap


class SapS4(Erp[Sap, Library]):
    """Accepts the four postings and ``customer.upsert``."""

    def __init__(self) -> None:
        super().__init__(__file__, books.shelf())

    def caller(self, client: Client, settings: Settings) -> Sap:
        return Sap(client, settings)

    async def upsert(self, system: Sap, commands: Sequence[Command]) -> list[Receipt]:
        async def one(command: Command) -> Receipt:
            return await customers.upsert(system, await self._shelf.get(system), command)

        return await sending.one_by_one(SYSTEM, commands, (CUSTOMER,), one)

    async def post(self, system: Sap, commands: Sequence[Command]) -> list[Receipt]:
        return await posting.run(system, self._shelf, commands)

    async def held(
        self, system: Sap, library: Library, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        In every company code. Business partners have no place for a key: what was asked of one is
        never found, and asking again changes nothing.
        """
        found: dict[str, list[Found]] = {}
        for one in library.books.values():
            for key, held in (await documents.by_keys(system, one, keys)).items():
                found.setdefault(key, []).extend(document.found(one) for document in held)
        return found

    async def steps(self, system: Sap) -> Sequence[ProbeStep]:
        return await probe.steps(system)

    async def page(
        self, system: Sap, library: Library, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        return await listing.page(system, library, kind, start, end, cursor)

    async def numbered(
        self, system: Sap, library: Library, legal_entity: str, number: str
    ) -> Sequence[HeldDocument]:
        """Of all fiscal years."""
        held = library.books.get(legal_entity)
        if held is None:
            return []
        return [one.held(held) for one in await documents.by_number(system, held, number)]


connector = SapS4()
