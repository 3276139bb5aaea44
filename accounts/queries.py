"""Reading people: their roles and what these allow."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role, allowed, who_may
from revops.kernel.actor import Actor


class NotAllowed(Exception):
    """The person may not do this; the message says who may."""


def roles_of(user: User) -> frozenset[Role]:
    """The roles in force now; cached on the person for one request."""
    cached: frozenset[Role] | None = getattr(user, "_roles_in_force", None)
    if cached is None:
        now = timezone.now()
        rows = user.assignments.filter(valid_from__lte=now).filter(
            Q(valid_to__isnull=True) | Q(valid_to__gt=now)
        )
        cached = frozenset(Role(role) for role in rows.values_list("role", flat=True))
        user._roles_in_force = cached  # type: ignore[attr-defined]  # a cache, not a column
    return cached


def may(user: object, action: str) -> bool:
    """Whether a signed-in, active person may do ``action``; anybody else may nothing."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return allowed(roles_of(user), action)


def authorize(user: object, action: str) -> User:
    """
    The person, when they may do ``action``. Operations call this, not views.

    Raises NotAllowed with a sentence that says who may.
    """
    if isinstance(user, User) and may(user, action):
        return user
    raise NotAllowed(f"Your roles do not include this. It is open to: {who_may(action)}.")


def actor_of(user: User) -> Actor:
    """The person as what is recorded names them, with the roles in force now."""
    roles = sorted(role.value for role in roles_of(user))
    return Actor("person", f"user:{user.pk}", user.name, tuple(roles))
