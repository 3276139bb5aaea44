"""NetSuite as a ledger, by SuiteTalk REST and SuiteQL: postings and customers in, lists out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.contract import Found
from connectors.erps import Erp, Parts
from connectors.systems.netsuite import books, customers, listing, lookup, posting, probe
from connectors.systems.netsuite.books import Library
from connectors.systems.netsuite.wire import SYSTEM, NetSuite


class NetSuiteConnector(Erp[NetSuite, Library]):
    """
    Accepts the four postings and ``customer.upsert``; one call creates one of them. ``journal``
    lists all transactions that touch accounts, ours or not, in the subsidiary's currency;
    ``invoice``, ``credit_memo`` and ``payment`` are in their own.
    """

    def __init__(self) -> None:
        parts = Parts(
            system=SYSTEM,
            caller=NetSuite,
            shelf=books.shelf(),
            upsert=customers.upsert,
            post=posting.run,
            steps=probe.steps,
            page=listing.page,
            numbered=lookup.by_number,
            read_anew=frozenset({"period"}),
        )
        super().__init__(__file__, parts)

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


connector = NetSuiteConnector()
