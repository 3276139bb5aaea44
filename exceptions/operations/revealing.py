"""Showing for a moment what is masked, to somebody who says why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from exceptions.models import Case
from exceptions.operations.acts import CaseRefused
from revops.audit.operations import record, recorded
from revops.kernel import clock

ACTION: Final = "payload.reveal"
SHOWN_FOR: Final = timedelta(seconds=60)
_SHORTEST: Final = 10


@recorded
def reveal(*, case_id: int, by: User, reason: str) -> datetime:
    """
    Until when ``by`` may read the payloads of a case unmasked.

    Raises NotAllowed, Case.DoesNotExist, and CaseRefused for a reason that says nothing.
    """
    by = authorize(by, ACTION)
    why = " ".join(reason.split())
    if len(why) < _SHORTEST:
        raise CaseRefused("Say why you need it, in a sentence: the auditor reads it.")
    with transaction.atomic():
        case = Case.objects.select_related("legal_entity").get(pk=case_id)
        until = clock.now() + SHOWN_FOR
        record(
            ACTION, by=actor_of(by), kind="case", reference=str(case), label=case.subject_label,
            entity=case.legal_entity.code if case.legal_entity else "", reason=why,
            after={"until": until.isoformat(timespec="seconds")},
        )  # fmt: skip
    return until
