"""Handing one's right to decide to somebody, for a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accounts import identities
from accounts.authority import NotAllowed, authorize, in_force
from accounts.models import User
from accounts.queries import actor_of, roles_of
from accounts.roles import Role, conflicts
from approvals import news
from approvals.models import Delegation
from approvals.operations.refusals import ApprovalRefused
from revops.audit.operations import record, recorded
from revops.kernel import clock

LONGEST: Final = timedelta(days=60)
# Rights pass only between people whose work is of one kind: nobody gets both sides by a holiday.
_KINDS: Final = (frozenset({Role.FINANCE, Role.MANAGER}), frozenset({Role.ADMIN}))


def could_take(giver: User) -> dict[int, str]:
    """Who could decide in the giver's place, by name."""
    wanted = {role.value for kind in _KINDS if roles_of(giver) & kind for role in kind}
    rows = in_force().filter(role__in=wanted).exclude(user__in=identities.accounts_of(giver.pk))
    rows = rows.order_by("user__name")
    return dict(rows.values_list("user", "user__name"))


@recorded
def delegate(
    *, giver: User, taker: User, starts_at: datetime, ends_at: datetime, reason: str
) -> Delegation:
    """
    Let ``taker`` decide in the giver's place, for at most 60 days. Only the giver's own rights are
    handed on, with every conflict of the giver.

    Raises NotAllowed when the giver has nothing to hand on, ApprovalRefused otherwise.
    """
    giver = authorize(giver, "approvals.delegate", fresh=True)
    now = clock.now()
    said = reason.strip()
    if not said:
        raise ApprovalRefused("Say why, such as “On leave”.")
    if ends_at <= starts_at or ends_at <= now:
        raise ApprovalRefused("It ends before it begins.")
    if ends_at - starts_at > LONGEST:
        raise ApprovalRefused(f"A delegation lasts at most {LONGEST.days} days.")
    theirs_too = identities.accounts_of(taker.pk)
    if giver.pk in theirs_too or not taker.is_active:
        raise ApprovalRefused("Choose somebody else who works here.")
    mine, theirs = roles_of(giver), roles_of(taker)
    if not any(mine & kind and theirs & kind for kind in _KINDS):
        raise ApprovalRefused(f"{taker.name} does not decide requests of your kind.")
    rows = in_force().filter(user__in=theirs_too).values_list("role", flat=True)
    if found := conflicts({*mine, *map(Role, rows)}):
        raise ApprovalRefused(f"{taker.name} cannot stand in for you. {found[0].sentence}")
    with transaction.atomic():
        list(User.objects.select_for_update().filter(pk__in=[giver.pk, taker.pk]).order_by("pk"))
        overlapping = Delegation.objects.filter(
            giver=giver, revoked_at__isnull=True, starts_at__lt=ends_at, ends_at__gt=starts_at
        )
        if overlapping.exists():
            raise ApprovalRefused("Somebody stands in for you on some of these days already.")
        made = Delegation.objects.create(
            giver=giver, taker=taker, starts_at=starts_at, ends_at=ends_at, reason=said[:300]
        )
        news.tell(
            news.News(
                kind="handed",
                recipients=[taker.pk],
                title=f"You decide for {giver.name}",
                text=f"{giver.name} lets you decide in their place: {said}",
                link="/approvals/delegations/",
                entity="",
                key=f"approvals:delegation:{made.pk}",
            )
        )
        record(
            "approval.delegated",
            by=actor_of(giver),
            kind="delegation",
            reference=f"DEL-{made.pk}",
            label=f"{giver.name} to {taker.name}",
            after={"from": starts_at.isoformat(), "to": ends_at.isoformat(), "taker": taker.pk},
            reason=said,
        )
    return made


@recorded
def take_back(*, delegation_id: int, by: User) -> Delegation:
    """
    End a delegation now. Only the giver may. What was decided in their place stays decided.

    Raises Delegation.DoesNotExist, NotAllowed and ApprovalRefused.
    """
    with transaction.atomic():
        found = Delegation.objects.select_for_update().get(pk=delegation_id)
        if found.giver_id != by.pk:
            raise NotAllowed("Only who handed it on can take it back.")
        now = clock.now()
        if found.revoked_at is not None or found.ends_at <= now:
            raise ApprovalRefused("It has ended already.")
        found.revoked_at = now
        found.save(update_fields=["revoked_at"])
        record(
            "approval.delegation_ended",
            by=actor_of(by),
            kind="delegation",
            reference=f"DEL-{found.pk}",
            label=str(found),
        )
    return found
