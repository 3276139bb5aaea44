"""The lists of the inbox: what waits for a person, for others, what they sent, what is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.authority import ALL, held_by, scope_of
from accounts.models import User
from accounts.roles import Role
from approvals import subjects
from approvals.models import ApprovalRequest, Decision, Delegation, Maker, State, Step
from approvals.queries import rights
from approvals.queries.standing import Standing, standings
from revops.kernel import clock

# Nobody reads further in a list of what waits; those due first are shown.
MOST: Final = 500
_READ_ALL: Final = frozenset({Role.FINANCE, Role.MANAGER, Role.REVOPS, Role.AUDITOR})
_SOON: Final = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request of a list, as it stands to the person who looks."""

    request: ApprovalRequest
    label: str
    standing: Standing
    raised: Sequence[str]
    who_can: str
    late: bool
    soon: bool
    in_bulk: bool


def visible(user: User) -> QuerySet[ApprovalRequest]:
    """
    What the person may see: in their legal entities, and where they hold no role that reads
    everything, what they asked for or what asks for their role.
    """
    scope = scope_of(user, "approvals.view")
    rows = ApprovalRequest.objects.select_related("requested_by", "customer")
    if scope is not ALL:
        rows = rows.filter(entity__in=[code for code in scope if code])
    held = {one.role for one in held_by(user)}
    if held & _READ_ALL:
        return rows
    mine = Exists(Maker.objects.filter(request=OuterRef("pk"), user=user))
    asks = Q()
    for role in held - {Role.SUPPORT}:
        steps = Step.objects.filter(request=OuterRef("pk"), roles__contains=role.value)
        asks |= Q(Exists(steps))
    return rows.filter(Q(mine) | asks if asks else Q(mine))


def find(user: User, number: int) -> ApprovalRequest | None:
    """A request by its number, when the person may see it."""
    return visible(user).filter(pk=number).first()


def waiting(user: User, *, at: datetime | None = None) -> list[Waiting]:
    """Everything that waits and that the person may see, due first."""
    now = at or clock.now()
    found = list(
        visible(user).filter(state=State.WAITING).order_by("due_at", "pk").distinct()[:MOST]
    )
    return dressed(user, found, at=now)


def dressed(user: User, found: Sequence[ApprovalRequest], *, at: datetime) -> list[Waiting]:
    """Requests with what the person may do about each, and the risks that were raised."""
    stand = standings(user, found, at=at)
    raised = _raised(found)
    names = rights.names(
        decider.user for standing in stand.values() for decider in standing.able[:3]
    )
    return [
        Waiting(
            one,
            label_of(one.subject),
            stand[one.pk],
            raised.get(one.pk, ()),
            _who_can(stand[one.pk], names),
            one.due_at is not None and one.due_at <= at,
            one.due_at is not None and at < one.due_at <= at + _SOON,
            one.tier <= 1 and not one.reauthenticate and stand[one.pk].may,
        )
        for one in found
    ]


def label_of(subject: str) -> str:
    """The subject's label; old requests outlive the app that declared theirs."""
    known = subjects.find(subject)
    return known.label if known is not None else subject.replace("_", " ").capitalize()


def sent(user: User) -> QuerySet[ApprovalRequest]:
    """What the person asked for or edited, newest first."""
    mine = Maker.objects.filter(
        request=OuterRef("pk"), user=user, why__in=["asked for it", "edited it"]
    )
    return visible(user).filter(Exists(mine)).order_by("-pk")


def done(user: User) -> QuerySet[ApprovalRequest]:
    """What has ended, newest first."""
    ended = [State.APPROVED, State.REJECTED, State.WITHDRAWN, State.EXPIRED]
    return visible(user).filter(state__in=ended).order_by("-ended_at", "-pk")


def latest_decisions(requests: Sequence[ApprovalRequest]) -> Mapping[int, Decision]:
    """The newest decision of each request."""
    rows = (
        Decision.objects.filter(request__in=requests)
        .select_related("decided_by", "on_behalf")
        .order_by("pk")
    )
    return {one.request_id: one for one in rows}


def count_for_me(user: User) -> tuple[int, bool]:
    """
    How many wait for the person, and whether any of them is late. Every page counts this where
    anything waits (ANY_WAITS), and looks closely only at what asks for a role of theirs.
    """
    now = clock.now()
    handed = Delegation.objects.filter(
        taker=user, starts_at__lte=now, ends_at__gt=now, revoked_at__isnull=True
    )
    asked = Exists(_asking(one.role for one in held_by(user)))
    rows = visible(user).filter(Exists(handed) | asked, state=State.WAITING)
    found = list(rows.select_related(None).order_by("due_at", "pk")[:MOST])
    if not found:
        return 0, False
    stand = standings(user, found, at=now)
    mine = [one for one in found if stand[one.pk].may]
    return len(mine), any(one.due_at is not None and one.due_at <= now for one in mine)


ANY_WAITS: Final = """
SELECT count(*) FROM (
    SELECT 1 FROM approvals_approvalrequest WHERE state = 'waiting' LIMIT 1
) AS any_one
"""


def _asking(roles: Iterable[Role]) -> QuerySet[Step]:
    """The step that waits, where it asks for one of these roles or may come to them."""
    asks = Q(pk__isnull=True)
    for role in roles:
        asks |= Q(roles__contains=role.value) | Q(escalate_to__contains=role.value)
    return Step.objects.filter(
        asks,
        request=OuterRef("pk"),
        version=OuterRef("version"),
        position=OuterRef("position"),
    )


def _raised(found: Sequence[ApprovalRequest]) -> dict[int, Sequence[str]]:
    by_subject: dict[str, list[ApprovalRequest]] = {}
    for one in found:
        by_subject.setdefault(one.subject, []).append(one)
    raised: dict[int, Sequence[str]] = {}
    for slug, requests in by_subject.items():
        known = subjects.find(slug)
        if known is not None:
            raised.update(known.raised(requests))
    for one in found:
        if not one.rated:
            raised[one.pk] = [*raised.get(one.pk, ()), "no exchange rate"]
        if one.escalated_at is not None:
            raised[one.pk] = [*raised.get(one.pk, ()), "late"]
    return raised


def _who_can(standing: Standing, names: Mapping[int, str]) -> str:
    shown = [names[one.user] for one in standing.able[:3] if one.user in names]
    more = len(standing.able) - len(shown)
    if not shown:
        return "Nobody can now"
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
