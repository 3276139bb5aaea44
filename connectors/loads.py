"""
One load of facts: what a command ``warehouse.rows`` carries, and what every warehouse answers.

A warehouse keeps a table of its own of the loads that it has, ``TABLE``, by their keys. What is in
it was loaded; what is not is loaded again, which changes nothing that is newer there. It lists the
journals that it holds, so that they can be compared with the books.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.commands import PayloadRefused, read
from connectors.contract import Command, Found, Outcome, Receipt, SnapshotRow
from connectors.facts import FACTS, Fact
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
    return Receipt(Outcome.REFUSED, code="content_differs", reason=reason)


def listed(kind: str) -> None:
    """Raises ValueError for a kind that no warehouse lists."""
    if kind != JOURNAL:
        raise ValueError(f"A warehouse has no list of “{kind}”.")


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


def found(key: str, held: str) -> tuple[Found, ...]:
    """A load that is there, as ``CommandSink.find`` tells it."""
    return (Found(key, "", posted=True, content_sha256=held),)
