"""Who sees the cases of a legal entity, and whom a text names with an @."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.authority import in_force
from accounts.roles import rule_of


@dataclass(frozen=True, slots=True)
class Seer:
    """Somebody who may open a case; ``works`` says whether they may take it on, too."""

    id: int
    name: str
    works: bool


def seers(entity: str) -> list[Seer]:
    """By name, everybody who sees cases of this entity; blank: those who see all. One query."""
    sees = {role.value for role in rule_of("cases.view").roles}
    works = {role.value for role in rule_of("cases.claim").roles}
    found: dict[int, tuple[str, bool]] = {}
    held = in_force().filter(role__in=sees)
    for id, name, role, code, group in held.values_list(
        "user_id", "user__name", "role", "legal_entity", "group__entities"
    ):
        everywhere = not code and group is None
        if everywhere or (entity and (entity == code or entity in (group or ()))):
            found[id] = (name, role in works or found.get(id, ("", False))[1])
    rows = [Seer(id, name, able) for id, (name, able) in found.items()]
    return sorted(rows, key=lambda one: (one.name, one.id))


def named_in(text: str, people: Sequence[Seer]) -> set[int]:
    """
    Whom ``@Mona Patel`` names, or ``@Mona`` where there is one Mona. The longest name counts:
    ``@Mona Patel`` is not also the other Mona.
    """
    firsts = [one.name.split()[0].casefold() for one in people if one.name.split()]
    called: dict[str, int] = {}
    for one in people:
        first = one.name.split()[0] if one.name.split() else ""
        if first and firsts.count(first.casefold()) == 1:
            called[first.casefold()] = one.id
        if one.name:
            called[one.name.casefold()] = one.id
    if not called:
        return set()
    names = "|".join(re.escape(name) for name in sorted(called, key=len, reverse=True))
    found = re.findall(rf"(?<![\w@])@({names})(?!\w)", text.casefold())
    return {called[name] for name in found}
