"""
Which classes of data each role is shown as they are (docs/privacy.md); all others are masked.

One table for pages, files and the API: ``revops.kernel.sight.shown`` asks it, through the sight
that a request gets from here. Revealing for a minute is ``revops.web.revealing``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from accounts.authority import held_by, is_lent
from accounts.models import User
from accounts.roles import Role, rule_of
from revops.kernel.privacy import CONTACT, INTERNAL, PII, PUBLIC, TAX, WORDS, Data
from revops.kernel.sight import META, Sight

_BUSINESS: Final = frozenset({PUBLIC, INTERNAL, PII})
_NOTHING: Final = Sight(frozenset({PUBLIC}), amounts=False)

# How to reach somebody (CONTACT) is shown to nobody who does not say why they need it.
SHOWN: Final[Mapping[Role, frozenset[Data]]] = {
    Role.FINANCE: _BUSINESS | {WORDS, TAX},
    Role.MANAGER: _BUSINESS | {WORDS, TAX},
    Role.REVOPS: _BUSINESS | {TAX},
    Role.SUPPORT: _BUSINESS | {WORDS},
    Role.ADMIN: _BUSINESS,
    Role.AUDITOR: _BUSINESS,
}
# What a role's own work needs besides: whoever looks after accounts tells them apart by address.
BESIDES: Final[Mapping[Role, Mapping[str, frozenset[Data]]]] = {
    Role.ADMIN: dict.fromkeys(("people.view", "people.change"), frozenset({CONTACT})),
}
# Where a role sees that things are there and how they stand, and neither names nor amounts.
META_ONLY: Final[Mapping[Role, frozenset[str]]] = {
    Role.ADMIN: frozenset(
        {"home.view", "lineage.view", "flows.view", "usage.view", "connections.view", "jobs.view",
         "jobs.run", "connections.operate", "sandbox.operate", "rehearsals.view",
         "rehearsals.run"}
    )
}  # fmt: skip


def sight_of(user: object, action: str = "") -> Sight:
    """
    What somebody is shown on a page that asks for ``action``; without one, by all their roles.
    Roles that do not open the page do not widen what it shows. Raises ActionUnknown.
    """
    if not isinstance(user, User) or not user.is_active:
        return _NOTHING
    opening = rule_of(action).roles if action else frozenset(Role)
    roles = {held.role for held in held_by(user) if held.role in opening}
    if not roles and action and is_lent(user, action):
        roles = {held.role for held in held_by(user)}
    full = [role for role in roles if action not in META_ONLY.get(role, frozenset())]
    if not full:
        return META if roles else _NOTHING
    own = (BESIDES.get(role, {}).get(action, frozenset()) for role in full)
    return Sight(frozenset().union(*(SHOWN[role] for role in full), *own))
