"""Cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel

from exceptions.models import Case, CaseEntry
from revops.api.paging import Page
from revops.api.shapes.holds import Personal
from revops.api.shapes.money import MoneyOut


class CaseOut(BaseModel):
    """Work for a person. ``at_stake`` is null when nobody knows the amount yet."""

    id: str
    kind: str
    state: str
    cause: Personal
    what_happened: Personal
    legal_entity: str | None
    period: str
    at_stake: MoneyOut | None
    customer: Personal
    subject: Personal
    connection: str
    owner_team: str
    occurrences: int
    event: str | None
    command: str | None
    correlation_id: str
    opened_at: datetime
    latest_at: datetime
    due_at: datetime
    checks_at: datetime | None
    resolved_at: datetime | None
    resolution: Personal

    @classmethod
    def of(cls, case: Case) -> Self:
        known = case.at_stake is not None and case.currency
        return cls(
            id=str(case),
            kind=case.kind,
            state=case.state,
            cause=case.cause,
            what_happened=case.what_happened,
            legal_entity=case.legal_entity.code if case.legal_entity else None,
            period=case.period_code,
            at_stake=MoneyOut(minor=case.at_stake or 0, currency=case.currency) if known else None,
            customer=case.customer_name,
            subject=case.subject_label,
            connection=case.connection_slug,
            owner_team=case.owner_team,
            occurrences=case.occurrences,
            event=f"EVT-{case.inbound_id}" if case.inbound_id else None,
            command=f"CMD-{case.command_id}" if case.command_id else None,
            correlation_id=case.correlation_id,
            opened_at=case.opened_at,
            latest_at=case.latest_at,
            due_at=case.due_at,
            checks_at=case.checks_at,
            resolved_at=case.resolved_at,
            resolution=case.resolution,
        )


class StoryOut(BaseModel):
    at: datetime
    text: Personal
    by: Personal | None


class CaseDetailOut(CaseOut):
    """A case with why it matters, what it blocks, and its story, oldest first."""

    facts: list[tuple[str, Personal]] = []
    blocked_steps: list[str] = []
    story: list[StoryOut] = []

    @classmethod
    def told(cls, case: Case, story: Sequence[CaseEntry]) -> Self:
        whole = cls.of(case)
        whole.facts = [(label, value) for label, value in case.facts]
        whole.blocked_steps = case.blocked_steps
        whole.story = [
            StoryOut(at=entry.at, text=entry.text, by=entry.by.name if entry.by else None)
            for entry in story
        ]
        return whole


class CasesOut(Page):
    results: list[CaseOut]
