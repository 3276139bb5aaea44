"""
The emergency account, for when nobody is there to grant break-glass: nobody's, with a password that
lies sealed in a safe. It may do nothing until its password opens it, once for each sealing and for
an hour; then it sees what a RevOps engineer sees and may do what break-glass can lend, and no more.
Any try to sign in to it, successful or not, is told to people at once, and has to be looked at.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts import news, second_factor, sessions
from accounts.models import Assignment, BreakGlass, User
from accounts.roles import LENT_IN_EMERGENCY, Role
from revops.audit.operations import record
from revops.kernel import clock
from revops.kernel.actor import Actor, system
from revops.store import rows

NAME: Final = "Emergency account"
MINUTES: Final = 60
_OPERATOR: Final = system("manage.py emergency_account", "Operator of the server")
_DOOR: Final = system("sign-in", "Sign-in page")


@transaction.atomic
def seal() -> tuple[User, str]:
    """
    The emergency account and its password, which is kept nowhere: made, or sealed anew with another
    password, without the second factor and the sessions of whoever opened it before.
    """
    password = secrets.token_urlsafe(24)
    user = User.objects.select_for_update().filter(sealed_at__isnull=False).first()
    now = clock.now()
    if user is None:
        # Nobody can guess the address, and no mail can reach it (RFC 2606).
        user = User(email=f"emergency-{secrets.token_hex(4)}@sealed.invalid", name=NAME)
    user.sealed_at, user.is_active, user.password = now, True, make_password(password)
    user.save()
    BreakGlass.objects.filter(asked_by=user, ends_at__gt=now).update(ends_at=now)
    second_factor.remove(user=user, by=_OPERATOR)
    sessions.end_all(user=user)
    if not user.assignments.filter(role=Role.REVOPS.value, valid_to__isnull=True).exists():
        Assignment.objects.create(user=user, role=Role.REVOPS.value, reason=NAME)
    _record("emergency_account.sealed", user, _OPERATOR, {"role": Role.REVOPS.label})
    return user, password


@transaction.atomic
def opened(*, user: User, address: str) -> None:
    """The right password was given: rights for an hour, unless this seal was broken before."""
    user = User.objects.select_for_update().get(pk=user.pk)
    now = clock.now()
    last = BreakGlass.objects.filter(
        asked_by=user, asked_at__gte=user.sealed_at, actions__len__gt=0
    ).last()
    if last is not None:
        _tried(user, address, "Its password was right, and had been used before.")
        return
    glass = BreakGlass.objects.create(
        asked_by=user, asked_at=now, actions=sorted(LENT_IN_EMERGENCY), minutes=MINUTES,
        reason="Somebody opened the sealed emergency account.", granted_at=now,
        ends_at=now + timedelta(minutes=MINUTES),
    )  # fmt: skip
    text = f"From {address or 'an unknown address'}. If you do not know who, deactivate it at once."
    _tell(news.News(True, glass, text, f"break_glass:{glass.pk}:granted"))
    after = {"from": address, "actions": ", ".join(glass.actions), "until": glass.ends_at}
    _record("emergency_account.opened", user, _DOOR, after)


@transaction.atomic
def tried(*, user: User, address: str) -> None:
    """Somebody tried to sign in to it, and did not get through."""
    _tried(User.objects.select_for_update().get(pk=user.pk), address, "They did not get in.")


def _tried(user: User, address: str, what: str) -> None:
    now = clock.now()
    glass = BreakGlass.objects.filter(
        asked_by=user, granted_at__isnull=False, reviewed_at__isnull=True
    ).last()
    if glass is None:
        # Many tries are one thing to look at, until somebody has.
        glass = BreakGlass.objects.create(
            asked_by=user, asked_at=now, actions=[], minutes=1, granted_at=now, ends_at=now,
            reason="Somebody tried to sign in to the sealed emergency account.",
        )  # fmt: skip
    text = f"{what} From {address or 'an unknown address'}."
    _tell(news.News(False, glass, text, f"emergency_account:tried:{now:%Y%m%d%H%M}"))
    _record("emergency_account.tried", user, _DOOR, {"from": address, "what": what})


def _tell(told: news.News) -> None:
    # The sign-in page serves nobody yet, and sees no notices.
    with rows.behind_the_door():
        news.tell(told)


def _record(action: str, user: User, by: Actor, after: Mapping[str, object]) -> None:
    record(action, by=by, kind="person", reference=f"user:{user.pk}", label=user.name, after=after)
