"""One load: rows of one fact, as a command carries them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.commands import PayloadRefused, read
from connectors.contract import Command
from connectors.facts import FACTS, Fact
from revops.contracts.base import Part

KIND: Final = "warehouse.rows"


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
    for row in load.rows:
        if strange := sorted(row.keys() - known):
            raise PayloadRefused(f"The table {fact.name} has no column “{strange[0]}”.")
        if not isinstance(row.get("id"), int) or not row.get("changed_at"):
            raise PayloadRefused(f"A row of {fact.name} has no id or no time of its change.")
    return fact, load
