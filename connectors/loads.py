"""
One load of facts: what a command ``warehouse.rows`` carries, and what every warehouse answers.

A warehouse keeps a table of its own of the loads that it has, ``TABLE``, by their keys. What is in
it was loaded; what is not is loaded again, which changes nothing that is newer there. It lists the
journals that it holds, so that they can be compared with the books.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from connectors.commands import PayloadRefused, read, refused
from connectors.contract import Command, Found, Outcome, Receipt, Settings, SnapshotRow
from connectors.facts import FACTS, Fact
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.problem import Problem, read_only
from revops.contracts.base import Part
from revops.kernel.keys import sha256
from revops.kernel.strict_json import dumps

KIND: Final = "warehouse.rows"
TABLE: Final = "revops_loads"
# What every warehouse lists, and how many rows it asks for at once.
JOURNAL: Final = "journal"
PAGE: Final = 5_000


class Load(Part):
    """``rows`` hold the columns of ``fact``; those that are absent are loaded as null."""

    fact: str
    legal_entity: str
    rows: tuple[Mapping[str, Any], ...]


def of(command: Command) -> tuple[Fact, Load]:
    """Raises PayloadRefused."""
    load = read(
        command.kind, command.payload, {KIND: Load}, otherwise="These rows cannot be loaded"
    )
    fact = FACTS.get(load.fact)
    if fact is None:
        raise PayloadRefused(f"The warehouse has no table for “{load.fact}”.")
    known = {column.name for column in fact.columns}
    ids: set[int] = set()
    for row in load.rows:
        if strange := sorted(row.keys() - known):
            raise PayloadRefused(f"The table {fact.name} has no column “{strange[0]}”.")
        number = row.get("id")
        if not isinstance(number, int) or not row.get("changed_at"):
            raise PayloadRefused(f"A row of {fact.name} has no id or no time of its change.")
        if number in ids:
            raise PayloadRefused(f"The row {number} of {fact.name} is there twice.")
        ids.add(number)
    return fact, load


def digest(payload: Mapping[str, Any]) -> str:
    """What ``TABLE`` holds beside the key."""
    return sha256(dumps(payload))


def again(command: Command, held: str) -> Receipt:
    """To a load whose key is there already, with the digest ``held``."""
    if held == digest(command.payload):
        return Receipt(Outcome.ALREADY_DONE, external_id=command.key)
    reason = "Other rows were loaded under our key: nothing was overwritten."
    return refused("content_differs", reason)


async def loaded(command: Command, put: Callable[[Fact, Load], Awaitable[str | None]]) -> Receipt:
    """
    ``put`` loads it, or gives the digest of what is there under its key; it raises Problem for a
    load that was not kept, or of which that is not known.
    """
    try:
        held = await put(*of(command))
    except PayloadRefused as refusal:
        return refusal.receipt()
    except Problem as problem:
        return problem.receipt()
    return Receipt(Outcome.OK, external_id=command.key) if held is None else again(command, held)


class Warehouse(ABC):
    """A CommandSink and a SnapshotSource, but for how rows get there and are read."""

    def __init__(self, file: str) -> None:
        """``file`` is that of the connector's module; the manifest is beside it."""
        self.manifest = Manifest.beside(file)

    def digest(self, payload: Mapping[str, Any]) -> str:
        return digest(payload)

    @abstractmethod
    async def held(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, str]:
        """Digests of the loads that are there, by their keys. Raises Problem."""

    @abstractmethod
    async def journals(
        self, client: Client, settings: Settings, *, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """A page of entries by their ids; the cursor is the last one's. Raises Problem."""

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        if not keys:
            return {}
        with read_only():
            held = await self.held(client.until(None), settings, keys)
        return {key: (Found(key, "", posted=True, content_sha256=held[key]),) for key in held}

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        """``kind``: journal."""
        if kind != JOURNAL:
            raise ValueError(f"A warehouse has no list of “{kind}”.")
        with read_only():
            return await self.journals(
                client.until(None), settings, start=start, end=end, cursor=cursor
            )


def journal(
    *, id: int, legal_entity: str, currency: str, dated: str, document_type: str,
    business_key: str, debits: int,
) -> SnapshotRow:  # fmt: skip
    """An entry as its own row and its lines tell it: ``debits`` is what the lines add up to."""
    number = f"JE-{id}"
    return SnapshotRow(
        kind=JOURNAL,
        external_id=str(id),
        key=number,
        currency=currency,
        amount=debits,
        dated=dated,
        state="posted",
        number=number,
        reference=business_key,
        group_key=document_type,
        entity=legal_entity,
    )
