"""Policies as they are valid on a day, and who would be asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from approvals import subjects
from approvals.models import Policy
from approvals.policies import (
    Decider,
    Placed,
    PolicyTerms,
    TierTerms,
    conflicted,
    deciders,
    narrowest,
    place,
    roles_of_step,
    strictest,
)
from approvals.queries.money import Valued, value
from approvals.queries.rights import handed_now, holders, one_person, ties_since
from approvals.subjects import NO_LIFT, Lift
from revops.kernel.clock import local_date
from revops.kernel.money import Money


def terms_of(policy: Policy) -> PolicyTerms:
    """A policy's row as the deciding core takes it."""
    return PolicyTerms(
        policy.pk,
        policy.subject,
        policy.entity,
        policy.reason,
        policy.number,
        tuple(
            TierTerms(
                tier.number,
                tier.up_to,
                tuple(tier.steps),
                tier.due_days,
                tier.escalate_to,
                tier.reauthenticate,
            )
            for tier in policy.tiers.all()
        ),
        policy.expires_days,
        policy.sample_percent,
    )


def standing(*, subject: str, day: date) -> list[PolicyTerms]:
    """Every policy of a subject that is valid on a day."""
    rows = Policy.objects.filter(subject=subject, valid__contains=day).prefetch_related("tiers")
    return [terms_of(row) for row in rows]


def policy_of(*, subject: str, entity: str, reason: str = "", day: date) -> PolicyTerms | None:
    """The policy that counts, or None where nobody made one."""
    return narrowest(standing(subject=subject, day=day), entity=entity, reason=reason)


def asks_nobody(*, subject: str, entity: str, reason: str = "", at: datetime) -> bool:
    """
    Whether a thing that people may also do directly needs no approval: there is no policy for it,
    or the one that counts never asks anybody.
    """
    found = policy_of(subject=subject, entity=entity, reason=reason, day=local_date(at, "UTC"))
    return found is None or found.nobody


@dataclass(frozen=True, slots=True)
class Asked:
    """How a request would be decided. ``people`` are who could decide each step, in order."""

    policy: PolicyTerms
    placed: Placed
    valued: Valued
    people: tuple[tuple[str, tuple[Decider, ...]], ...]

    @property
    def stuck(self) -> bool:
        """Whether a step has nobody who may decide it."""
        return any(not who for _, who in self.people)


def trial(
    *,
    subject: str,
    entity: str,
    amount: Money | None,
    customer: int | None = None,
    reason_code: str = "",
    by: int | None = None,
    makers: Iterable[int] = (),
    lift: Lift = NO_LIFT,
    at: datetime,
    draft: PolicyTerms | None = None,
    besides: int | None = None,
) -> Asked:
    """
    Who would be asked. ``draft`` is a policy that is only being thought of, used instead of the
    one that counts.
    """
    known = subjects.get(subject)
    valued = value(
        subject=subject, entity=entity, amount=amount, customer=customer, at=at, besides=besides
    )
    policy = draft or policy_of(
        subject=subject, entity=entity, reason=reason_code, day=local_date(at, valued.zone)
    )
    policy = policy or strictest(subject, known.fallback)
    placed = place(policy.tiers, valued.measured, lift)
    held, hands = holders(entity), handed_now(at=at)
    tied = one_person(ties_since(at), since=at)
    made = {*makers} | ({by} if by is not None else set())
    barred = conflicted(made, [*hands, *tied]).keys()
    people = tuple(
        (
            step,
            tuple(
                deciders(
                    wanted=roles_of_step(step) & subjects.checkers(subject),
                    holders=held,
                    handed=hands,
                    makers=barred,
                )
            ),
        )
        for step in placed.tier.steps
    )
    return Asked(policy, placed, valued, people)
