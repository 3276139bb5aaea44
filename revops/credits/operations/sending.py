"""Sending a request to whoever decides it, and taking it back."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.models import State as Asked
from revops.audit.operations import nothing_to_record, record, recorded
from revops.credits import life
from revops.credits.life import CannotChange
from revops.credits.models import ServiceCredit
from revops.credits.operations import telling
from revops.credits.operations.drafting import ACTION, apply, locked, mine
from revops.credits.queries.sheet import SUBJECT, Draft, Sheet, sheet
from revops.kernel import clock
from revops.kernel.money import Money


class Incomplete(Exception):
    """The request cannot be sent as it is; ``sheet`` says what is missing, field by field."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(" ".join(sheet.problems.values()))
        self.sheet = sheet


@recorded
def send(*, by: User, credit_id: int) -> ServiceCredit:
    """
    Send a draft for approval: the line hears of the request, and the engine asks whoever decides.
    Where policy asks nobody, it is approved when this returns.

    Raises NotAllowed, CreditUnknown, CannotChange, Incomplete, approvals.ApprovalRefused.
    """
    authorize(by, ACTION)
    with transaction.atomic():
        credit = locked(credit_id)
        mine(credit, by)
        if credit.state == life.WAITING and credit.asked_by_id == by.pk:
            nothing_to_record("It was sent already.")
            return credit
        credit.asked_by = by
        _send(credit, by)
        record(
            "credit.sent", by=actor_of(by), kind="credit", reference=credit.number,
            label=str(credit.customer), entity=_entity(credit), after=content_of(credit),
            reason=credit.note,
        )  # fmt: skip
    return credit


def send_by_rule(credit: ServiceCredit) -> None:
    """The rule that raised it asks, in the caller's transaction. Raises what ``send`` raises."""
    _send(credit, None)


def _send(credit: ServiceCredit, by: User | None) -> None:
    now = clock.now()
    found = sheet(Draft.of(credit), by=by.pk if by else None, at=now, credit=credit)
    if found.problems:
        raise Incomplete(found)
    apply(credit, found)
    again = credit.approval_id is not None
    credit.version += 1 if again or credit.sent_at else 0
    credit.state = life.follow(credit.state, life.WAITING)
    credit.sent_at = credit.sent_at or now
    credit.updated_at = now
    credit.answer = ""
    telling.requested(credit)
    credit.save()
    telling.note(credit, _said(credit, again), by=by.name if by else str(credit.rule))
    request = _ask(credit, by)
    # The policy may have said yes by itself, and changed the row meanwhile.
    ServiceCredit.objects.filter(pk=credit.pk).update(approval_id=request.pk)
    credit.refresh_from_db()


def _ask(credit: ServiceCredit, by: User | None) -> ApprovalRequest:
    assert credit.amount is not None
    assert credit.customer is not None
    amount = Money(credit.amount, credit.currency)
    standing = ApprovalRequest.objects.filter(
        pk=credit.approval_id or 0, state__in=[Asked.WAITING, Asked.SENT_BACK]
    ).first()
    if standing is not None and by is not None:
        return approvals.amend(
            request_id=standing.pk, content=content_of(credit), by=by, seen=standing.sha256,
            amount=amount, note=credit.note,
        )  # fmt: skip
    return approvals.ask(
        subject=SUBJECT, subject_id=credit.number, content=content_of(credit), by=by,
        entity=_entity(credit), amount=amount, customer=credit.customer.party_id,
        reason_code=credit.reason_code, note=credit.note,
        rule=str(credit.rule) if credit.rule else "",
    )  # fmt: skip


@recorded
def withdraw(*, by: User, credit_id: int, reason: str) -> ServiceCredit:
    """
    Take back what has not been decided. Raises NotAllowed, CreditUnknown, CannotChange, and what
    the engine refuses.
    """
    authorize(by, ACTION)
    with transaction.atomic():
        credit = locked(credit_id)
        mine(credit, by)
        if credit.state not in (life.WAITING, life.DRAFT) or credit.approval_id is None:
            raise CannotChange(f"{credit} is {life.STATES[credit.state].lower()} already.")
        # The engine tells the subject, which changes this row.
        approvals.withdraw(request_id=credit.approval_id, by=by, reason=reason)
        credit.refresh_from_db()
    return credit


def content_of(credit: ServiceCredit) -> dict[str, Any]:
    """What is asked for, as approvers see and the engine hashes it."""
    assert credit.invoice is not None
    assert credit.customer is not None
    assert credit.entitled_on is not None
    return {
        "credit": credit.pk,
        "number": credit.number,
        "customer": credit.customer.party.name or credit.customer.name,
        "party": credit.customer.party_id,
        "invoice": credit.invoice_id,
        "invoice_number": credit.invoice.number,
        "ticket": credit.ticket,
        "credit_type": credit.credit_type,
        "reason": credit.reason_code,
        "currency": credit.currency,
        "amount": credit.amount,
        "tax": credit.expected_tax,
        "maximum": credit.maximum,
        "beyond": credit.beyond,
        "entitled_on": credit.entitled_on.isoformat(),
        "note": credit.note,
        "rule": str(credit.rule) if credit.rule else "",
    }


def _entity(credit: ServiceCredit) -> str:
    return credit.legal_entity.code if credit.legal_entity else ""


def _said(credit: ServiceCredit, again: bool) -> str:
    assert credit.amount is not None
    money = Money(credit.amount, credit.currency)
    return f"Sent {'again ' if again else ''}for approval: {money} before tax."
