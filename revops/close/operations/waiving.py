"""Asking that a test may stay untrue in one close; others agree, by what is at stake."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.queries import authorize
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.policies import TierTerms
from revops.audit.operations import recorded
from revops.close.queries.periods import Closing, closings
from revops.close.readiness import of_closings
from revops.kernel import clock

SUBJECT: Final = "close_waiver"
# To begin with: one manager, and two of them beyond 10,000 of the entity's own currency.
TIERS: Final = (
    TierTerms(1, 10_000, ("manager",), due_days=1),
    TierTerms(2, None, ("manager", "manager"), due_days=1, reauthenticate=True),
)
_SHORTEST: Final = 10


class WaiverRefused(Exception):
    """It cannot be asked for; the message says why."""


@recorded
@transaction.atomic
def ask(*, closing: Closing, test: str, reason: str, by: User) -> ApprovalRequest:
    """
    Ask for a waiver of what is open of a test now.

    Raises NotAllowed, OutOfScope, WaiverRefused, approvals.ApprovalRefused, CannotApply.
    """
    by = authorize(by, "close.prepare", entities=[closing.entity])
    (found,) = of_closings(closings(closing.code, entity=closing.entity), at=clock.now())
    answer = next((one for one in found.answers if one.test.slug == test), None)
    if answer is None or not answer.stops:
        raise WaiverRefused("It is true already, or covered: there is nothing to waive.")
    if not answer.test.waivable:
        raise WaiverRefused("This one is never waived: it has to be done.")
    if found.closing.closed:
        raise WaiverRefused(f"{closing.code} is closed.")
    reason = reason.replace("\x00", "").strip()
    if len(reason) < _SHORTEST:
        raise WaiverRefused("Say in a sentence why it may stay as it is.")
    sums = answer.amounts
    return approvals.ask(
        subject=SUBJECT, subject_id=f"{closing.entity}/{closing.code}/{test}", by=by,
        entity=closing.entity, amount=sums[0] if len(sums) == 1 else None, note=reason,
        content={
            "entity": closing.entity, "entity_id": closing.entity_id, "name": closing.name,
            "period": closing.code, "test": test, "label": answer.test.label,
            "open": answer.open, "said": answer.said, "money": dict(answer.money),
            "reason": reason[:1_000],
        },
    )  # fmt: skip
