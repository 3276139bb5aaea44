"""Oracle Fusion Cloud Financials as a ledger: journals by import, documents by Receivables."""

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
from connectors.systems.oracle_fusion import customers, listing, lookup, posting, probe
from connectors.systems.oracle_fusion.books import Shelf
from connectors.systems.oracle_fusion.wire import Fusion


class FusionConnector:
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
        """
        Customers one by one, then postings in order. A journal that Fusion is still importing is
        THROTTLED with the request in ``drafted_id``: the next ``send`` asks about that one.
        """
        try:
            fusion = Fusion(client, settings)
        except Problem as problem:
            refused = problem.receipt()
            return [replace(refused, drafted_id=one.drafted_id) for one in commands]
        told: dict[int, Receipt] = {}
        for place, command in enumerate(commands):
            if command.kind == postings.CUSTOMER:
                told[place] = await customers.upsert(fusion, command)
        rest = [place for place in range(len(commands)) if place not in told]
        posted = await posting.run(fusion, self._shelf, [commands[place] for place in rest])
        told |= dict(zip(rest, posted, strict=True))
        return [told[place] for place in range(len(commands))]

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        What is posted by key, or what is not posted yet when nothing is. Raises CallFailed.
        """
        if not keys:
            return {}
        with read_only():
            fusion = Fusion(client, settings)
            library = await self._shelf.get(fusion)
            found: dict[str, Sequence[Found]] = {}
            for key, held in (await lookup.by_keys(fusion, library, keys)).items():
                all_of = [one.found for one in held]
                found[key] = [one for one in all_of if one.posted] or all_of[:1]
            for key, parties in (await customers.by_keys(fusion, keys)).items():
                found[key] = [*found.get(key, ()), *parties]
        return found

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        try:
            return await probe.steps(Fusion(client, settings))
        except Problem as problem:
            return [ProbeStep("The connection's settings fit", False, problem.reason)]

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """
        ``journal``: journals of the general ledger, whoever made them, without those that come
        from Receivables, and each document of Receivables with its distributions.
        """
        with read_only():
            fusion = Fusion(client, settings)
            library = await self._shelf.get(fusion, fresh=kind in ("account", "period"))
            return await listing.page(fusion, library, kind, start, end, cursor)

    async def documents(
        self, client: Client, settings: Settings, *, legal_entity: str, number: str
    ) -> Sequence[HeldDocument]:
        """Journals by their batch's name, documents by their number. Raises CallFailed."""
        with read_only():
            fusion = Fusion(client, settings)
            library = await self._shelf.get(fusion)
            return await lookup.by_number(fusion, library, legal_entity, number)


connector = FusionConnector()
