"""What connectors of ERPs have in common: from a call of the contract to the ERP's own work."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

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
from connectors.sending import one_by_one
from connectors.shelf import Shelf

S = TypeVar("S")
L = TypeVar("L")


@dataclass(frozen=True, slots=True)
class Parts(Generic[S, L]):
    """
    What an ERP's own modules do. All raise Problem but ``post``, which gives one receipt for each
    command and raises nothing; ``upsert``, of a customer, raises Unfit as well. ``read_anew`` are
    the lists that are told from the library and want a fresh one.
    """

    system: str
    caller: Callable[[Client, Settings], S]
    shelf: Shelf[S, L]
    upsert: Callable[[S, L, Command], Awaitable[Receipt]]
    post: Callable[[S, Shelf[S, L], Sequence[Command]], Awaitable[list[Receipt]]]
    steps: Callable[[S], Awaitable[Sequence[ProbeStep]]]
    page: Callable[[S, L, str, str, str, str], Awaitable[tuple[Sequence[SnapshotRow], str]]]
    numbered: Callable[[S, L, str, str], Awaitable[Sequence[HeldDocument]]]
    read_anew: frozenset[str] = frozenset()


class Erp(ABC, Generic[S, L]):
    """
    CommandSink, SnapshotSource, DocumentSource and Probe. ``S`` is the system as it is called,
    ``L`` what is known of its books.
    """

    def __init__(self, file: str, parts: Parts[S, L]) -> None:
        """``file``: the ``__file__`` beside which the manifest is."""
        self.manifest = Manifest.beside(file)
        self._parts = parts
        self._shelf = parts.shelf

    @abstractmethod
    async def held(
        self, system: S, library: L, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """``find``. Raises Problem."""

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
            system = self._parts.caller(client, settings)
        except Problem as problem:
            refused = problem.receipt()
            return [replace(refused, drafted_id=one.drafted_id) for one in commands]
        told: dict[int, Receipt] = {}
        for do, customers in ((self._upsert, True), (self._post, False)):
            places = [
                place
                for place, command in enumerate(commands)
                if (command.kind == CUSTOMER) == customers
            ]
            if places:
                done = await do(system, [commands[place] for place in places])
                told |= dict(zip(places, done, strict=True))
        return [told[place] for place in range(len(commands))]

    async def _upsert(self, system: S, commands: Sequence[Command]) -> list[Receipt]:
        async def one(command: Command) -> Receipt:
            return await self._parts.upsert(system, await self._shelf.get(system), command)

        return await one_by_one(self._parts.system, commands, (CUSTOMER,), one)

    async def _post(self, system: S, commands: Sequence[Command]) -> list[Receipt]:
        return await self._parts.post(system, self._shelf, commands)

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """Raises CallFailed."""
        if not keys:
            return {}
        with read_only():
            system = self._parts.caller(client, settings)
            return await self.held(system, await self._shelf.get(system), keys)

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        try:
            return await self._parts.steps(self._parts.caller(client, settings))
        except Problem as problem:
            return [ProbeStep("The connection's settings fit", False, problem.reason)]

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """All documents in the range, ours or not; the kinds are in the manifest."""
        with read_only():
            system = self._parts.caller(client, settings)
            library = await self._shelf.get(system, fresh=kind in self._parts.read_anew)
            return await self._parts.page(system, library, kind, start, end, cursor)

    async def documents(
        self, client: Client, settings: Settings, *, legal_entity: str, number: str
    ) -> Sequence[HeldDocument]:
        """In the books of the legal entity, by the ERP's own number. Raises CallFailed."""
        with read_only():
            system = self._parts.caller(client, settings)
            library = await self._shelf.get(system)
            return await self._parts.numbered(system, library, legal_entity, number)
