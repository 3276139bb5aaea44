"""Who may do what: roles, actions, and the one function that decides. Deny by default."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Final


class Role(enum.Enum):
    FINANCE = "finance"
    MANAGER = "manager"
    REVOPS = "revops"
    SUPPORT = "support"
    ADMIN = "admin"
    AUDITOR = "auditor"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS: Final = {
    Role.FINANCE: "Finance analyst",
    Role.MANAGER: "Finance manager",
    Role.REVOPS: "RevOps engineer",
    Role.SUPPORT: "Support agent",
    Role.ADMIN: "Administrator",
    Role.AUDITOR: "Auditor",
}

_READERS: Final = frozenset({Role.FINANCE, Role.MANAGER, Role.REVOPS, Role.AUDITOR})

# reliability.md §6.1, the rows whose screens exist. A role that is not named may not.
ACTIONS: Final[dict[str, frozenset[Role]]] = {
    "home.view": frozenset(Role),
    "cases.view": _READERS,
    "cases.retry": frozenset({Role.FINANCE, Role.MANAGER, Role.REVOPS}),
    "cases.comment": frozenset({Role.FINANCE, Role.MANAGER, Role.REVOPS}),
    "lineage.view": _READERS | {Role.ADMIN},
    "books.view": _READERS,
    "customers.view": frozenset(Role) - {Role.ADMIN},
    "identity.decide": frozenset({Role.MANAGER, Role.REVOPS}),
    "payload.view": frozenset({Role.FINANCE, Role.MANAGER, Role.REVOPS, Role.AUDITOR}),
    "connections.view": _READERS | {Role.ADMIN},
    "connections.operate": frozenset({Role.REVOPS, Role.ADMIN}),
    "sandbox.operate": frozenset({Role.REVOPS, Role.ADMIN, Role.FINANCE, Role.MANAGER}),
    "periods.close": frozenset({Role.MANAGER}),
    "periods.open": frozenset({Role.MANAGER}),
    "usage.view": _READERS | {Role.SUPPORT, Role.ADMIN},
    "usage.close": frozenset({Role.FINANCE, Role.MANAGER}),
    "flows.view": _READERS | {Role.ADMIN},
    "flows.compensate": frozenset({Role.MANAGER, Role.REVOPS}),
    "playbooks.view": frozenset(Role) - {Role.SUPPORT},
}


class ActionUnknown(KeyError):
    """No policy is declared for this action; a mistake in the code, never a refusal."""


def allowed(roles: Iterable[Role], action: str) -> bool:
    """
    Whether any of ``roles`` may do ``action``.

    Raises ActionUnknown for an action that no policy declares.
    """
    if action not in ACTIONS:
        raise ActionUnknown(action)
    return not ACTIONS[action].isdisjoint(roles)


def who_may(action: str) -> str:
    """The roles that may, as a sentence part: “Finance analyst, Finance manager”."""
    return ", ".join(role.label for role in Role if role in ACTIONS[action])
