"""
Taking back an issued credit: somebody asks, somebody else agrees, billing voids its credit note.
The void comes back as an event: the ERP gets the mirror, and the others are told.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.models import State as Asked
from approvals.subjects import CannotApply
from revops.audit.operations import record, recorded
from revops.credits import life
from revops.credits.life import CannotChange
from revops.credits.models import ServiceCredit
from revops.credits.operations import telling
from revops.credits.operations.drafting import ACTION, locked
from revops.credits.queries.reversible import hindrance, made_by
from revops.kernel import clock
from revops.kernel.actor import system
from revops.kernel.money import Money
from revops.pipeline import wake
from revops.pipeline.flows.undo import CannotUndo, undo

REVERSAL: Final = "credit_reversal"


@recorded
def ask(*, by: User, credit_id: int, reason: str) -> ApprovalRequest:
    """
    Ask that an issued credit is taken back. Raises NotAllowed, CreditUnknown, CannotChange when it
    was used since or is asked for already, and approvals.ApprovalRefused.
    """
    authorize(by, ACTION)
    with transaction.atomic():
        credit = locked(credit_id)
        back = _sent_back(credit)
        why = hindrance(credit)
        if credit.reversing and back is None:
            why = "Taking it back is asked for already."
        if why:
            raise CannotChange(why)
        assert credit.legal_entity is not None
        assert credit.amount is not None
        credit.reversing = life.ASKED
        credit.updated_at = clock.now()
        credit.save()
        content, amount = content_of(credit, reason), Money(credit.amount, credit.currency)
        if back is not None:
            request = approvals.amend(
                request_id=back.pk, content=content, by=by, seen=back.sha256, amount=amount,
                note=reason,
            )  # fmt: skip
        else:
            request = approvals.ask(
                subject=REVERSAL, subject_id=credit.number, content=content, by=by,
                entity=credit.legal_entity.code, amount=amount, reason_code=credit.reason_code,
                note=reason,
            )  # fmt: skip
        ServiceCredit.objects.filter(pk=credit.pk).update(reversal_id=request.pk)
        telling.note(credit, f"{by.name} asked to take it back: {reason}", by=by.name)
        record(
            "credit.reversal_asked", by=actor_of(by), kind="credit", reference=credit.number,
            label=str(credit.customer), entity=credit.legal_entity.code, reason=reason,
        )  # fmt: skip
    return request


def _sent_back(credit: ServiceCredit) -> ApprovalRequest | None:
    """The request that somebody answered with a question, so that it may come again."""
    return ApprovalRequest.objects.filter(pk=credit.reversal_id or 0, state=Asked.SENT_BACK).first()


def content_of(credit: ServiceCredit, reason: str) -> dict[str, Any]:
    """What is asked for, as approvers see and the engine hashes it."""
    memo, customer, invoice = credit.memo, credit.customer, credit.invoice
    assert memo is not None
    assert customer is not None
    assert invoice is not None
    return {
        "credit": credit.pk,
        "number": credit.number,
        "customer": customer.party.name or customer.name,
        "party": customer.party_id,
        "memo": memo.pk,
        "memo_number": memo.number or memo.source_id,
        "invoice": invoice.pk,
        "invoice_number": invoice.number,
        "currency": credit.currency,
        "amount": credit.amount,
        "total": memo.total,
        "reason": reason,
    }


@recorded
def agree(request: ApprovalRequest, credit_id: int, *, by: User | None) -> str:
    """Agreed: billing is asked to void the note. Raises CannotApply when it was used since."""
    credit = locked(credit_id)
    why = hindrance(credit)
    run = made_by(credit)
    if why or run is None:
        raise CannotApply(why or "Its credit note was made by nobody here.")
    who = by.name if by else "Policy"
    try:
        woken = undo(run, why=f"{who}: {request.note[:400]}", at=clock.now())
    except CannotUndo as error:
        raise CannotApply(str(error)) from error
    for connection_id in woken:
        transaction.on_commit(partial(wake.delivery, connection_id), robust=True)
    credit.reversing = life.AGREED
    credit.updated_at = clock.now()
    credit.save()
    telling.note(credit, f"{who} agreed to take it back. Billing voids the note.", by=who)
    record(
        "credit.reversal_agreed", by=actor_of(by) if by else system("approvals", "Policy"),
        kind="credit", reference=credit.number, entity=request.entity, label=request.title,
    )  # fmt: skip
    return f"Billing is asked to void the credit note of {credit}."


def refuse(request: ApprovalRequest, credit_id: int, verdict: str) -> None:
    """It stays issued. What was sent back may still come again, and is asked for until then."""
    credit = locked(credit_id)
    if verdict == "send_back" or credit.reversing != life.ASKED:
        return
    credit.reversing = ""
    credit.updated_at = clock.now()
    credit.save()
    decision = request.decisions.select_related("decided_by").order_by("-pk").first()
    who = decision.decided_by.name if decision and verdict == "reject" else ""
    words = decision.reason if decision and verdict == "reject" else request.outcome
    telling.note(credit, f"It is not taken back: {words or verdict}", by=who)
