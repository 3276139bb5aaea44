"""
Making and changing rows in memory, the same for every kind.

Order does not matter: what is newest is decided by (version, when told, rank), and between equals
by content, never by arrival.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from revops.canonical.operations.change import Change, Effect, Telling
from revops.canonical.operations.rows import Row
from revops.canonical.operations.table import Table
from revops.contracts.base import EventData
from revops.kernel import strict_json
from revops.kernel.keys import sha256

_DAWN: Final = datetime(1, 1, 1, tzinfo=UTC)
_STALE: Final = "A newer version is already known."


def content_of(data: EventData) -> str:
    """The hash that says whether two events state the same facts."""
    return sha256(strict_json.dumps(data.model_dump(mode="json")))


def json_of(parts: Any) -> str:
    """A tuple of contract parts as canonical JSON text."""
    return strict_json.dumps([part.model_dump(mode="json") for part in parts])


def order(told: Telling, rank: int) -> tuple[int, datetime, int]:
    """What a larger one of is newer."""
    return told.version, told.at or _DAWN, rank


def standing(row: Row) -> tuple[int, datetime, int]:
    """The order of what the row holds."""
    return row.version, row.told_at or _DAWN, row.rank


def make(
    table: Table[Any],
    source_id: str,
    fields: Mapping[str, Any],
    rank: int,
    told: Telling,
) -> Change:
    """A record that was not known."""
    row = table.add(
        source_id=source_id,
        legal_entity_id=told.legal_entity_id,
        version=told.version,
        told_at=told.at,
        rank=rank,
        correlation_id=told.correlation_id,
        first_event_id=told.event_id,
        **fields,
    )
    return Change(table.name, row.id, Effect.CREATED)


def put(
    table: Table[Any],
    row: Row | None,
    source_id: str,
    fields: Mapping[str, Any],
    rank: int,
    told: Telling,
) -> Change:
    """Create, or change when the event is newer; an older version never overwrites (B3)."""
    if row is None:
        return make(table, source_id, fields, rank, told)
    if order(told, rank) < standing(row):
        return Change(table.name, row.id, Effect.STALE, _STALE)
    tie = order(told, rank) == standing(row)
    if tie:
        said, known = _content(fields), _content({name: getattr(row, name) for name in fields})
        if said == known:
            return Change(table.name, row.id, Effect.SAME)
        if said < known:
            note = "Another event of the same moment says something else."
            return Change(table.name, row.id, Effect.STALE, note, tie=True)
    changed = table.change(row, told, **fields)
    table.advance(row, version=told.version, told_at=told.at, rank=rank)
    return Change(table.name, row.id, Effect.CHANGED if changed else Effect.SAME, tie=tie)


def fact(change: Change, table: Table[Any], row: Row, told: Telling, **fields: Any) -> Change:
    """
    Add what an event alone knows to what ``change`` says, whether or not the event was the newest.
    """
    if not table.change(row, told, **fields) or change.effect in (Effect.CREATED, Effect.CHANGED):
        return change
    return Change(change.kind, change.record_id, Effect.CHANGED, change.note, change.tie)


def _content(fields: Mapping[str, Any]) -> list[str]:
    """Comparable, and without our own ids, which depend on who came first."""
    return [shown(value) for name, value in sorted(fields.items()) if not name.endswith("_id")]


def shown(value: Any) -> str:
    """A column's value as JSON text, as the history keeps it."""
    if isinstance(value, date):
        value = value.isoformat()
    elif isinstance(value, Decimal):
        value = format(value.normalize(), "f")
    return strict_json.dumps(value)
