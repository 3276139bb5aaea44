"""What applying an event did to a record."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Effect(enum.StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    SAME = "same"
    STALE = "stale"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Change:
    """``record_id`` of the record that the event was about, and what happened to it."""

    kind: str
    record_id: int
    effect: Effect
    note: str = ""
