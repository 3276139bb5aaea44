"""Reading people: their roles and what these allow. Deciding is ``accounts.authority``'s."""

from __future__ import annotations

from typing import Final

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
    """Everybody's, with who has them; every page says so where there are any (EMERGENCIES)."""
    held = BreakGlass.objects.filter(ends_at__gt=clock.now(), reviewed_at__isnull=True)
    return list(held.select_related("asked_by").order_by("ends_at"))


EMERGENCIES: Final = """
SELECT count(*) FROM (
    SELECT 1 FROM accounts_breakglass WHERE ends_at > %(now)s AND reviewed_at IS NULL LIMIT 1
) AS any_one
"""
