"""Who holds which role where, who hands their right to whom, and who made a request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from django.db.models import Q

from accounts import identities
from accounts.authority import in_force
from accounts.models import User
from approvals.models import ApprovalRequest, Delegation
from approvals.policies import Handed
from revops.kernel import clock
from revops.store import sql
from revops.store.prepared import Prepared

# Every page asks these where anything waits (inbox.count_for_me).
_IN_FORCE: Final = Prepared(
    lambda at: in_force(at).values_list("user_id", "role", "legal_entity", "group__entities"),
    at=datetime,
)
_SINCE: Final = Prepared(
    lambda since: (
        Delegation.objects.filter(ends_at__gt=since)
        .filter(Q(revoked_at__isnull=True) | Q(revoked_at__gt=since))
        .values_list("giver_id", "taker_id", "starts_at", "ends_at", "revoked_at")
    ),
    since=datetime,
)
_NOW: Final = Prepared(
    lambda at: Delegation.objects.filter(
        starts_at__lte=at, ends_at__gt=at, revoked_at__isnull=True
    ).values_list("giver_id", "taker_id"),
    at=datetime,
)
_TIES: Final = Prepared(
    lambda since: identities.ties(since=since).values_list("first_id", "second_id", "until"),
    since=datetime,
)


def holders(entity: str) -> dict[int, frozenset[str]]:
    """
    The roles in force now of every active person in a legal entity; ``""`` is what concerns all
    of them, for which a role for some entities is not enough.
    """
    return holders_of([entity])[entity]


def holders_of(entities: Iterable[str]) -> dict[str, dict[int, frozenset[str]]]:
    """``holders`` for several entities."""
    asked = set(entities)
    found: dict[str, dict[int, set[str]]] = {one: defaultdict(set) for one in asked}
    for user, role, code, group in _IN_FORCE.rows(at=clock.now()):
        for entity in asked:
            everywhere = not code and group is None
            if everywhere or (entity and (entity == code or entity in (group or ()))):
                found[entity][user].add(role)
    return {
        entity: {user: frozenset(roles) for user, roles in people.items()}
        for entity, people in found.items()
    }


@dataclass(frozen=True, slots=True)
class Hand:
    """A delegation as it was: from one instant to the other, or to when it was taken back."""

    giver: int
    taker: int
    starts_at: datetime
    ends_at: datetime

    def stood(self, since: datetime, until: datetime) -> bool:
        return self.starts_at <= until and self.ends_at > since


def hands_since(since: datetime) -> list[Hand]:
    """Every delegation that stood at some time since an instant."""
    return [
        Hand(giver, taker, starts_at, min(ends_at, revoked_at or ends_at))
        for giver, taker, starts_at, ends_at, revoked_at in _SINCE.rows(since=since)
    ]


def handed(hands: Iterable[Hand], *, since: datetime, until: datetime) -> list[Handed]:
    """
    Who handed their right to whom at any time between two instants. Conflicts count for as long as
    a request stood, so that nobody gets rid of one by taking a delegation back.
    """
    return [Handed(one.giver, one.taker) for one in hands if one.stood(since, until)]


def handed_now(*, at: datetime) -> list[Handed]:
    """Whose right somebody else has at this instant."""
    return [Handed(giver, taker) for giver, taker in _NOW.rows(at=at)]


@dataclass(frozen=True, slots=True)
class Tie:
    """Two accounts that are one person's, and until when they were, if no longer."""

    first: int
    second: int
    until: datetime | None


def ties_since(since: datetime) -> list[Tie]:
    """Every tie that stood at some time since an instant."""
    return [Tie(first, second, until) for first, second, until in _TIES.rows(since=since)]


def one_person(ties: Iterable[Tie], *, since: datetime) -> list[Handed]:
    """
    Accounts that are one person's, both ways, as if each had handed its conflicts to the other:
    those of ``ties`` that stand, or did at some time since an instant.
    """
    pairs = [(one.first, one.second) for one in ties if one.until is None or one.until > since]
    return [one for a, b in pairs for one in (Handed(a, b), Handed(b, a))]


@dataclass(frozen=True, slots=True)
class Asked:
    """The roles that a step asks for, and those that it comes to when it is late: ``a|b``."""

    roles: str
    escalate_to: str


def steps(requests: Sequence[ApprovalRequest]) -> dict[int, Asked]:
    """The step at which each request stands, where it has one."""
    rows = sql.tuples(
        """
        SELECT step.request_id, step.roles, step.escalate_to
        FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS at (request, version, position)
        JOIN approvals_step AS step
            ON (step.request_id, step.version, step.position)
             = (at.request, at.version, at.position)
        """,
        (
            [one.pk for one in requests],
            [one.version for one in requests],
            [one.position for one in requests],
        ),
    )
    return {request: Asked(roles, escalate_to) for request, roles, escalate_to in rows}


def spent(requests: Sequence[ApprovalRequest]) -> dict[int, set[int]]:
    """Who decided a step of the request's present version, and for whom."""
    versions = {one.pk: one.version for one in requests}
    found: dict[int, set[int]] = defaultdict(set)
    rows = sql.tuples(
        "SELECT request_id, version, decided_by_id, on_behalf_id FROM approvals_decision"
        " WHERE request_id = ANY(%s::bigint[])",
        (list(versions),),
    )
    for request, version, by, on_behalf in rows:
        if versions[request] == version:
            found[request].update(one for one in (by, on_behalf) if one is not None)
    return found


def makers(requests: Sequence[ApprovalRequest]) -> dict[int, dict[int, str]]:
    """Who made each request, with the reason."""
    found: dict[int, dict[int, str]] = defaultdict(dict)
    rows = sql.tuples(
        "SELECT request_id, user_id, why FROM approvals_maker WHERE request_id = ANY(%s::bigint[])"
        " ORDER BY id",
        ([one.pk for one in requests],),
    )
    for request, user, why in rows:
        found[request][user] = why
    return found


def makers_below(requests: Iterable[int]) -> list[tuple[int, int]]:
    """(request, person) of everybody who made requests, also where the session sees them not."""
    found = sql.rows("SELECT * FROM approvals_makers_of(%s)", (sorted(set(requests)),))
    return [(row.request_id, row.user_id) for row in found]


def names(users: Iterable[int]) -> Mapping[int, str]:
    """Names by id."""
    return dict(User.objects.filter(pk__in=set(users)).values_list("pk", "name"))


def names_when_asked(users: Iterable[int]) -> Callable[[int], str]:
    """Somebody's name, or “somebody”; all are read when the first one is wanted."""
    known = cache(lambda: names(users))
    return lambda user: known().get(user, "somebody")
