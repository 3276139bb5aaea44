"""Who holds which role where, who hands their right to whom, and who made a request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.authority import in_force
from accounts.models import SamePerson, User
from approvals.models import ApprovalRequest, Decision, Delegation, Maker
from approvals.policies import Handed
from revops.store import sql


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
    rows = in_force().values_list("user_id", "role", "legal_entity", "group__entities")
    for user, role, code, group in rows:
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
    rows = Delegation.objects.filter(ends_at__gt=since).filter(
        Q(revoked_at__isnull=True) | Q(revoked_at__gt=since)
    )
    return [
        Hand(
            one.giver_id,
            one.taker_id,
            one.starts_at,
            min(one.ends_at, one.revoked_at or one.ends_at),
        )
        for one in rows
    ]


def handed(hands: Iterable[Hand], *, since: datetime, until: datetime) -> list[Handed]:
    """
    Who handed their right to whom at any time between two instants. Conflicts count for as long as
    a request stood, so that nobody gets rid of one by taking a delegation back.
    """
    return [Handed(one.giver, one.taker) for one in hands if one.stood(since, until)]


def handed_now(*, at: datetime) -> list[Handed]:
    """Whose right somebody else has at this instant."""
    rows = Delegation.objects.filter(starts_at__lte=at, ends_at__gt=at, revoked_at__isnull=True)
    return [Handed(giver, taker) for giver, taker in rows.values_list("giver_id", "taker_id")]


def one_person(ties: Iterable[SamePerson], *, since: datetime) -> list[Handed]:
    """
    Accounts that are one person's, both ways, as if each had handed its conflicts to the other:
    those of ``ties`` that stand, or did at some time since an instant.
    """
    pairs = [
        (one.first_id, one.second_id) for one in ties if one.until is None or one.until > since
    ]
    return [one for a, b in pairs for one in (Handed(a, b), Handed(b, a))]


def spent(requests: Sequence[ApprovalRequest]) -> dict[int, set[int]]:
    """Who decided a step of the request's present version, and for whom."""
    versions = {one.pk: one.version for one in requests}
    found: dict[int, set[int]] = defaultdict(set)
    rows = Decision.objects.filter(request_id__in=versions).values_list(
        "request_id", "version", "decided_by_id", "on_behalf_id"
    )
    for request, version, by, on_behalf in rows:
        if versions[request] == version:
            found[request].update(one for one in (by, on_behalf) if one is not None)
    return found


def makers(requests: Sequence[ApprovalRequest]) -> dict[int, dict[int, str]]:
    """Who made each request, with the reason."""
    found: dict[int, dict[int, str]] = defaultdict(dict)
    rows = Maker.objects.filter(request__in=requests).values_list("request_id", "user_id", "why")
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
