"""Oracle Fusion Cloud Financials as a ledger: journals by import, documents by Receivables."""

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
from connectors.systems.oracle_fusion import (
    books,
    customers,
    importing,
    listing,
    lookup,
    posting,
    probe,
)
from connectors.systems.oracle_fusion.books import Library
from connectors.systems.oracle_fusion.wire import SYSTEM, Fusion


class FusionConnector(Erp[Fusion, Library]):
    """
    Accepts the four postings and ``customer.upsert``. A journal that Fusion is still importing is
    WORKING with the request in ``drafted_id``: the next ``send`` asks about that one. ``journal``
    lists journals of the general ledger, whoever made them, without those that come from
    Receivables, and each document of Receivables with its distributions.
    """

    read_anew = frozenset({"account", "period"})

    def __init__(self) -> None:
        super().__init__(__file__, books.shelf())

    def caller(self, client: Client, settings: Settings) -> Fusion:
        return Fusion(client, settings)

    async def upsert(self, system: Fusion, commands: Sequence[Command]) -> list[Receipt]:
        async def one(command: Command) -> Receipt:
            return await customers.upsert(system, command)

        return await sending.one_by_one(SYSTEM, commands, (CUSTOMER,), one)

    async def post(self, system: Fusion, commands: Sequence[Command]) -> list[Receipt]:
        return await posting.run(system, self._shelf, commands)

    async def held(
        self, system: Fusion, library: Library, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        What is posted by key, or what is not posted yet when nothing is. That there is nothing
        under a key is not known as long as an import is under way that may be its own.
        """
        found: dict[str, Sequence[Found]] = {}
        for key, held in (await lookup.by_keys(system, library, keys)).items():
            all_of = [one.found for one in held]
            found[key] = [one for one in all_of if one.posted] or all_of[:1]
        for key, parties in (await customers.by_keys(system, keys)).items():
            found[key] = [*found.get(key, ()), *parties]
        if any(key not in found for key in keys):
            await importing.all_over(system)
        return found

    async def steps(self, system: Fusion) -> Sequence[ProbeStep]:
        return await probe.steps(system)

    async def page(
        self, system: Fusion, library: Library, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        return await listing.page(system, library, kind, start, end, cursor)

    async def numbered(
        self, system: Fusion, library: Library, legal_entity: str, number: str
    ) -> Sequence[HeldDocument]:
        """Journals by their batch's name, documents by their number."""
        return await lookup.by_number(system, library, legal_entity, number)


connector = FusionConnector()
