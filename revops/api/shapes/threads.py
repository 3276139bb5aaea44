"""The thread of money, hop by hop."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from revops.api.shapes.holds import Personal
from revops.api.shapes.money import MoneyOut
from revops.lineage.queries import Hop, Thread
from revops.web.statuses import look


class IdOut(BaseModel):
    """An id and the system (or kind of number) that it is of."""

    system: str
    id: str


class TryOut(BaseModel):
    """One call to the ERP; ``asked`` when it only read. ``took_ms`` is null while unanswered."""

    number: int
    asked: bool
    at: datetime
    outcome: str
    http_status: int | None
    reason: Personal
    took_ms: int | None


class HopOut(BaseModel):
    """
    One step. ``missing`` says why something that should exist does not; ``difference`` is this
    amount less the one it follows from.
    """

    key: str
    kind: str
    id: int | None
    label: str
    name: Personal
    system: str
    status: str
    status_word: str
    ids: list[IdOut]
    amount: MoneyOut | None
    difference: MoneyOut | None
    note: Personal
    missing: Personal
    began: datetime | None
    at: datetime | None
    aside: bool
    legal_entity: str
    correlation_id: str
    facts: list[tuple[str, Personal]]
    attempts: list[TryOut]

    @classmethod
    def of(cls, hop: Hop) -> Self:
        return cls(
            key=hop.key,
            kind=hop.kind,
            id=hop.id,
            label=hop.label,
            name=hop.name,
            system=hop.system,
            status=hop.status,
            status_word=hop.status_word or look(hop.status).word,
            ids=[IdOut(system=system, id=id) for system, id in hop.ids],
            amount=MoneyOut.of(hop.amount) if hop.amount else None,
            difference=MoneyOut.of(hop.difference) if hop.difference else None,
            note=hop.note,
            missing=hop.missing,
            began=hop.began,
            at=hop.at,
            aside=hop.aside,
            legal_entity=hop.legal_entity,
            correlation_id=hop.correlation_id,
            facts=[(label, value) for label, value in hop.facts],
            attempts=[
                TryOut(
                    number=one.number,
                    asked=one.asked,
                    at=one.at,
                    outcome=one.outcome,
                    http_status=one.http_status,
                    reason=one.reason,
                    took_ms=round(one.took.total_seconds() * 1000) if one.took else None,
                )
                for one in hop.tries
            ],
        )


class ThreadOut(BaseModel):
    """
    All hops in the order of the story, from the first event to the ERP's entry. ``left_out``
    counts records beyond the bound of 500.
    """

    kind: str
    id: int
    subject: str
    problems: list[str]
    left_out: int
    hops: list[HopOut]

    @classmethod
    def of(cls, thread: Thread) -> Self:
        return cls(
            kind=thread.kind,
            id=thread.id,
            subject=thread.subject.key,
            problems=[hop.key for hop in thread.problems],
            left_out=thread.left_out,
            hops=[HopOut.of(hop) for hop in thread.hops],
        )
