"""What changed, from what to what, by which event: written with the batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from revops.canonical.operations.rows import FieldChange, Json
from revops.canonical.operations.writing import shown
from revops.store import sql

# (record kind, record id, field, before, after, inbound event, position); values are JSON texts.
Line = tuple[str, int, str, Json | None, Json | None, int | None, int]

_CHANGES = sql.Columns(
    "canonical_recordchange",
    record_kind="text",
    record_id="bigint",
    field="text",
    before="jsonb",
    after="jsonb",
    event_id="bigint",
    position="smallint",
    by="text",
    at="timestamptz",
)


def lines(changes: Sequence[FieldChange], json_fields: frozenset[str]) -> list[Line]:
    """Changes of rows; columns in ``json_fields`` hold JSON text already."""
    return [
        (
            one.kind, one.record_id, one.field, _value(one, one.before, json_fields),
            _value(one, one.after, json_fields), one.told.event_id, one.told.position,
        )
        for one in changes
    ]  # fmt: skip


def write(found: Sequence[Line], at: datetime, *, by: str = "") -> None:
    """``by`` names the person, for changes that no event made."""
    _CHANGES.insert([(*line, by, at) for line in found])


def _value(change: FieldChange, value: Any, json_fields: frozenset[str]) -> Json:
    return str(value) if change.field in json_fields else shown(value)
