"""NetSuite as a ledger, by SuiteTalk REST and SuiteQL: postings and customers in, lists out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from connectors.problem import Problem, read_only
from connectors.systems.netsuite import customers, listing, lookup, posting, probe
from connectors.systems.netsuite.books import Shelf
from connectors.systems.netsuite.wire import NetSuite


class NetSuiteConnector:
    """
    A CommandSink, SnapshotSource and DocumentSource; accepts the four postings and
    ``customer.upsert``.
    """

    def __init__(self) -> None:
        self.manifest = Manifest.beside(__file__)
        self._shelf = Shelf()

    def digest(self, payload: Mapping[str, Any]) -> str:
        return postings.digest(payload)

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """Customers one by one, then postings in order; one call creates one of them."""
        try:
            netsuite = NetSuite(client, settings)
        except Problem as problem:
            refused = problem.receipt()
            return [replace(refused, drafted_id=one.drafted_id) for one in commands]
        told: dict[int, Receipt] = {}
        for place, command in enumerate(commands):
            if command.kind == postings.CUSTOMER:
                told[place] = await self._customer(netsuite, command)
        rest = [place for place in range(len(commands)) if place not in told]
        posted = await posting.run(netsuite, self._shelf, [commands[place] for place in rest])
        told |= dict(zip(rest, posted, strict=True))
        return [told[place] for place in range(len(commands))]

    async def _customer(self, netsuite: NetSuite, command: Command) -> Receipt:
        try:
            library = await self._shelf.get(netsuite)
        except Problem as problem:
            return problem.receipt()
        return await customers.upsert(netsuite, library, command)

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        Transactions by external ID, of which NetSuite lets each stand once, and customers by what
        we noted there. Raises CallFailed.
        """
        if not keys:
            return {}
        with read_only():
            netsuite = NetSuite(client, settings)
            library = await self._shelf.get(netsuite)
            held = await lookup.by_keys(netsuite, library, keys)
            found: dict[str, Sequence[Found]] = {key: [one.found] for key, one in held.items()}
            for key, parties in (await customers.by_keys(netsuite, keys)).items():
                found[key] = [*found.get(key, ()), *parties]
        return found

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        try:
            return await probe.steps(NetSuite(client, settings))
        except Problem as problem:
            return [ProbeStep("The connection's settings fit", False, problem.reason)]

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """
        ``journal``: all transactions that touch accounts, ours or not, of whatever type, in the
        subsidiary's currency. ``invoice``, ``credit_memo``, ``payment`` in their own currency.
        """
        with read_only():
            netsuite = NetSuite(client, settings)
            library = await self._shelf.get(netsuite, fresh=kind == "period")
            return await listing.page(netsuite, library, kind, start, end, cursor)

    async def documents(
        self, client: Client, settings: Settings, *, legal_entity: str, number: str
    ) -> Sequence[HeldDocument]:
        """Transactions of any type by their document number. Raises CallFailed."""
        with read_only():
            netsuite = NetSuite(client, settings)
            library = await self._shelf.get(netsuite)
            return await lookup.by_number(netsuite, library, legal_entity, number)


connector = NetSuiteConnector()
