"""Asking for a case to be closed although its cause was not mended."""

from __future__ import annotations

from typing import Final

from accounts.models import User
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from exceptions.models import Case, CaseState
from exceptions.operations.acts import CaseRefused
from revops.audit.operations import recorded
from revops.kernel.money import Money

SLUG: Final = "case_close"
SLUG_OF_MANY: Final = "cases_close"


@recorded
def ask_to_close(*, case_id: int, by: User, reason: str) -> ApprovalRequest:
    """
    Ask for it; nothing is closed before somebody else agrees.

    Raises NotAllowed, Case.DoesNotExist, and CaseRefused without a reason, for a case that is
    settled or under way, or when it is being asked for with another reason.
    """
    words = reason.replace("\x00", "").strip()[:500]
    if len(words) < 10:
        raise CaseRefused("Say why it is not mended, in a sentence.")
    case = Case.objects.select_related("legal_entity").get(pk=case_id)
    if case.state != CaseState.OPEN:
        raise CaseRefused("Only an open case can be closed without a fix.")
    known = case.at_stake is not None and bool(case.currency)
    try:
        return approvals.ask(
            subject=SLUG,
            subject_id=case.pk,
            content={
                "case": case.pk,
                "what_happened": case.what_happened,
                "at_stake": case.at_stake if known else None,
                "currency": case.currency if known else "",
                "entity": case.legal_entity.code if case.legal_entity else "",
                "period": case.period_code,
                "reason": words,
            },
            by=by,
            entity=case.legal_entity.code if case.legal_entity else "",
            amount=Money(case.at_stake or 0, case.currency) if known else None,
            note=words,
        )
    except approvals.ApprovalRefused as refusal:
        raise CaseRefused(str(refusal)) from refusal
