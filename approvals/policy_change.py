"""A change of a policy, asked for and decided like anything else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Max

from accounts.models import User
from approvals import subjects
from approvals.models import ApprovalRequest, Policy, Tier
from approvals.policies import TierTerms, problems
from approvals.queries.rules import terms_of
from approvals.queries.standing import words_of
from approvals.subjects import CannotApply, Consequences, Content, Flag, Row, Subject
from revops.kernel import clock

SLUG: Final = "approval_policy"


class PolicyChange(Subject):
    """Who must agree to what. Takes effect from a day on, never for what waits already."""

    slug = SLUG
    label = "Approval policy"
    request_action = "approvals.policy"
    decide_action = "approvals.policy.approve"
    fallback = ("admin",)

    def title(self, content: Content) -> str:
        return f"Policy for {name_of(content)} from {content['starts']}"

    def describe(self, content: Content) -> Sequence[Row]:
        rows = [
            Row("What", label_of(str(content["subject"]))),
            Row("Legal entity", content["entity"] or "All legal entities"),
            Row("Reason", content["reason"] or "Any reason"),
            Row("From", str(content["starts"])),
        ]
        rows += [Row(f"Tier {tier.number}", tier_words(tier)) for tier in tiers_of(content)]
        rows += [
            Row("Expires after", f"{content['expires_days']} working days"),
            Row("Looked at afterwards", f"{content['sample_percent']} % of what nobody decides"),
        ]
        return [*rows, Row("Note", content["note"])] if content["note"] else rows

    def consequences(self, content: Content) -> Consequences:
        return Consequences(
            sentences=[
                f"It counts for what is asked for from {content['starts']} on.",
                "What waits already keeps the policy under which it was asked for.",
            ]
        )

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        before = Policy.objects.filter(**_same(content), valid__upper_inf=True).first()
        if before is None:
            return [Flag("info", "The first policy of its kind")]
        loosened = loosens(terms_of(before).tiers, tiers_of(content))
        if loosened:
            return [Flag("warn", "Fewer people are asked", loosened)]
        return [Flag("ok", "Nobody is asked less than before")]

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        wrong = problems(tiers_of(content), subjects.checkers(content["subject"]))
        starts = max(date.fromisoformat(content["starts"]), clock.now().date())
        if wrong:
            raise CannotApply(wrong[0])
        same = Policy.objects.select_for_update().filter(**_same(content))
        if same.filter(valid__startswith__gte=starts).exists():
            raise CannotApply(f"Another policy for the same begins on {starts} or later.")
        standing = same.filter(valid__contains=starts).first()
        if standing is not None:
            standing.valid = DateRange(standing.valid.lower, starts)
            standing.save(update_fields=["valid"])
        newest = same.aggregate(newest=Max("number"))["newest"] or 0
        made = Policy.objects.create(
            **_same(content),
            number=newest + 1,
            valid=DateRange(starts, None),
            expires_days=content["expires_days"],
            sample_percent=content["sample_percent"],
            note=content["note"],
            made_by=request.requested_by.name if request.requested_by else request.rule,
            request=request,
        )
        write_tiers(made, tiers_of(content))
        return f"It counts from {starts} on, as number {made.number}."


def write_tiers(policy: Policy, tiers: Sequence[TierTerms]) -> None:
    """The tiers of a policy that is being made."""
    Tier.objects.bulk_create(
        Tier(
            policy=policy,
            number=tier.number,
            up_to=tier.up_to,
            steps=list(tier.steps),
            due_days=tier.due_days,
            escalate_to=tier.escalate_to,
            reauthenticate=tier.reauthenticate,
        )
        for tier in tiers
    )


def content_for(
    *,
    subject: str,
    entity: str,
    reason: str,
    starts: date,
    tiers: Sequence[TierTerms],
    expires_days: int = 5,
    sample_percent: int = 10,
    note: str = "",
) -> dict[str, Any]:
    """A change of policy as it is asked for."""
    return {
        "subject": subject,
        "entity": entity,
        "reason": reason,
        "starts": starts.isoformat(),
        "expires_days": expires_days,
        "sample_percent": sample_percent,
        "note": note,
        "tiers": [
            {
                "number": tier.number,
                "up_to": tier.up_to,
                "steps": list(tier.steps),
                "due_days": tier.due_days,
                "escalate_to": tier.escalate_to,
                "reauthenticate": tier.reauthenticate,
            }
            for tier in tiers
        ],
    }


def tiers_of(content: Content) -> list[TierTerms]:
    return [
        TierTerms(
            one["number"],
            one["up_to"],
            tuple(one["steps"]),
            one["due_days"],
            one["escalate_to"],
            one["reauthenticate"],
        )
        for one in content["tiers"]
    ]


def label_of(subject: str) -> str:
    """The subject's label, also of one that no app declares any more."""
    known = subjects.find(subject)
    return known.label if known is not None else subject


def name_of(content: Content) -> str:
    """“service credit, US-INC, goodwill”."""
    parts = [label_of(content["subject"]), content["entity"], content["reason"]]
    return ", ".join(part for part in parts if part)


def tier_words(tier: TierTerms | Tier) -> str:
    """“To 1,000: one finance analyst or finance manager”."""
    bound = "Any amount" if tier.up_to is None else f"To {tier.up_to:,}"
    who = ", then ".join(f"one {words_of(step)}" for step in tier.steps) or "nobody is asked"
    proof = ", each with their password" if tier.reauthenticate else ""
    later = f"; late after {tier.due_days} working day{'' if tier.due_days == 1 else 's'}"
    also = f", then a {words_of(tier.escalate_to)} may too" if tier.escalate_to else ""
    return f"{bound}: {who}{proof}{later if tier.steps else ''}{also if tier.steps else ''}"


def loosens(before: Sequence[TierTerms], after: Sequence[TierTerms]) -> str:
    """In what a change asks fewer people than before; blank when it does not."""
    bounds = sorted({one.up_to for one in [*before, *after] if one.up_to is not None})
    for amount in [*bounds, bounds[-1] + 1 if bounds else 0]:
        old, new = _steps_at(before, amount), _steps_at(after, amount)
        if new < old:
            return f"At {amount:,}: {new} instead of {old}."
    return ""


def _steps_at(tiers: Sequence[TierTerms], amount: int) -> int:
    for tier in sorted(tiers, key=lambda one: one.number):
        if tier.up_to is None or amount <= tier.up_to:
            return len(tier.steps)
    return 0


def _same(content: Content) -> dict[str, str]:
    return {name: str(content[name]) for name in ("subject", "entity", "reason")}
