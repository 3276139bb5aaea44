"""Reading people: their roles and what these allow. Deciding is ``accounts.authority``'s."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from accounts.authority import (
    NotAllowed,
    OutOfScope,
    authorize,
    explain,
    held_by,
    lent_to,
    may,
    scope_of,
)
from accounts.models import BreakGlass, User
from accounts.roles import Role
from revops.kernel import clock
from revops.kernel.actor import Actor
from revops.store.prepared import Prepared

__all__ = ["NotAllowed", "OutOfScope", "authorize", "explain", "may", "scope_of"]


def roles_of(user: User) -> frozenset[Role]:
    """The roles in force now, wherever they are held."""
    return frozenset(held.role for held in held_by(user))


def actor_of(user: User) -> Actor:
    """
    The person as what is recorded names them, with the roles in force now, and with the number of
    the break-glass that is: ``break-glass:BG-4``.
    """
    roles = sorted(role.value for role in roles_of(user))
    emergencies = sorted(f"break-glass:BG-{number}" for number in lent_to(user))
    return Actor("person", f"user:{user.pk}", user.name, (*roles, *emergencies))


def emergencies_in_force() -> list[BreakGlass]:
    """Everybody's, with who has them; every page asks, and nearly always there is none."""
    now = clock.now()
    if not _EMERGENCY.rows(at=now):
        return []
    return list(_emergencies(now).select_related("asked_by").order_by("ends_at"))


def _emergencies(at: datetime) -> QuerySet[BreakGlass]:
    return BreakGlass.objects.filter(ends_at__gt=at, reviewed_at__isnull=True)


_EMERGENCY: Final = Prepared(lambda at: _emergencies(at).values_list("pk")[:1], at=datetime)
