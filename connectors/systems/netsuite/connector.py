"""NetSuite as a ledger, by SuiteTalk REST and SuiteQL: postings and customers in, lists out."""

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
from connectors.systems.netsuite import books, customers, listing, lookup, posting, probe
from connectors.systems.netsuite.books import Library
from connectors.systems.netsuite.wire import SYSTEM, NetSuite


class NetSuiteConnector(Erp[NetSuite, Library]):
    """
    Accepts the four postings and ``customer.upsert``; one call creates one of them. ``journal``
    lists all transactions that touch accounts, ours or not, in the subsidiary's currency;
    ``invoice``, ``credit_memo`` and ``payment`` are in their own.
    """

    read_anew = frozenset({"period"})

    def __init__(self) -> None:
        super().__init__(__file__, books.shelf())

    def caller(self, client: Client, settings: Settings) -> NetSuite:
        return NetSuite(client, settings)

    async def upsert(self, system: NetSuite, commands: Sequence[Command]) -> list[Receipt]:
        async def one(command: Command) -> Receipt:
            return await customers.upsert(system, await self._shelf.get(system), command)

        return await sending.one_by_one(SYSTEM, commands, (CUSTOMER,), one)

    async def post(self, system: NetSuite, commands: Sequence[Command]) -> list[Receipt]:
        return await posting.run(system, self._shelf, commands)

    async def held(
        self, system: NetSuite, library: Library, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        Transactions by external ID, of which NetSuite lets each stand once, and customers by what
        we noted there.
        """
        held = await lookup.by_keys(system, library, keys)
        found: dict[str, Sequence[Found]] = {key: [one.found] for key, one in held.items()}
        for key, parties in (await customers.by_keys(system, keys)).items():
            found[key] = [*found.get(key, ()), *parties]
        return found

    async def steps(self, system: NetSuite) -> Sequence[ProbeStep]:
        return await probe.steps(system)

    async def page(
        self, system: NetSuite, library: Library, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        return await listing.page(system, library, kind, start, end, cursor)

    async def numbered(
        self, system: NetSuite, library: Library, legal_entity: str, number: str
    ) -> Sequence[HeldDocument]:
        """Transactions of any type."""
        return await lookup.by_number(system, library, legal_entity, number)


connector = NetSuiteConnector()
