"""
Who may do what to which: the one place that decides. Deny by default.

What somebody may do follows from the roles that they hold now, from the legal entities that each
role is held for, and from who asked for the thing (nobody decides what they asked for). Operations
call ``authorize``; screens call ``explain`` to say beforehand what would be answered. A flag on a
person, such as a framework's superuser, means nothing here.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from accounts import identities
from accounts.models import Assignment, BreakGlass, User
from accounts.roles import LENT_IN_EMERGENCY, Part, Role, Rule, rule_of, who_may
from revops.kernel import clock
from revops.store.prepared import Prepared


class _Scope(enum.Enum):
    ALL = "all legal entities"


ALL: Final = _Scope.ALL
# Codes of legal entities, or ALL: those that are, and those that will be.
Scope = frozenset[str] | Literal[_Scope.ALL]

NOWHERE: Final[frozenset[str]] = frozenset()


class NotAllowed(Exception):
    """The person may not do this; the message says who may."""


class OutOfScope(Http404):
    """It belongs to a legal entity that the person does not see; for them it does not exist."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What ``authorize`` would answer. ``reason`` is a sentence, empty when allowed; ``hidden`` when
    the thing must not even be known to exist; ``lent`` when only break-glass allows it.
    """

    allowed: bool
    reason: str = ""
    hidden: bool = False
    lent: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A role in force, and where."""

    role: Role
    scope: Scope


def held_by(user: User, *, fresh: bool = False) -> tuple[Held, ...]:
    """
    The roles in force now, each with its entities; read once for one request. ``fresh`` reads
    again, as a decision does inside its own transaction.
    """
    cached = user._roles_in_force
    if cached is None or fresh:
        now = clock.now()
        rows = _HELD.rows(user=user.pk, at=now)
        cached = tuple(Held(Role(role), _scope(code, group)) for role, code, group, _ in rows)
        user._roles_in_force = cached
        lent = (
            _lent_to(user.pk, now).values_list("pk", "actions")
            if any(row[3] for row in rows)
            else ()
        )
        user._lent = dict(lent)
    return cached


def in_force(at: datetime | None = None) -> QuerySet[Assignment]:
    """
    The assignments that count now, of people who are still here; the emergency account's only
    while it is open.
    """
    now = at or clock.now()
    return Assignment.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=now),
        Q(user__sealed_at__isnull=True) | Exists(_lent_to(OuterRef("user_id"), now)),
        user__is_active=True,
        valid_from__lte=now,
    )


def lent_to(user: User) -> Mapping[int, list[str]]:
    """Break-glass that is in force for somebody: its number and the actions that it lends."""
    held_by(user)
    return user._lent


def scope_of(user: object, action: str = "") -> Scope:
    """
    The legal entities for which somebody may do ``action``; without one, those of all their roles.
    """
    if not isinstance(user, User) or not user.is_active:
        return NOWHERE
    roles = _opening(user, rule_of(action)) if action else frozenset(Role)
    found = union(held.scope for held in held_by(user) if held.role in roles)
    if not found and action in LENT_IN_EMERGENCY and is_lent(user, action):
        return scope_of(user)
    return found


def explain(
    user: object,
    action: str,
    *,
    entities: Collection[str] | None = None,
    makers: Collection[int] = (),
) -> Verdict:
    """
    Whether ``user`` may do ``action``, and if not, why.

    ``entities`` are the codes of the legal entities that the thing belongs to (“” for a thing that
    belongs to none yet); None asks only whether there is anything that the person might do it to.
    ``makers`` are the ids of the people who asked for it or changed it: they do not decide it, with
    no account of theirs.
    Raises ActionUnknown.
    """
    rule = rule_of(action)
    if not isinstance(user, User) or not user.is_active:
        return Verdict(False, _refusal(action))
    roles = _opening(user, rule)
    scope = union(held.scope for held in held_by(user) if held.role in roles)
    lent = False
    if not scope and is_lent(user, action):
        scope, lent = scope_of(user), True
    if not scope:
        return Verdict(False, _refusal(action))
    if entities is not None and not covers(scope, entities):
        return Verdict(False, "There is no such thing in the legal entities you see.", hidden=True)
    if rule.whole and scope is not ALL and not lent:
        return Verdict(
            False, "This concerns all legal entities, and your role does not cover all of them."
        )
    if user.pk in makers:
        return Verdict(False, "You asked for this or changed it, so somebody else decides.")
    if makers and not identities.mine(user).isdisjoint(makers):
        return Verdict(
            False, "Another account of yours asked for this or changed it. Somebody else decides."
        )
    return Verdict(True, lent=lent)


def authorize(
    user: object,
    action: str,
    *,
    entities: Collection[str] | None = None,
    makers: Collection[int] = (),
    fresh: bool = False,
) -> User:
    """
    The person, when they may do ``action``; arguments are those of ``explain``. Operations call
    this, not views. ``fresh`` reads the person's roles again, for a decision in a transaction.

    Raises NotAllowed with a sentence that says why, OutOfScope (404), or ActionUnknown.
    """
    if fresh and isinstance(user, User):
        user.refresh_from_db(fields=["is_active"])
        identities.forget(user)
        held_by(user, fresh=True)
    verdict = explain(user, action, entities=entities, makers=makers)
    if verdict.hidden:
        raise OutOfScope(verdict.reason)
    if not verdict.allowed or not isinstance(user, User):
        raise NotAllowed(verdict.reason)
    return user


def may(user: object, action: str) -> bool:
    """Whether there is anything to which a signed-in, active person may do ``action``."""
    return explain(user, action).allowed


def covers(scope: Scope, entities: Iterable[str]) -> bool:
    """Whether all of ``entities`` lie within ``scope``; what has none (“”) lies only in ALL."""
    return scope is ALL or all(code in scope for code in entities)


def union(scopes: Iterable[Scope]) -> Scope:
    """What any of ``scopes`` covers."""
    found: frozenset[str] = frozenset()
    for scope in scopes:
        if scope is ALL:
            return ALL
        found |= scope
    return found


def is_lent(user: User, action: str) -> bool:
    """Whether break-glass lends ``action`` now to somebody who holds some role."""
    return action in LENT_IN_EMERGENCY and any(
        action in actions for actions in lent_to(user).values()
    )


def _opening(user: User, rule: Rule) -> frozenset[Role]:
    """Which roles may. To the emergency account its role opens what is there to be seen only."""
    return rule.roles if user.sealed_at is None or rule.part is Part.LOOK else frozenset()


def _lent_to(user_id: int | OuterRef, at: datetime) -> QuerySet[BreakGlass]:
    return BreakGlass.objects.filter(asked_by=user_id, granted_at__isnull=False, ends_at__gt=at)


_HELD: Final = Prepared(
    lambda user, at: (
        in_force(at)
        .filter(user_id=user)
        .order_by("pk")
        .values_list("role", "legal_entity", "group__entities", Exists(_lent_to(user, at)))
    ),
    user=int,
    at=datetime,
)


def _scope(code: str, group: list[str] | None) -> Scope:
    if group is not None:
        return frozenset(group)
    return frozenset({code}) if code else ALL


def _refusal(action: str) -> str:
    return f"Your roles do not include this. It is open to: {who_may(action)}."
