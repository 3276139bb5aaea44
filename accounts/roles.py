"""
Who may do what: the roles, every action of the console, and which combinations are refused.

The table is reliability.md §6.1, row by row. What is not named is not allowed, and an action that
is not in it is a mistake in the code. Whether somebody may do something to one thing depends on
more than their roles: ``accounts.authority`` decides.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
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


class Part(enum.Enum):
    """LOOK changes nothing, ACT takes effect at once, MAKE asks, CHECK decides what was asked."""

    LOOK = "look"
    ACT = "act"
    MAKE = "make"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Rule:
    """
    Who may do one action. ``finance``: deciding it moves money or what money is posted to.
    ``whole``: it belongs to no legal entity, so the role has to be held for all of them.
    """

    part: Part
    roles: frozenset[Role]
    finance: bool = False
    whole: bool = False


_EVERYBODY: Final = frozenset(Role)
_WORKERS: Final = frozenset({Role.FINANCE, Role.MANAGER, Role.REVOPS})
_READERS: Final = _WORKERS | {Role.AUDITOR}
_ADMIN: Final = frozenset({Role.ADMIN})
_AUDITOR: Final = frozenset({Role.AUDITOR})
_FINANCE: Final = frozenset({Role.FINANCE})
_MANAGER: Final = frozenset({Role.MANAGER})
_BOOKKEEPERS: Final = _FINANCE | _MANAGER


def _look(roles: frozenset[Role], *, whole: bool = False) -> Rule:
    return Rule(Part.LOOK, roles, whole=whole)


def _act(roles: frozenset[Role], *, whole: bool = False) -> Rule:
    return Rule(Part.ACT, roles, whole=whole)


def _make(roles: frozenset[Role], *, whole: bool = False) -> Rule:
    return Rule(Part.MAKE, roles, whole=whole)


def _check(roles: frozenset[Role], *, finance: bool = True, whole: bool = False) -> Rule:
    return Rule(Part.CHECK, roles, finance=finance, whole=whole)


RULES: Final[dict[str, Rule]] = {
    # Everyday reading.
    "home.view": _look(_EVERYBODY),
    "cases.view": _look(_READERS),
    "lineage.view": _look(_READERS | _ADMIN),
    "books.view": _look(_READERS),
    "customers.view": _look(_EVERYBODY - _ADMIN),
    "usage.view": _look(_EVERYBODY),
    "flows.view": _look(_READERS | _ADMIN),
    "playbooks.view": _look(_EVERYBODY - {Role.SUPPORT}),
    "connections.view": _look(_READERS | _ADMIN),
    "payload.view": _look(_READERS),
    "payload.reveal": _act(_BOOKKEEPERS),
    # Cases.
    "cases.claim": _act(_WORKERS),
    "cases.comment": _act(_WORKERS),
    "cases.retry": _act(_WORKERS),
    "cases.replay": _make(frozenset({Role.REVOPS, Role.FINANCE})),
    "cases.replay.approve": _check(_MANAGER),
    "cases.close": _make(frozenset({Role.REVOPS, Role.FINANCE})),
    "cases.close.approve": _check(_MANAGER),
    "jobs.view": _look(_READERS | _ADMIN),
    "jobs.run": _act(_WORKERS | _ADMIN),
    "flows.compensate": _act(frozenset({Role.MANAGER, Role.REVOPS})),
    "identity.decide": _act(frozenset({Role.MANAGER, Role.REVOPS}), whole=True),
    # Service credits.
    "support.view": _look(frozenset({Role.SUPPORT})),
    "credits.view": _look(_EVERYBODY - _ADMIN),
    "credits.request": _make(_WORKERS | {Role.SUPPORT}),
    "credits.approve": _check(_BOOKKEEPERS),
    "credits.report": _look(_READERS),
    "credits.terms": _make(_WORKERS),
    "credits.terms.approve": _check(_MANAGER),
    # Approvals.
    "approvals.view": _look(_EVERYBODY),
    "approvals.decide": _check(_BOOKKEEPERS | _ADMIN, finance=False),
    "approvals.delegate": _act(_BOOKKEEPERS | _ADMIN),
    "approvals.policy.view": _look(_BOOKKEEPERS | _ADMIN | _AUDITOR),
    "approvals.policy": _make(_ADMIN, whole=True),
    "approvals.policy.approve": _check(_ADMIN, finance=False, whole=True),
    # Books and periods.
    "journals.correct": _make(_FINANCE),
    "journals.correct.approve": _check(_MANAGER),
    "usage.close": _act(_BOOKKEEPERS),
    "periods.close": _act(_MANAGER),
    "periods.open": _act(_MANAGER),
    "periods.reopen": _make(_BOOKKEEPERS),
    "close.view": _look(_READERS),
    "close.prepare": _make(_FINANCE),
    "close.sign": _check(_MANAGER),
    "reconciliation.view": _look(_READERS),
    "reconciliation.run": _act(frozenset({Role.REVOPS, Role.FINANCE})),
    "reconciliation.sign": _check(_BOOKKEEPERS),
    "reconciliation.rules": _make(frozenset({Role.REVOPS, Role.FINANCE}), whole=True),
    "reconciliation.rules.approve": _check(_MANAGER, whole=True),
    # What money is posted to.
    "mappings.view": _look(_READERS | _ADMIN),
    "mappings.propose": _make(frozenset({Role.REVOPS, Role.FINANCE, Role.ADMIN})),
    "mappings.approve": _check(_BOOKKEEPERS),
    # Systems.
    "connections.operate": _act(frozenset({Role.REVOPS, Role.ADMIN}), whole=True),
    "connections.change": _make(_ADMIN, whole=True),
    "connections.change.approve": _check(_ADMIN, finance=False, whole=True),
    # Alerts.
    "alerts.view": _look(_READERS),
    "alerts.change": _act(_WORKERS),
    "alerts.acknowledge": _act(_WORKERS),
    "measures.view": _look(_READERS),
    "measures.change": _act(frozenset({Role.MANAGER, Role.REVOPS}), whole=True),
    "sandbox.operate": _act(_WORKERS | _ADMIN),
    "rehearsals.view": _look(_READERS | _ADMIN, whole=True),
    "rehearsals.run": _act(frozenset({Role.REVOPS, Role.ADMIN}), whole=True),
    # People.
    "people.view": _look(_ADMIN | _AUDITOR, whole=True),
    "people.reveal": _look(_AUDITOR, whole=True),
    "people.change": _make(_ADMIN, whole=True),
    "people.approve": _check(_ADMIN, finance=False, whole=True),
    "people.recover": _check(_MANAGER | _ADMIN, finance=False, whole=True),
    "tokens.view": _look(_ADMIN | _AUDITOR, whole=True),
    "tokens.change": _act(_ADMIN, whole=True),
    "privacy.erase": _make(_MANAGER | _ADMIN, whole=True),
    "privacy.erase.approve": _check(_ADMIN, finance=False, whole=True),
    "break_glass.ask": _make(_WORKERS | _ADMIN),
    "break_glass.grant": _check(_MANAGER | _ADMIN, finance=False, whole=True),
    "break_glass.review": _check(_MANAGER | _ADMIN, finance=False, whole=True),
    # Evidence.
    "audit.view": _look(_AUDITOR, whole=True),
    "audit.verify": _look(_AUDITOR, whole=True),
    "audit.export": _look(_AUDITOR, whole=True),
}

ACTIONS: Final[dict[str, frozenset[Role]]] = {name: rule.roles for name, rule in RULES.items()}

# What break-glass may lend for an hour. Never a decision, the audit trail or anybody's rights.
LENT_IN_EMERGENCY: Final[dict[str, str]] = {
    "cases.retry": "Send again",
    "connections.operate": "Pause, resume and reset what is sent to a system",
    "payload.reveal": "Read what is masked",
}


class ActionUnknown(KeyError):
    """No policy is declared for this action; a mistake in the code, never a refusal."""


def rule_of(action: str) -> Rule:
    """Raises ActionUnknown for an action that no policy declares."""
    try:
        return RULES[action]
    except KeyError as error:
        raise ActionUnknown(action) from error


def declared(action: str) -> str:
    """``action`` itself, for naming one when a module is imported. Raises ActionUnknown."""
    rule_of(action)
    return action


def allowed(roles: Iterable[Role], action: str) -> bool:
    """
    Whether any of ``roles`` may do ``action``.

    Raises ActionUnknown for an action that no policy declares.
    """
    return not rule_of(action).roles.isdisjoint(roles)


def who_may(action: str) -> str:
    """The roles that may, as a sentence part: “Finance analyst, Finance manager”."""
    return ", ".join(role.label for role in Role if role in rule_of(action).roles)


@dataclass(frozen=True, slots=True)
class Toxic:
    """Two rights that one person must not hold together, in words."""

    slug: str
    sentence: str


_ADMINISTERS: Final = Toxic(
    "admin-approves", "Somebody who changes roles must not also approve what finance asks for."
)
_SUPPORTS: Final = Toxic(
    "support-approves", "Somebody who asks for credits in support must not approve anything."
)
_AUDITS: Final = Toxic("auditor-writes", "An auditor must not be able to change anything.")
_CONNECTS: Final = Toxic(
    "connector-mapping",
    "Somebody who changes connections must not approve what their data are posted to.",
)


def conflicts(roles: Iterable[Role]) -> tuple[Toxic, ...]:
    """What must not come together in ``roles``, whichever entities each is held for."""
    held = frozenset(roles)
    mine = {name: rule for name, rule in RULES.items() if not rule.roles.isdisjoint(held)}
    checks = [rule for rule in mine.values() if rule.part is Part.CHECK]
    found = []
    if "people.change" in mine and any(rule.finance for rule in checks):
        found.append(_ADMINISTERS)
    if Role.SUPPORT in held and checks:
        found.append(_SUPPORTS)
    if Role.AUDITOR in held and any(rule.part is not Part.LOOK for rule in mine.values()):
        found.append(_AUDITS)
    if "connections.change" in mine and "mappings.approve" in mine:
        found.append(_CONNECTS)
    return tuple(found)
