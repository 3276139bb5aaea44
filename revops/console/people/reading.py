"""What the pages show of people, and the list that is reviewed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q

from accounts import identities
from accounts.models import Assignment, SamePerson, User
from accounts.operations.people import standing
from accounts.roles import Role, Toxic, conflicts
from approvals.models import ApprovalRequest, Delegation, State, Tier
from approvals.policies import roles_of_step
from revops.console.people import recovery
from revops.console.people.subject import SLUG
from revops.kernel import clock
from revops.kernel.privacy import CONTACT, PII
from revops.web.csv_files import Column, instant_cell

COLUMNS = (
    Column("person", PII), Column("email", CONTACT), "active", "last_seen", "role",
    "legal_entities", "from", "until", Column("asked_by", PII), Column("approved_by", PII),
    Column("reason", PII), "conflicts", Column("same_person_as", CONTACT),
    Column("may_be_the_same_as", CONTACT),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tie:
    """Another account of the same person, as somebody said."""

    row: SamePerson
    other: User


@dataclass(frozen=True, slots=True)
class Line:
    """
    Somebody, as the list and their page show them. ``conflicts`` are of all ``accounts`` that are
    known to be theirs, ``ties`` say why they are.
    """

    user: User
    held: tuple[Assignment, ...]
    tiers: str
    conflicts: tuple[Toxic, ...]
    delegations: tuple[Delegation, ...]
    pending: tuple[ApprovalRequest, ...]
    ties: tuple[Tie, ...]
    accounts: frozenset[int]


def lines(words: str = "", *, only: int | None = None) -> list[Line]:
    """Everybody whose name or e-mail has ``words``, those who are still here first."""
    found = User.objects.order_by("-is_active", "name", "pk")
    if words:
        found = found.filter(Q(name__icontains=words) | Q(email__icontains=words))
    if only is not None:
        found = found.filter(pk=only)
    people = list(found[:500])
    ties = list(identities.ties().select_related("first", "second", "said_by"))
    accounts = {user.pk: _accounts(user.pk, ties) for user in people}
    held = _held(frozenset().union(*accounts.values()))
    tiers = _tiers()
    now = clock.now()
    away = defaultdict(list)
    for hand in Delegation.objects.select_related("taker").filter(
        giver__in=people, ends_at__gt=now, revoked_at__isnull=True
    ):
        away[hand.giver_id].append(hand)
    pending = defaultdict(list)
    for request in ApprovalRequest.objects.filter(
        subject__in=[SLUG, recovery.SLUG], state=State.WAITING
    ):
        pending[request.subject_id.split(":")[0]].append(request)
    made = []
    for user in people:
        own = held[user.pk]
        roles = {Role(one.role) for one in own}
        whole = {Role(one.role) for account in accounts[user.pk] for one in held[account]}
        numbers = sorted({number for role in roles for number in tiers[role.value]})
        asked = [*pending[str(user.pk)]]
        for one in own:
            asked += pending[f"end-{one.pk}"]
        made.append(
            Line(
                user, tuple(own), ", ".join(map(str, numbers)), conflicts(whole),
                tuple(away[user.pk]), tuple(asked),
                tuple(_tie(one, user) for one in ties if user.pk in (one.first_id, one.second_id)),
                accounts[user.pk],
            )
        )  # fmt: skip
    return made


def review_rows() -> Iterator[tuple[str, ...]]:
    """The access review: a line for each role that somebody holds or will, and for who has none."""
    everybody = lines()
    emails = dict(User.objects.values_list("pk", "email"))
    alike = identities.resemblances([line.user for line in everybody])
    for line in everybody:
        others = sorted(emails[one] for one in line.accounts if one != line.user.pk)
        near = sorted(one.user.email for one in alike[line.user.pk])
        same = ("; ".join(others), "; ".join(near))
        found = "; ".join(toxic.sentence for toxic in line.conflicts)
        about = (
            line.user.name, line.user.email, "yes" if line.user.is_active else "no",
            instant_cell(line.user.last_login),
        )  # fmt: skip
        if not line.held:
            yield (*about, "none", "", "", "", "", "", "", found, *same)
        for one in line.held:
            yield (
                *about, Role(one.role).label, one.scope_label, instant_cell(one.valid_from),
                instant_cell(one.valid_to), one.granted_by.name if one.granted_by else "",
                one.approved_by.name if one.approved_by else "", one.reason, found,
                *same,
            )  # fmt: skip


def _tie(row: SamePerson, user: User) -> Tie:
    return Tie(row, row.second if row.first_id == user.pk else row.first)


def _accounts(user_id: int, ties: Iterable[SamePerson]) -> frozenset[int]:
    """``identities.accounts_of`` for a list, without asking for each."""
    found = {user_id}
    pairs = [{one.first_id, one.second_id} for one in ties]
    while joined := [pair for pair in pairs if pair & found and not pair <= found]:
        found.update(*joined)
    return frozenset(found)


def _held(accounts: Collection[int]) -> dict[int, list[Assignment]]:
    """What each holds now and what is to come."""
    rows = standing(accounts).select_related("group", "granted_by", "approved_by", "user")
    rows = rows.order_by("role", "legal_entity", "pk")
    found = defaultdict(list)
    for one in rows:
        found[one.user_id].append(one)
    return found


def _tiers() -> dict[str, set[int]]:
    """The tiers of today's policies in whose steps a role stands."""
    found: dict[str, set[int]] = defaultdict(set)
    rows = Tier.objects.filter(policy__valid__contains=clock.now().date())
    for number, steps in rows.values_list("number", "steps"):
        for step in steps:
            for role in roles_of_step(step):
                found[role].add(number)
    return found
