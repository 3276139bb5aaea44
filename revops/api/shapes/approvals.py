"""Requests that wait for somebody's yes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from approvals.models import ApprovalRequest, Decision
from approvals.queries.ladder import Rung
from revops.api.paging import Page
from revops.api.shapes.holds import Content, Personal
from revops.api.shapes.money import MoneyOut
from revops.kernel import strict_json
from revops.kernel.money import Money


class ApprovalOut(BaseModel):
    """``sha256`` is what a decision names in If-Match: it counts for exactly this content."""

    id: str
    subject: str
    subject_id: str
    title: Personal
    state: str
    version: int
    sha256: str
    legal_entity: str
    amount: MoneyOut | None
    functional_amount: MoneyOut | None
    tier: int
    step: int
    requested_by: Personal
    requested_at: datetime
    due_at: datetime | None
    expires_at: datetime
    ended_at: datetime | None
    outcome: Personal

    @classmethod
    def of(cls, one: ApprovalRequest) -> Self:
        return cls(
            id=str(one),
            subject=one.subject,
            subject_id=one.subject_id,
            title=one.title,
            state=one.state,
            version=one.version,
            sha256=one.sha256,
            legal_entity=one.entity,
            amount=_money(one.amount, one.currency),
            functional_amount=_money(one.functional, one.functional_currency),
            tier=one.tier,
            step=one.position,
            requested_by=one.requested_by.name if one.requested_by else one.rule,
            requested_at=one.requested_at,
            due_at=one.due_at,
            expires_at=one.expires_at,
            ended_at=one.ended_at,
            outcome=one.outcome,
        )


class StepOut(BaseModel):
    """``roles`` parted by ``|``: one of them decides. ``state`` “void” is of an older version."""

    step: int
    version: int
    roles: str
    state: str
    decided_by: Personal | None
    on_behalf_of: Personal | None
    decided_at: datetime | None
    reason: Personal

    @classmethod
    def of(cls, rung: Rung) -> Self:
        found: Decision | None = rung.decision
        return cls(
            step=rung.position,
            version=rung.version,
            roles=rung.roles,
            state=rung.state,
            decided_by=found.decided_by.name if found else None,
            on_behalf_of=found.on_behalf.name if found and found.on_behalf else None,
            decided_at=found.decided_at if found else None,
            reason=found.reason if found else "",
        )


class ApprovalDetailOut(ApprovalOut):
    """A request with what it asks for and its steps."""

    content: Content = {}
    note: Personal = ""
    steps: list[StepOut] = []

    @classmethod
    def told(cls, one: ApprovalRequest, rungs: Sequence[Rung]) -> Self:
        whole = cls.of(one)
        whole.content = strict_json.loads(one.content)
        whole.note = one.note
        whole.steps = [StepOut.of(rung) for rung in rungs]
        return whole


class ApprovalsOut(Page):
    results: list[ApprovalOut]


class DecisionIn(BaseModel):
    """A decision about the step that waits. A reason is needed unless it approves."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["approve", "send_back", "reject"]
    reason: Annotated[str, Field(max_length=4_000)] = ""


def _money(minor: int | None, currency: str) -> MoneyOut | None:
    return MoneyOut.of(Money(minor, currency)) if minor is not None and currency else None
