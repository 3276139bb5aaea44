"""
The people of the tests. Each holds one role; ``otis`` holds none and is in every permission test.

Fixtures of the same names are in ``conftest.py``; these plain functions serve scripts and benches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from accounts.models import Assignment, User
from accounts.roles import Role

PASSWORD: Final = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Part:
    """Who somebody is in the tests."""

    name: str
    role: Role | None

    @property
    def email(self) -> str:
        return f"{self.name.split()[0].lower()}@example.com"


CAST: Final[dict[str, Part]] = {
    "ana": Part("Ana Lima", Role.FINANCE),
    "mona": Part("Mona Patel", Role.MANAGER),
    "rob": Part("Rob Novak", Role.REVOPS),
    "sue": Part("Sue Adeyemi", Role.SUPPORT),
    "adam": Part("Adam Berg", Role.ADMIN),
    "rae": Part("Rae Tanaka", Role.AUDITOR),
    "otis": Part("Otis Outsider", None),
}


def person(name: str) -> User:
    """The person of that name, made on the first call, with their role for all legal entities."""
    part = CAST[name]
    known = User.objects.filter(email=part.email).first()
    if known is not None:
        return known
    made = User.objects.create_user(part.email, part.name, PASSWORD)
    if part.role is not None:
        Assignment.objects.create(user=made, role=part.role.value)
    return made
