"""Showing for a moment what is masked in a case, to somebody who says why."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from accounts.models import User
from exceptions.models import Case
from exceptions.operations.acts import CaseRefused
from revops.audit.operations import recorded
from revops.web import revealing

ACTION: Final = "payload.reveal"


@recorded
def reveal(*, case_id: int, by: User, reason: str) -> datetime:
    """
    Until when ``by`` may read the payloads of a case unmasked.

    Raises NotAllowed, Case.DoesNotExist, and CaseRefused for a reason that says nothing.
    """
    case = Case.objects.select_related("legal_entity").get(pk=case_id)
    try:
        return revealing.reveal(
            by=by, action=ACTION, kind="case", reference=str(case), label=case.subject_label,
            entity=case.legal_entity.code if case.legal_entity else "", reason=reason,
        )  # fmt: skip
    except revealing.ReasonMissing as refusal:
        raise CaseRefused(str(refusal)) from refusal
