"""What the queue's controls offer: systems, people, saved views. One query for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from accounts.roles import rule_of
from revops.kernel import clock
from revops.store import sql

_EVERYTHING: Final = """
SELECT 'system' AS what, slug AS key, label AS name, NULL::bigint AS id, NULL::text AS query,
    NULL::text AS owner, false AS mine
FROM connectors_connection
UNION ALL
SELECT DISTINCT 'person', '', person.name, person.id, NULL, NULL, person.id = %(me)s
FROM accounts_user person
JOIN accounts_assignment held ON held.user_id = person.id
WHERE person.is_active AND held.role = ANY(%(roles)s) AND held.valid_from <= %(at)s
    AND (held.valid_to IS NULL OR held.valid_to > %(at)s)
UNION ALL
SELECT 'view', view.slug, view.name, view.id, view.query, owner.name, view.owner_id = %(me)s
FROM exceptions_savedview view JOIN accounts_user owner ON owner.id = view.owner_id
WHERE view.owner_id = %(me)s OR view.shared
ORDER BY 1, 3, 2
"""


@dataclass(frozen=True, slots=True)
class View:
    """A saved view; ``owner`` is its owner's name."""

    slug: str
    name: str
    query: str
    owner: str
    mine: bool


@dataclass(slots=True)
class Choices:
    """``people`` are those who may take a case now, wherever: (id, name)."""

    systems: dict[str, str] = field(default_factory=dict)
    people: list[tuple[int, str]] = field(default_factory=list)
    views: list[View] = field(default_factory=list)

    def view(self, slug: str) -> View | None:
        return next((view for view in self.views if view.slug == slug), None)


def choices_for(person: int | None) -> Choices:
    """What somebody's queue offers. Views are their own and those that are shared."""
    roles = [role.value for role in rule_of("cases.claim").roles]
    found = Choices()
    for row in sql.rows(_EVERYTHING, {"me": person, "roles": roles, "at": clock.now()}):
        if row.what == "system":
            found.systems[row.key] = row.name
        elif row.what == "person":
            found.people.append((row.id, row.name))
        else:
            found.views.append(View(row.key, row.name, row.query, row.owner, row.mine))
    return found
