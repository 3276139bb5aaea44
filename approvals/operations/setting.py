"""Proposing a policy, and the policies that an installation begins with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import User
from approvals import subjects
from approvals.models import ApprovalRequest, Policy
from approvals.operations.asking import ask
from approvals.operations.refusals import ApprovalRefused
from approvals.policies import TierTerms, problems
from approvals.policy_change import SLUG, content_for, write_tiers
from revops.audit.operations import record, recorded
from revops.kernel import clock
from revops.kernel.actor import system

# reliability §6.3: whole units of the functional currency, with the customer's other requests.
MONEY: Final = (
    TierTerms(1, 1_000, ("finance|manager",), due_days=1, escalate_to="manager"),
    TierTerms(2, 10_000, ("manager",), due_days=1),
    TierTerms(3, 100_000, ("finance|manager", "manager"), due_days=1, reauthenticate=True),
    TierTerms(4, None, ("manager", "manager"), due_days=1, reauthenticate=True),
)
CLOSED_PERIOD: Final = (TierTerms(4, None, ("manager", "manager"), reauthenticate=True),)
# Without amounts: the first tier is for whatever nothing lifts.
MAPS: Final = (
    TierTerms(1, 0, ("finance|manager",), due_days=1, escalate_to="manager"),
    TierTerms(4, None, ("manager", "manager"), due_days=1, reauthenticate=True),
)
ANOTHER_ADMIN: Final = (TierTerms(1, None, ("admin",), due_days=2),)
MANAGER: Final = (TierTerms(1, None, ("manager",)),)
NOBODY: Final = (TierTerms(0, None, ()),)


@recorded
def propose_policy(
    *,
    by: User,
    subject: str,
    entity: str,
    reason: str,
    starts: date,
    tiers: Sequence[TierTerms],
    expires_days: int = 5,
    sample_percent: int = 10,
    note: str,
) -> ApprovalRequest:
    """
    Ask for another policy from a day on; somebody else approves it.

    Raises NotAllowed, subjects.SubjectUnknown, and ApprovalRefused for tiers that make no sense or
    a day that has passed.
    """
    subjects.get(subject)
    wrong = problems(tiers, subjects.checkers(subject))
    if starts < clock.now().date():
        wrong.append("A policy begins today or later: what was decided stays decided.")
    if not 1 <= expires_days <= 60 or not 0 <= sample_percent <= 100:
        wrong.append("Requests expire after 1 to 60 working days; a sample is 0 to 100 %.")
    if not note.strip():
        wrong.append("Say why the policy changes.")
    if wrong:
        raise ApprovalRefused(" ".join(wrong))
    return ask(
        subject=SLUG,
        subject_id=f"{subject}/{entity}/{reason}",
        content=content_for(
            subject=subject,
            entity=entity,
            reason=reason,
            starts=starts,
            tiers=tiers,
            expires_days=expires_days,
            sample_percent=sample_percent,
            note=note.strip()[:300],
        ),
        by=by,
        entity="",
        note=note,
    )


@transaction.atomic
def begin_with(
    *, subject: str, tiers: Sequence[TierTerms], since: date, made_by: str
) -> Policy | None:
    """
    The first policy of a subject, for an installation that begins; None where there is one. The
    database refuses a second one that nobody approved.
    """
    if Policy.objects.filter(subject=subject).exists():
        return None
    made = Policy.objects.create(
        subject=subject,
        valid=DateRange(since, None),
        note="The policy that this installation began with",
        made_by=made_by,
    )
    write_tiers(made, tiers)
    record(
        "approval.policy_begun",
        by=system("install", made_by),
        kind="approval_policy",
        reference=subject,
        label=str(made),
        after={"since": since.isoformat(), "tiers": len(tiers)},
    )
    return made
