"""What connectors of ERPs have in common: from a call of the contract to the ERP's own work."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar

from connectors.commands import Unfit
from connectors.contract import (
    Command,
    Found,
    HeldDocument,
    ProbeStep,
    Receipt,
    Settings,
    SnapshotRow,
)
from connectors.customers import Customer, fits
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.postings import CUSTOMER, JOURNAL, Posting
from connectors.problem import Problem, read_only
from connectors.shelf import Shelf

S = TypeVar("S")
L = TypeVar("L")


class Erp(ABC, Generic[S, L]):
    """
    CommandSink, SnapshotSource, DocumentSource and Probe. ``S`` is the system as it is called,
    ``L`` what is known of its books.

    ``read_anew`` are the lists that are told from the library and want a fresh one.
    """

    read_anew: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, file: str, shelf: Shelf[S, L]) -> None:
        """``file``: the ``__file__`` beside which the manifest is."""
        self.manifest = Manifest.beside(file)
        self._shelf = shelf

    @abstractmethod
    def caller(self, client: Client, settings: Settings) -> S:
        """Raises Problem when the connection's settings do not fit."""

    @abstractmethod
    async def upsert(self, system: S, commands: Sequence[Command]) -> list[Receipt]:
        """Customers, one receipt for each. Never raises."""

    @abstractmethod
    async def post(self, system: S, commands: Sequence[Command]) -> list[Receipt]:
        """Everything else, one receipt for each. Never raises."""

    @abstractmethod
    async def held(
        self, system: S, library: L, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """``find``. Raises Problem."""

    @abstractmethod
    async def steps(self, system: S) -> Sequence[ProbeStep]:
        """``probe``. Raises Problem."""

    @abstractmethod
    async def page(
        self, system: S, library: L, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """``snapshot``. Raises Problem."""

    @abstractmethod
    async def numbered(
        self, system: S, library: L, legal_entity: str, number: str
    ) -> Sequence[HeldDocument]:
        """``documents``. Raises Problem."""

    def content(self, payload: Mapping[str, Any]) -> str:
        """What the books should hold for a posting. Raises Unfit."""
        return Posting.of(JOURNAL, payload).content

    def content_of(self, customer: Customer) -> str:
        return customer.content

    def digest(self, payload: Mapping[str, Any]) -> str:
        """“” for what cannot be sent."""
        try:
            if fits(payload):
                return self.content_of(Customer.of(payload))
            return self.content(payload)
        except Unfit:
            return ""

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """Customers first: the postings beside them may name them."""
        try:
            system = self.caller(client, settings)
        except Problem as problem:
            refused = problem.receipt()
            return [replace(refused, drafted_id=one.drafted_id) for one in commands]
        told: dict[int, Receipt] = {}
        for do, customers in ((self.upsert, True), (self.post, False)):
            places = [
                place
                for place, command in enumerate(commands)
                if (command.kind == CUSTOMER) == customers
            ]
            if places:
                done = await do(system, [commands[place] for place in places])
                told |= dict(zip(places, done, strict=True))
        return [told[place] for place in range(len(commands))]

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """Raises CallFailed."""
        if not keys:
            return {}
        with read_only():
            system = self.caller(client, settings)
            return await self.held(system, await self._shelf.get(system), keys)

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        try:
            return await self.steps(self.caller(client, settings))
        except Problem as problem:
            return [ProbeStep("The connection's settings fit", False, problem.reason)]

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """All documents in the range, ours or not; the kinds are in the manifest."""
        with read_only():
            system = self.caller(client, settings)
            library = await self._shelf.get(system, fresh=kind in self.read_anew)
            return await self.page(system, library, kind, start, end, cursor)

    async def documents(
        self, client: Client, settings: Settings, *, legal_entity: str, number: str
    ) -> Sequence[HeldDocument]:
        """In the books of the legal entity, by the ERP's own number. Raises CallFailed."""
        with read_only():
            system = self.caller(client, settings)
            library = await self._shelf.get(system)
            return await self.numbered(system, library, legal_entity, number)
