"""Tryton as a ledger: journals, invoices and customers in, what it holds out. For series 8.2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
from connectors.systems.tryton import customers, journal, listing, posting, probe
from connectors.systems.tryton.books import Library, Shelf
from connectors.systems.tryton.lookup import by_keys, by_number
from connectors.systems.tryton.wire import Tryton


class TrytonConnector:
    """
    A CommandSink and a SnapshotSource; accepts ``journal.post``, ``invoice.post``,
    ``credit_memo.post``, ``payment.post`` and ``customer.upsert``.
    """

    def __init__(self) -> None:
        self.manifest = Manifest.beside(__file__)
        self._shelf = Shelf()

    def digest(self, payload: Mapping[str, Any]) -> str:
        return customers.digest(payload) if customers.fits(payload) else journal.digest(payload)

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """
        Customers one by one, then journals and invoices: drafted and posted, one by REST, several
        in one transaction for each step.
        """
        tryton = Tryton(client, settings)
        told = {
            place: await customers.upsert(tryton, command)
            for place, command in enumerate(commands)
            if command.kind == customers.KIND
        }
        rest = [place for place in range(len(commands)) if place not in told]
        posted = await posting.run(tryton, self._shelf, [commands[place] for place in rest])
        told |= dict(zip(rest, posted, strict=True))
        return [told[place] for place in range(len(commands))]

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        What is posted by key, moves and invoices, or the draft when nothing is posted; parties.

        A draft is not in the books: of several only the first is told, and none beside a posted
        document; the next ``send`` of the key deletes the others. Raises CallFailed.
        """
        tryton = Tryton(client, settings)
        with read_only():
            held = await by_keys(tryton, await self._shelf.get(tryton), keys) if keys else {}
            found = {
                key: [one for one in known if one.posted] or known[:1]
                for key, known in held.items()
            }
            for key, parties in (await customers.by_keys(tryton, keys)).items():
                found[key] = [*found.get(key, ()), *parties]
        return found

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        return await probe.steps(Tryton(client, settings))

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """
        Kind ``journal``: all moves in the range, ours or not, drafts included; the move of an
        invoice of ours under that invoice's id and key. ``invoice``, ``credit_memo``, ``payment``:
        all posted ones with what is open, ours or not; dated by accounting date. ``customer`` and
        ``account``: all there are. ``period``: those that the range touches.
        """
        tryton = Tryton(client, settings)
        with read_only():
            library = await self._shelf.get(tryton)
            return await listing.page(tryton, library, kind, start, end, cursor)

    async def documents(
        self, client: Client, settings: Settings, *, legal_entity: str, number: str
    ) -> Sequence[HeldDocument]:
        """Moves of the entity's company by their number, drafts included. Raises CallFailed."""
        tryton = Tryton(client, settings)
        with read_only():
            library = await self._shelf.get(tryton)
            return await by_number(tryton, library, legal_entity, number)

    async def books(self, client: Client, settings: Settings) -> Library:
        """Companies with their accounts and periods, read anew. Raises CallFailed."""
        with read_only():
            return await self._shelf.get(Tryton(client, settings), fresh=True)


connector = TrytonConnector()
