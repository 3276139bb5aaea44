"""Tryton as a ledger: journals and invoices in, what it holds out. Written for series 8.2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from connectors.contract import (
    CallFailed,
    Command,
    Found,
    ProbeStep,
    Receipt,
    Settings,
    SnapshotRow,
)
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.systems.tryton import journal, listing, posting, probe
from connectors.systems.tryton.answers import Problem
from connectors.systems.tryton.books import Library, Shelf
from connectors.systems.tryton.lookup import by_keys
from connectors.systems.tryton.wire import Tryton


class TrytonConnector:
    """A CommandSink and a SnapshotSource; accepts ``journal.post`` and ``invoice.post``."""

    def __init__(self) -> None:
        self.manifest = Manifest.beside(__file__)
        self._shelf = Shelf()

    def digest(self, payload: Mapping[str, Any]) -> str:
        return journal.digest(payload)

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """Draft and post; one command by REST, several in one transaction for each step."""
        return await posting.run(Tryton(client, settings), self._shelf, commands)

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """
        What is posted by key, moves and invoices, or the draft when nothing is posted.

        A draft is not in the books: of several only the first is told, and none beside a posted
        document; the next ``send`` of the key deletes the others. Raises CallFailed.
        """
        tryton = Tryton(client, settings)
        with _told():
            held = await by_keys(tryton, await self._shelf.get(tryton), keys) if keys else {}
        return {
            key: [one for one in known if one.posted] or known[:1] for key, known in held.items()
        }

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        return await probe.steps(Tryton(client, settings))

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """
        Kind ``journal``: all moves in the range, ours or not, drafts included; the move of an
        invoice of ours under that invoice's id and key. Kind ``invoice``: all posted customer
        invoices as ``listing.InvoiceRow``, ours or not. Dated by accounting date.
        """
        tryton = Tryton(client, settings)
        with _told():
            library = await self._shelf.get(tryton)
            return await listing.page(tryton, library, kind, start, end, cursor)

    async def books(self, client: Client, settings: Settings) -> Library:
        """Companies with their accounts and periods, read anew. Raises CallFailed."""
        with _told():
            return await self._shelf.get(Tryton(client, settings), fresh=True)


@contextmanager
def _told() -> Iterator[None]:
    """A Problem of a read as the contract's CallFailed."""
    try:
        yield
    except Problem as problem:
        raise CallFailed(
            problem.outcome, problem.reason, retry_after=problem.retry_after
        ) from problem


connector = TrytonConnector()
