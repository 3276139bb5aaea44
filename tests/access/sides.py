"""One of the two legal entities that the access tests tell apart, and who works there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from accounts.models import Assignment, User
from accounts.roles import Role
from revops.mappings.models import LegalEntity
from tests.api import lookup_world as sold

OURS, THEIRS = "US-INC", "QQ-GMBH"
NAME, MARK, AMOUNT = "Zanzibar", "zqx", 76_543
SHOWN: Final = ("zanzibar", "zqx", "765.43", "76543")
DAY: Final = date(2026, 10, 15)


@dataclass
class Side:
    """What one entity has; ``at`` gives the parts of an address that are filled in by it."""

    entity: LegalEntity
    name: str
    mark: str
    amount: int
    made: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.made[name]
        except KeyError:
            raise AttributeError(name) from None


def a_person(name: str, role: Role | None, entity: str = "") -> User:
    made = User.objects.create_user(f"{name}@example.com", name.replace("-", " ").title())
    if role is not None:
        Assignment.objects.create(user=made, role=role.value, legal_entity=entity)
    return made


def base(side: Side, prefix: str) -> dict[str, Any]:
    return sold.common(f"{prefix}_{side.mark}", legal_entity=side.entity)
