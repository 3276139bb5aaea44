"""What a decision does to a request. Called by the approvals engine, in its transaction."""

from __future__ import annotations

from typing import Final

from accounts.models import User
from accounts.queries import actor_of
from approvals.models import ApprovalRequest
from approvals.subjects import CannotApply
from revops.audit.operations import record, recorded
from revops.canonical.models import Invoice, InvoiceLine
from revops.credits import life
from revops.credits.life import CannotChange
from revops.credits.models import ServiceCredit
from revops.credits.operations import telling
from revops.credits.operations.drafting import locked
from revops.kernel import clock
from revops.kernel.actor import system
from revops.kernel.money import Money

_POLICY: Final = "Policy"
# What the engine calls it → (state, who is said to have ended it)
_ENDS: Final = {
    "reject": life.REJECTED,
    "withdrawn": life.WITHDRAWN,
    "expired": life.EXPIRED,
}


@recorded
def approve(request: ApprovalRequest, credit_id: int, *, by: User | None) -> str:
    """
    Approved: billing is asked for the credit note. A sentence of what was done.

    Raises CannotApply when it cannot be had any more, such as of an invoice without enough left.
    """
    credit = locked(credit_id)
    _still_possible(credit)
    try:
        credit.state = life.follow(credit.state, life.APPROVED)
    except CannotChange as error:
        raise CannotApply(str(error)) from error
    credit.decided_at = credit.updated_at = clock.now()
    credit.decided_by = by.name if by else _POLICY
    credit.approval_id = request.pk
    credit.answer = request.outcome
    telling.approved(credit)
    credit.save()
    telling.note(credit, f"Approved by {credit.decided_by}.", by=credit.decided_by)
    record(
        "credit.approved", by=actor_of(by) if by else system("approvals", _POLICY), kind="credit",
        reference=credit.number, entity=request.entity, label=request.title,
    )  # fmt: skip
    assert credit.amount is not None
    money = Money(credit.amount, credit.currency)
    return f"{credit} over {money} was approved. Billing is asked for the credit note."


def refuse(request: ApprovalRequest, credit_id: int, verdict: str) -> None:
    """Rejected, withdrawn or expired; or sent back, and then it is a draft again."""
    credit = locked(credit_id)
    decision = request.decisions.select_related("decided_by").order_by("-pk").first()
    decided = verdict in ("reject", "send_back") and decision is not None
    credit.decided_by = decision.decided_by.name if decided and decision else _who(credit, verdict)
    credit.answer = decision.reason if decided and decision else request.outcome
    credit.updated_at = clock.now()
    if verdict == "send_back":
        credit.state = life.follow(credit.state, life.DRAFT)
        credit.save()
        telling.note(credit, f"Sent back: {credit.answer}", by=credit.decided_by)
        return
    if credit.state in (life.WAITING, life.DRAFT):
        credit.state = _ENDS[verdict]
        credit.decided_at = credit.ended_at = credit.updated_at
        telling.refused(credit)
        credit.save()
        said = life.STATES[credit.state]
        telling.note(credit, f"{said}: {credit.answer}", by=credit.decided_by)


def _who(credit: ServiceCredit, verdict: str) -> str:
    if verdict == "withdrawn" and credit.asked_by is not None:
        return credit.asked_by.name
    return _POLICY


def _still_possible(credit: ServiceCredit) -> None:
    """The invoice, as it is now, must bear the credit."""
    invoice = Invoice.objects.get(pk=credit.invoice_id or 0)
    if invoice.state not in ("issued", "overdue", "paid"):
        state = invoice.get_state_display().lower()
        raise CannotApply(f"Invoice {invoice.number} is {state} by now: nothing can be credited.")
    left = sum(
        max(0, line.amount - line.credited) for line in InvoiceLine.objects.filter(invoice=invoice)
    )
    if left < (credit.amount or 0):
        rest = Money(left, invoice.currency)
        raise CannotApply(f"Of invoice {invoice.number} only {rest} is left to credit by now.")
