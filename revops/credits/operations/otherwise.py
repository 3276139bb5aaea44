"""
A credit note that billing refuses, because its invoice is in another state than when it was asked
for: the credit is given another way. A person chooses where the money goes, the amount stays, and
somebody else agrees, because other accounts post than those that the approver saw.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.subjects import CannotApply
from exceptions.findings import fingerprint_of
from exceptions.models import Case, CaseEntry, CaseState
from exceptions.operations import CaseRefused
from revops.audit.operations import record, recorded
from revops.credits import life
from revops.credits.models import ServiceCredit
from revops.credits.operations import telling
from revops.credits.operations.drafting import locked
from revops.delivery.models import OutboundCommand
from revops.kernel import clock, strict_json
from revops.kernel.actor import system
from revops.kernel.money import Money
from revops.pipeline import wake
from revops.pipeline.flows.remaking import CannotRemake, ask_of, remake
from revops.pipeline.transform import crediting
from revops.pipeline.transform.base import Made

OTHERWISE: Final = "credit_otherwise"
KIND: Final = "credit_outdated"
NOTE: Final = "billing.credit_note.create"
# Where the money goes, for people.
WAYS: Final = {
    crediting.BALANCE: "the customer’s balance",
    crediting.REFUND: "a refund to the customer",
    crediting.INVOICE: "the open invoice",
}


@recorded
def ask(case: Case, by: User, settles: str) -> str:
    """
    Ask that the credit of a refused command is given as ``settles`` says; a sentence. In the
    caller's transaction, with the case locked. Raises exceptions.CaseRefused.
    """
    credit = _of(case)
    command = case.command
    assert command is not None
    try:
        payload = _made_anew(command.pk, settles)
    except CannotApply as error:
        raise CaseRefused(str(error)) from error
    before = strict_json.loads(command.payload)["settles"]
    content = {
        "credit": credit.pk,
        "number": credit.number,
        "customer": credit.customer.party.name if credit.customer else "",
        "party": credit.customer.party_id if credit.customer else 0,
        "invoice": credit.invoice_id,
        "invoice_number": credit.invoice.number if credit.invoice else "",
        "currency": credit.currency,
        "amount": credit.amount,
        "command": command.pk,
        "case": case.pk,
        "before": before,
        "settles": settles,
        "lines": payload["lines"],
    }
    try:
        request = approvals.ask(
            subject=OTHERWISE, subject_id=credit.number, content=content, by=by,
            entity=credit.legal_entity.code if credit.legal_entity else "",
            amount=Money(credit.amount or 0, credit.currency), reason_code=credit.reason_code,
            note=f"{case}: billing refused it as {WAYS[before]}.",
        )  # fmt: skip
    except approvals.ApprovalRefused as error:
        raise CaseRefused(str(error)) from error
    telling.note(credit, f"{by.name} asked to give it as {WAYS[settles]}.", by=by.name)
    return f"{request} asks somebody else: it would become {WAYS[settles]}, over the same amount."


@recorded
def agree(request: ApprovalRequest, content: Any, *, by: User | None) -> str:
    """Agreed: billing is asked anew, under a key of its own. Raises CannotApply."""
    credit = locked(content["credit"])
    if credit.state not in (life.APPROVED, life.ISSUING):
        raise CannotApply(f"{credit} is {life.STATES[credit.state].lower()} by now.")
    settles = content["settles"]
    payload = _made_anew(content["command"], settles)
    if payload["lines"] != content["lines"]:
        raise CannotApply("The invoice has been credited since: other lines would bear it now.")
    at = clock.now()
    try:
        made = remake(content["command"], payload, reason=f"{request}: given otherwise.", at=at)
    except CannotRemake as error:
        raise CannotApply(str(error)) from error
    command = OutboundCommand.objects.get(pk=made)
    who = by.name if by else "Policy"
    case = Case.objects.select_for_update().filter(pk=content["case"]).first()
    if case is not None and case.state != CaseState.RESOLVED:
        Case.objects.filter(pk=case.pk).update(
            command=made, state=CaseState.RETRYING,
            fingerprint=fingerprint_of(case.kind, f"command:{made}"),
        )  # fmt: skip
        text = f"{request} was agreed to: asked anew, as {WAYS[settles]}."
        CaseEntry.objects.create(case=case, at=at, tone="info", text=text, by=by)
    transaction.on_commit(partial(wake.delivery, command.connection_id), robust=True)
    telling.note(credit, f"{who} agreed to give it as {WAYS[settles]}.", by=who)
    record(
        "credit.given_otherwise", by=actor_of(by) if by else system("approvals", "Policy"),
        kind="credit", reference=credit.number, entity=request.entity, label=request.title,
        before={"settles": content["before"]}, after={"settles": settles},
    )  # fmt: skip
    return f"Billing is asked for the credit note of {credit} again, as {WAYS[settles]}."


def refuse(request: ApprovalRequest, credit_id: int) -> None:
    """The case stays as it was."""
    telling.note(locked(credit_id), f"{request}: it is not given another way. {request.outcome}")


def _of(case: Case) -> ServiceCredit:
    payload = strict_json.loads(case.command.payload) if case.command else {}
    number = str(payload.get("credit_request_id", "")).removeprefix("CR-")
    rows = ServiceCredit.objects.select_related("customer__party", "invoice", "legal_entity")
    found = rows.filter(pk=int(number)).first() if number.isdigit() else None
    if found is None:
        raise CaseRefused("The case names no credit of this console.")
    if found.state not in (life.APPROVED, life.ISSUING):
        raise CaseRefused(f"{found} is {life.STATES[found.state].lower()} by now.")
    return found


def _made_anew(command_id: int, settles: str) -> dict[str, Any]:
    """
    What billing would be asked for now. Raises CannotApply where the invoice, as we know it, does
    not take that.
    """
    ask = ask_of(command_id, at=clock.now())
    if ask is None:
        raise CannotApply("The refused command is no step of a flow.")
    usual = crediting.note([ask])[ask.step_id]
    if not isinstance(usual, Made):
        raise CannotApply(usual.why)
    is_open = usual.payload["settles"] == crediting.INVOICE
    if is_open != (settles == crediting.INVOICE):
        known = "open" if is_open else "not open"
        raise CannotApply(
            f"As far as the console has heard, the invoice is {known}: wait for billing’s news, "
            "or retry."
        )
    answer = crediting.note([ask], otherwise={ask.record_id: settles})[ask.step_id]
    assert isinstance(answer, Made)
    return dict(answer.payload)
