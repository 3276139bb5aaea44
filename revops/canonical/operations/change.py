"""What applying an event did to a record."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime


class Effect(enum.StrEnum):
    """
    STALE: a newer version was known. FOREIGN: another system owns it, so it was only kept as a
    claim. CONFLICT: two stories about a fact that does not change. None of them changed a record.
    """

    CREATED = "created"
    CHANGED = "changed"
    SAME = "same"
    STALE = "stale"
    FOREIGN = "foreign"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Change:
    """
    ``record_id`` of the record that the event was about (0 when there is none), and what happened.

    ``tie``: another event said something else at the same moment, and only the source can say which
    is right. ``owned`` is false when nothing of what changed is the source's to decide: then nobody
    is told.
    """

    kind: str
    record_id: int
    effect: Effect
    note: str = ""
    tie: bool = False
    owned: bool = True


@dataclass(frozen=True, slots=True)
class Telling:
    """
    The circumstances of an event: the source's version of the object and when it was told, whose
    books, the story, and the inbound event with the meaning's position in it. ``corrects``: a
    person corrected facts that were never booked, so they take the place of those that are known.
    """

    version: int
    legal_entity_id: int | None
    correlation_id: str
    at: datetime | None = None
    event_id: int | None = None
    position: int = 0
    corrects: bool = False
