"""Journal entries and how their posting stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel

from revops.api.paging import Page
from revops.api.queries import POSTING
from revops.api.shapes.holds import Personal
from revops.api.shapes.money import MoneyOut
from revops.delivery.decide import State
from revops.delivery.models import OutboundCommand
from revops.ledger.models import JournalEntry, JournalLine


class PostingOut(BaseModel):
    """How one ERP's posting of an entry stands. ``external_number`` is what its people see."""

    connection: str
    lane: str
    state: str
    external_id: str | None
    external_number: str
    attempts: int
    reason: Personal
    finished_at: datetime | None

    @classmethod
    def of(cls, command: OutboundCommand) -> Self:
        return cls(
            connection=command.connection.slug,
            lane=command.lane,
            state=POSTING[State(command.state)],
            external_id=command.external_id,
            external_number=command.external_number,
            attempts=command.attempts,
            reason=command.reason,
            finished_at=command.finished_at,
        )


class JournalOut(BaseModel):
    """A balanced entry; ``amount`` is the sum of its debits."""

    id: str
    legal_entity: str
    period: str
    accounting_date: date
    document_type: str
    business_key: str
    revision: int
    amount: MoneyOut
    description: Personal
    rule: str
    mapping_version: int
    reverses: str | None
    correlation_id: str
    recorded_at: datetime
    postings: list[PostingOut]

    @classmethod
    def of(cls, entry: JournalEntry, postings: Sequence[OutboundCommand]) -> Self:
        return cls(
            id=str(entry),
            legal_entity=entry.legal_entity.code,
            period=entry.period.code,
            accounting_date=entry.accounting_date,
            document_type=entry.document_type,
            business_key=entry.business_key,
            revision=entry.revision,
            amount=MoneyOut(minor=entry.amount, currency=entry.currency),
            description=entry.description,
            rule=entry.rule,
            mapping_version=entry.mapping_version,
            reverses=f"JE-{entry.reverses_id}" if entry.reverses_id else None,
            correlation_id=entry.correlation_id,
            recorded_at=entry.recorded_at,
            postings=[PostingOut.of(command) for command in postings],
        )


class LineOut(BaseModel):
    """``amount`` is signed, debit positive; ``functional`` is in the entity's own currency."""

    account: str
    amount: MoneyOut
    functional: MoneyOut
    memo: Personal
    service_start: date | None
    service_end: date | None

    @classmethod
    def of(cls, line: JournalLine, entry: JournalEntry) -> Self:
        return cls(
            account=line.account,
            amount=MoneyOut(minor=line.amount, currency=entry.currency),
            functional=MoneyOut(minor=line.functional, currency=entry.functional_currency),
            memo=line.memo,
            service_start=line.service_start,
            service_end=line.service_end,
        )


class JournalDetailOut(JournalOut):
    lines: list[LineOut] = []

    @classmethod
    def whole(
        cls,
        entry: JournalEntry,
        postings: Sequence[OutboundCommand],
        lines: Sequence[JournalLine],
    ) -> Self:
        detail = cls.of(entry, postings)
        detail.lines = [LineOut.of(line, entry) for line in lines]
        return detail


class JournalsOut(Page):
    results: list[JournalOut]
