"""Where systems differ from a field's owner: opened, kept up to date, and closed by agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from revops.canonical.operations.ownership import MONEY, Ruling, Said, same
from revops.store import sql

Key = tuple[int, str, int]


@dataclass(frozen=True, slots=True)
class Settled:
    """A field of a record (``party`` or ``contract``) was settled; ``standing`` is what it was."""

    record_id: int
    field: str
    legal_entity_id: int | None
    ruling: Ruling
    standing: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a record on which ``other`` differs from the owner; JSON texts."""

    kind: str
    record_id: int
    legal_entity_id: int | None
    field: str
    owner_id: int | None
    owner_value: str
    other_id: int
    other_value: str
    event_id: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Differences in money that are new or other than before, and records that have none left."""

    opened: tuple[Difference, ...] = ()
    agreed: tuple[tuple[str, int], ...] = ()


def settle(kind: str, found: Sequence[Settled], at: datetime) -> Outcome:
    """Make the drifts of these records and fields what their rulings say."""
    if not found:
        return Outcome()
    ids = sorted({one.record_id for one in found})
    standing: dict[Key, Any] = {
        (row.record_id, row.field, row.other_id): row for row in sql.rows(_OPEN, (kind, ids))
    }
    wanted = {
        (one.record_id, one.field, said.connection_id): (one, said)
        for one in found
        for said in one.ruling.drifts
    }
    fresh, changed = [], []
    opened: list[Difference] = []
    for key, (one, said) in wanted.items():
        owner = one.ruling.by
        row = standing.get(key)
        values = (
            one.ruling.owner_id, one.ruling.value or "null", owner.at if owner else None,
            owner.event_id if owner else None, said.value, said.at, said.event_id,
        )  # fmt: skip
        if row is None:
            agreed = _agreed(one, said)
            fresh.append((
                kind, one.record_id, one.field, one.legal_entity_id, said.connection_id,
                said.source_id, one.field in MONEY, *agreed, *values, at,
            ))  # fmt: skip
        elif not (
            same(one.field, row.owner_value, one.ruling.value)
            and same(one.field, row.other_value, said.value)
            and row.owner_id == one.ruling.owner_id
        ):
            changed.append((row.id, *values))
        else:
            continue
        if one.field in MONEY:
            opened.append(
                Difference(
                    kind, one.record_id, one.legal_entity_id, one.field, one.ruling.owner_id,
                    one.ruling.value, said.connection_id, said.value, said.event_id,
                )
            )  # fmt: skip
    asked = {(one.record_id, one.field) for one in found}
    over = [row for key, row in standing.items() if key not in wanted and key[:2] in asked]
    _DRIFTS.insert(fresh)
    if changed:
        sql.run(_UPDATE, [list(column) for column in zip(*changed, strict=True)])
    if over:
        sql.run(_CLOSE, (at, [row.id for row in over]))
    left = {key[0] for key in wanted if key[1] in MONEY} | {
        key[0]
        for key, row in standing.items()
        if row.money and key not in wanted and key[:2] not in asked
    }
    ended = sorted({row.record_id for row in over if row.money} - left)
    return Outcome(tuple(opened), tuple((kind, record_id) for record_id in ended))


def _agreed(one: Settled, other: Said) -> tuple[str | None, datetime | None, int | None]:
    """What both said before they parted, and who said it when; nothing if they never agreed."""
    owner = one.ruling.by
    if other.news == "first" or owner is None or owner.news == "first":
        return None, None, None
    if other.news == "changed":
        return owner.value, owner.at, owner.event_id
    if same(one.field, other.value, one.standing):
        return other.value, other.at, other.event_id
    return None, None, None


_OPEN = """
SELECT id, record_id, field, owner_id, other_id, money, owner_value::text, other_value::text
FROM canonical_drift WHERE record_kind = %s AND record_id = ANY(%s) AND closed_at IS NULL
"""
_DRIFTS = sql.Columns(
    "canonical_drift",
    record_kind="text",
    record_id="bigint",
    field="text",
    legal_entity_id="bigint",
    other_id="bigint",
    other_source_id="text",
    money="boolean",
    agreed="jsonb",
    agreed_at="timestamptz",
    agreed_event_id="bigint",
    owner_id="bigint",
    owner_value="jsonb",
    owner_at="timestamptz",
    owner_event_id="bigint",
    other_value="jsonb",
    other_at="timestamptz",
    other_event_id="bigint",
    opened_at="timestamptz",
)
_UPDATE = """
UPDATE canonical_drift drift SET owner_id = new.owner_id, owner_value = new.owner_value,
    owner_at = new.owner_at, owner_event_id = new.owner_event_id, other_value = new.other_value,
    other_at = new.other_at, other_event_id = new.other_event_id
FROM unnest(%b::bigint[], %b::bigint[], %b::jsonb[], %b::timestamptz[], %b::bigint[], %b::jsonb[],
        %b::timestamptz[], %b::bigint[])
    AS new (id, owner_id, owner_value, owner_at, owner_event_id, other_value, other_at,
        other_event_id)
WHERE drift.id = new.id
"""
_CLOSE = "UPDATE canonical_drift SET closed_at = %s WHERE id = ANY(%s)"
