"""
What a request is to one person: theirs to decide, and for whom; or not, and why.

Pages ask this to explain, and ``operations.decide`` asks it again inside its transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from accounts.roles import Role
from approvals import subjects
from approvals.models import ApprovalRequest, State
from approvals.policies import Decider, Handed, conflicted, deciders, roles_of_step
from approvals.queries import rights
from revops.kernel import clock


@dataclass(frozen=True, slots=True)
class Standing:
    """
    ``decider`` is how the person may decide the step that waits, None when they may not; then
    ``reason`` says why in a sentence. ``able`` are all who may.
    """

    decider: Decider | None
    reason: str
    able: tuple[Decider, ...] = ()
    roles: str = ""

    @property
    def may(self) -> bool:
        return self.decider is not None


def words_of(roles: str) -> str:
    """``finance|manager`` → “finance analyst or finance manager”."""
    known = {role.value: role.label for role in Role}
    parts = [part for part in roles.split("|") if part]
    labels = [known.get(part, part) for part in parts]
    shown = [label[0].lower() + label[1:] if label[1:2].islower() else label for label in labels]
    return " or ".join(label.replace("revOps", "RevOps") for label in shown)


def standing_of(user: User, request: ApprovalRequest, *, at: datetime | None = None) -> Standing:
    """What the request is to the person now."""
    return standings(user, [request], at=at or clock.now())[request.pk]


def standings(
    user: User, requests: Sequence[ApprovalRequest], *, at: datetime
) -> dict[int, Standing]:
    """``standing_of`` for a list, with one query a kind."""
    if not requests:
        return {}
    steps = rights.steps(requests)
    held = rights.holders_of(one.entity for one in requests)
    makers, spent = rights.makers(requests), rights.spent(requests)
    first = min(one.requested_at for one in requests)
    hands = rights.hands_since(first)
    ties = rights.ties_since(first)
    now = rights.handed_now(at=at)
    everybody = {one for found in makers.values() for one in found} | {
        one for hand in hands for one in (hand.giver, hand.taker)
    }
    name_of = rights.names_when_asked(everybody)
    return {
        one.pk: _standing(
            user.pk,
            one,
            steps.get(one.pk),
            held[one.entity],
            makers.get(one.pk, {}),
            spent.get(one.pk, set()),
            rights.handed(hands, since=one.requested_at, until=at),
            now,
            rights.one_person(ties, since=one.requested_at),
            name_of,
        )
        for one in requests
    }


def _standing(
    me: int,
    request: ApprovalRequest,
    step: rights.Asked | None,
    held: dict[int, frozenset[str]],
    makers: dict[int, str],
    spent: set[int],
    hands: Sequence[Handed],
    now: Sequence[Handed],
    tied: Sequence[Handed],
    name_of: Callable[[int], str],
) -> Standing:
    if request.state != State.WAITING or step is None:
        return Standing(None, f"This is {request.get_state_display().lower()} already.")
    roles = step.roles
    if request.escalated_at is not None and step.escalate_to:
        roles = f"{roles}|{step.escalate_to}"
    barred = conflicted(makers.keys(), [*hands, *tied])
    spent = set(conflicted(spent, tied))
    able = tuple(
        deciders(
            wanted=roles_of_step(roles) & subjects.checkers(request.subject),
            holders=held,
            handed=now,
            makers=barred.keys(),
            spent=spent,
        )
    )
    mine = next((one for one in able if one.user == me), None)
    if mine is not None:
        return Standing(mine, "", able, roles)
    others = conflicted([me], tied).keys() - {me}
    reason = _why_not(me, request, roles, held, makers, barred, spent, others, name_of)
    return Standing(None, reason, able, roles)


def _why_not(
    me: int,
    request: ApprovalRequest,
    roles: str,
    held: dict[int, frozenset[str]],
    makers: dict[int, str],
    barred: dict[int, int],
    spent: set[int],
    others: Set[int],
    name_of: Callable[[int], str],
) -> str:
    if me == request.requested_by_id:
        return "You can’t decide this: you are asking."
    if me in makers:
        return f"You can’t decide this: you {makers[me]}."
    for other in others & makers.keys():
        return f"You can’t decide this: with another account of yours you {makers[other]}."
    if me in barred:
        maker = name_of(barred[me])
        return f"You can’t decide this: a delegation ties you to {maker}, who made it."
    if me in spent:
        return "You decided another step. Nobody decides twice."
    place = request.entity or "all legal entities"
    if me not in held:
        return f"Your roles do not reach {place}."
    return f"This needs a {words_of(roles)} for {place}."


def waiting_for(user: User, *, at: datetime | None = None) -> list[ApprovalRequest]:
    """Every request that the person may decide now, due first."""
    now = at or clock.now()
    waiting = list(
        ApprovalRequest.objects.filter(state=State.WAITING)
        .select_related("requested_by", "customer")
        .order_by("due_at", "pk")
    )
    found = standings(user, waiting, at=now)
    return [one for one in waiting if found[one.pk].may]
