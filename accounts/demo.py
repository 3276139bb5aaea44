"""The people of the demo company, on the sign-in page of a demo and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings

from accounts.models import User
from accounts.queries import roles_of
from accounts.roles import Role

# One domain that cannot exist (RFC 2606), so that no real person is ever listed.
DOMAIN: Final = "@demo.example"
PASSWORD: Final = "see-the-books-tie-out"  # noqa: S105  published with the demo, refused elsewhere


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to look around as, with one press."""

    email: str
    name: str
    role: str
    password: str = PASSWORD


def people() -> list[DemoPerson]:
    """Everybody who can be signed in as; nobody unless this is a demo."""
    if not settings.REVOPS_DEMO:
        return []
    found = User.objects.filter(email__endswith=DOMAIN, is_active=True).order_by("pk")
    return [
        DemoPerson(
            email=user.email,
            name=user.name,
            role=", ".join(role.label for role in Role if role in roles_of(user)),
        )
        for user in found
    ]
