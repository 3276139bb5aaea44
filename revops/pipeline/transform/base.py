"""What is asked of a mapping, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from revops.contracts.base import EventData


@dataclass(frozen=True, slots=True)
class Ask:
    """
    One payload that is wanted: for which target, about which record, because of which event.

    ``version`` grows with every newer statement. ``made_id`` is what the target called the thing
    that is now to be taken back; empty when nothing is.
    """

    step_id: int
    connection_id: int
    event: EventData
    occurred_at: datetime
    record_kind: str
    record_id: int
    legal_entity: str
    source: str
    version: int
    made_id: str = ""

    @property
    def event_type(self) -> str:
        return self.event.contract.partition("/")[0]

    @property
    def record(self) -> tuple[str, int]:
        return self.record_kind, self.record_id


@dataclass(frozen=True, slots=True)
class Made:
    """
    ``key`` is the business identity of what is told or made, without the kind of command.
    ``amount`` in minor units of ``currency`` is the money that hangs on it, 0 when none does.
    ``subject`` is the record that it is about, when that is not the event's.
    """

    key: str
    payload: Mapping[str, Any]
    currency: str = ""
    amount: int = 0
    subject: tuple[str, int] = ("", 0)


@dataclass(frozen=True, slots=True)
class NotNeeded:
    """There is nothing to tell; ``why`` in a sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class Unready:
    """
    Something is not known yet; ``why`` in a sentence. ``waits_for`` is the name of what the step
    goes on with at once when it comes: a customer as one (``account_of``), or a system's record as
    parked events name it (``record_of``). Empty when nothing of that kind has a name.
    """

    why: str
    waits_for: str = ""


def account_of(party_id: int) -> str:
    """An account of this customer in the target's system."""
    return f"party:{party_id}"


def record_of(connection_id: int, kind: str, source_id: str) -> str:
    """A record that a connection has still to tell of."""
    return f"{connection_id}:{kind}:{source_id}"


Answer = Made | NotNeeded | Unready
