"""Reading the maps: every row of a kind as slots by entity and key; and which day it is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from revops.kernel.clock import local_date
from revops.mappings.changing import Slot
from revops.mappings.kinds import MapKind
from revops.mappings.models import LegalEntity

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a map with what the grid says of it; the last three only where it is dated."""

    entity: str
    key: str
    slot: Slot
    version: int | None = None
    by: str = ""
    at: datetime | None = None


def rows_of(kind: MapKind) -> list[Row]:
    """Every row that the session sees, by key and entity. One query."""
    if kind.added:
        return []
    found = [
        Row(
            kind.entity_of(row),
            kind.key_of(row),
            _slot(kind, row),
            row.get("version_id"),
            row.get("version__made_by", ""),
            row.get("version__made_at"),
        )
        for row in kind.read()
    ]
    return sorted(found, key=lambda one: (one.key, one.entity, one.slot.since))


def slots_of(kind: MapKind) -> Mapping[Place, list[Slot]]:
    """The slots of each entity and key, by their first day. One query."""
    found: dict[Place, list[Slot]] = defaultdict(list)
    for row in rows_of(kind):
        found[row.entity, row.key].append(row.slot)
    return found


@dataclass(frozen=True, slots=True)
class Today:
    """
    The day that it is where the legal entities are: for some hours two, ``first`` farthest west.
    """

    first: date
    last: date


def today(at: datetime, *, entity: str = "") -> Today:
    """That of the legal entity with this code, or of all; UTC's where there is none. One query."""
    rows = LegalEntity.objects.all()
    rows = rows.filter(code=entity) if entity else rows
    zones = set(rows.values_list("zone", flat=True)) or {"UTC"}
    days = [local_date(at, zone) for zone in zones]
    return Today(min(days), max(days))


def _slot(kind: MapKind, row: Mapping[str, Any]) -> Slot:
    said = kind.said(row)
    if not kind.dated:
        return Slot(said, date.min, None, row["pk"])
    return Slot(said, row["valid"].lower or date.min, row["valid"].upper, row["pk"])
