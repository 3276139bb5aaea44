"""
Break-glass: rights for an hour, asked for by one person and lent by another, named one by one.

It ends by itself. While it is in force every page says so and everything recorded is marked
(``accounts.queries.actor_of``); afterwards somebody else looks at what was done with it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from django.db import transaction

from accounts.authority import authorize
from accounts.models import BreakGlass, User
from accounts.operations.people import PeopleRefused
from accounts.queries import actor_of
from accounts.roles import LENT_IN_EMERGENCY, declared
from revops.audit.operations import record, recorded
from revops.kernel import clock

LONGEST_MINUTES: Final = 60
_ASKED_FOR: Final = timedelta(hours=4)
ASK: Final = declared("break_glass.ask")
GRANT: Final = declared("break_glass.grant")
REVIEW: Final = declared("break_glass.review")


@recorded
@transaction.atomic
def ask_for_emergency(
    *, by: User, actions: Collection[str], minutes: int, reason: str
) -> BreakGlass:
    """
    Ask for ``actions`` of ``roles.LENT_IN_EMERGENCY`` for some minutes, beginning when somebody
    grants it. Raises NotAllowed or PeopleRefused.
    """
    by = authorize(by, ASK, fresh=True)
    unknown = set(actions) - LENT_IN_EMERGENCY.keys()
    if unknown or not actions:
        raise PeopleRefused("Choose what you need: nothing else can be lent.")
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise PeopleRefused(f"It lasts 1 to {LONGEST_MINUTES} minutes.")
    if not reason.strip():
        raise PeopleRefused("Say what happened and what you need it for.")
    if BreakGlass.objects.filter(
        asked_by=by, granted_at__isnull=True, refused_at__isnull=True,
        asked_at__gt=clock.now() - _ASKED_FOR,
    ).exists():  # fmt: skip
        raise PeopleRefused("You have asked already. Somebody else has to answer first.")
    made = BreakGlass.objects.create(
        asked_by=by, actions=sorted(set(actions)), minutes=minutes, reason=reason.strip()[:500]
    )
    _record("break_glass.asked", made, by)
    return made


@recorded
@transaction.atomic
def grant_emergency(*, glass_id: int, by: User) -> BreakGlass:
    """Lend it, from now. Raises NotAllowed, PeopleRefused, or BreakGlass.DoesNotExist."""
    glass = _open(glass_id)
    by = authorize(by, GRANT, makers=[glass.asked_by_id], fresh=True)
    glass.granted_by, glass.granted_at = by, clock.now()
    glass.ends_at = glass.granted_at + timedelta(minutes=glass.minutes)
    glass.save(update_fields=["granted_by", "granted_at", "ends_at"])
    _record("break_glass.granted", glass, by)
    return glass


@recorded
@transaction.atomic
def refuse_emergency(*, glass_id: int, by: User) -> BreakGlass:
    """Do not lend it; or take it back while it is asked for. Raises as ``grant_emergency``."""
    glass = _open(glass_id)
    if by.pk != glass.asked_by_id:
        by = authorize(by, GRANT, fresh=True)
    glass.refused_at = clock.now()
    glass.save(update_fields=["refused_at"])
    _record("break_glass.refused", glass, by)
    return glass


@recorded
@transaction.atomic
def review_emergency(*, glass_id: int, by: User, review: str) -> BreakGlass:
    """
    Say what was found when somebody else than who had it looked at what was done.

    Raises NotAllowed, PeopleRefused, or BreakGlass.DoesNotExist.
    """
    glass = BreakGlass.objects.select_for_update(of=("self",)).select_related("asked_by").get(
        pk=glass_id, granted_at__isnull=False
    )  # fmt: skip
    by = authorize(by, REVIEW, makers=[glass.asked_by_id], fresh=True)
    if glass.reviewed_at is not None:
        raise PeopleRefused("This was looked at already.")
    if glass.ends_at is None or glass.ends_at > clock.now():
        raise PeopleRefused("It is still in force. Look at it when it has ended.")
    if not review.strip():
        raise PeopleRefused("Say what you found.")
    glass.reviewed_by, glass.reviewed_at, glass.review = by, clock.now(), review.strip()[:500]
    glass.save(update_fields=["reviewed_by", "reviewed_at", "review"])
    _record("break_glass.reviewed", glass, by)
    return glass


def _open(glass_id: int) -> BreakGlass:
    glass = BreakGlass.objects.select_for_update(of=("self",)).select_related("asked_by").get(
        pk=glass_id
    )  # fmt: skip
    if glass.granted_at is not None or glass.refused_at is not None:
        raise PeopleRefused("Somebody has answered already.")
    if glass.asked_at <= clock.now() - _ASKED_FOR:
        raise PeopleRefused("This was asked for too long ago. Let them ask again.")
    return glass


def _record(action: str, glass: BreakGlass, by: User) -> None:
    after = {
        "for": glass.asked_by.name,
        "actions": ", ".join(glass.actions),
        "minutes": glass.minutes,
        "until": glass.ends_at.isoformat() if glass.ends_at else "",
        "review": glass.review,
    }
    record(
        action,
        by=actor_of(by),
        kind="break_glass",
        reference=str(glass),
        label=f"Break-glass of {glass.asked_by}",
        after=after,
        reason=glass.reason,
    )
