"""Where what a system sends differs from what its connector knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connectors.models import DriftKind
from revops.store import sql

SHOWN: Final = 12

_DRIFTS: Final = """
SELECT id, object_kind, path, change, known, seen, example, count, first_seen_at, last_seen_at,
    accepted_at, accepted_by, count(*) FILTER (WHERE accepted_at IS NULL) OVER () AS open
FROM connectors_schemadrift WHERE connection_id = %s
ORDER BY (accepted_at IS NOT NULL), (change = 'appeared'), last_seen_at DESC, id LIMIT %s
"""
_WORDS: Final = {
    DriftKind.APPEARED.value: ("info", "New field"),
    DriftKind.MISSING.value: ("warn", "Missing"),
    DriftKind.RETYPED.value: ("warn", "Another type"),
}


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. ``was`` and ``now`` are words for types; ``example`` is masked."""

    id: int
    tone: str
    word: str
    object_kind: str
    path: str
    was: str
    now: str
    example: str
    count: int
    first_at: datetime
    last_at: datetime
    accepted_at: datetime | None
    accepted_by: str


@dataclass(frozen=True, slots=True)
class Drifts:
    """``open`` counts all that nobody accepted; ``rows`` are the first, what matters on top."""

    open: int
    rows: Sequence[Drift]

    @property
    def to_accept(self) -> Sequence[Drift]:
        return [one for one in self.rows if one.accepted_at is None]

    @property
    def accepted(self) -> Sequence[Drift]:
        return [one for one in self.rows if one.accepted_at is not None]


def drifts(connection_id: int) -> Drifts:
    """One query."""
    rows = sql.rows(_DRIFTS, (connection_id, SHOWN))
    return Drifts(rows[0].open if rows else 0, [_drift(row) for row in rows])


def _drift(row: Any) -> Drift:
    tone, word = _WORDS[row.change]
    return Drift(
        id=row.id,
        tone=tone,
        word=word,
        object_kind=row.object_kind,
        path=row.path,
        was=row.known,
        now=row.seen,
        example=row.example,
        count=row.count,
        first_at=row.first_seen_at,
        last_at=row.last_seen_at,
        accepted_at=row.accepted_at,
        accepted_by=row.accepted_by,
    )
