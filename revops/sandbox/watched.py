"""
What the demo company wants to be told of: money that endangers a close, renewals that were not
paid, and systems that stop; and who wants approvals in the chat, too. Seeding is idempotent; what
somebody changed since is left alone.
"""

from __future__ import annotations

from typing import Any, Final

from accounts.models import User
from revops.alerts.models import Rule
from revops.alerts.operations import rules
from revops.alerts.operations.rules import Draft
from revops.kernel.actor import system
from revops.mappings.models import LegalEntity
from revops.notices.kinds import NOW
from revops.notices.models import Preference

# Name, legal entity, who is told, who is told next and after how many minutes, and the rest.
RULES: Final[tuple[tuple[str, str, str, tuple[str, int], dict[str, Any]], ...]] = (
    (
        "US month end", "US-INC", "priya", ("marcus", 30),
        {"measure": "blocked_money", "threshold": 2_500_000, "currency": "USD", "for_minutes": 5,
         "closes_within": 31, "chat": True, "quiet_from": 20, "quiet_until": 7},
    ),
    (
        "US renewals not paid", "US-INC", "marcus", ("lena", 240),
        {"measure": "unpaid_renewals", "threshold": 1_000_000, "currency": "USD",
         "for_minutes": 60},
    ),
    (
        "A system stopped", "", "ines", ("marcus", 30),
        {"measure": "systems_down", "threshold": 1, "at_least": True, "for_minutes": 10,
         "chat": True},
    ),
)  # fmt: skip


# Who is told in the chat, too, that something waits for them.
CHATTY: Final = "marcus"


def seed() -> None:
    """The rules and wishes that are not there yet."""
    Preference.objects.get_or_create(
        person=_person(CHATTY), kind="approval_asked", defaults={"mail": NOW, "chat": True}
    )
    known = set(Rule.objects.values_list("name", flat=True))
    for name, code, owner, (escalate_to, after), values in RULES:
        if name in known:
            continue
        draft = Draft(
            name=name, owner=_person(owner), escalate_to=_person(escalate_to),
            legal_entity=LegalEntity.objects.get(code=code) if code else None,
            escalate_after=after, **values,
        )  # fmt: skip
        rules.make(by=system("demo", "Setup"), draft=draft)


def _person(name: str) -> User:
    return User.objects.get(email=f"{name}@demo.example")
