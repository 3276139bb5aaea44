"""Saying that two accounts are one person's, and that it was a mistake."""

from __future__ import annotations

from django.db import transaction

from accounts import identities
from accounts.authority import authorize
from accounts.models import SamePerson, User
from accounts.operations.people import ASK, PeopleRefused
from accounts.queries import actor_of
from revops.audit.operations import record, recorded
from revops.kernel import clock


@recorded
@transaction.atomic
def tie_accounts(*, user: User, other: User, by: User, reason: str) -> SamePerson:
    """
    Two accounts are one person's. One administrator is enough, of themselves too, as it only takes
    away: from now on neither decides what the other asked for.

    Raises NotAllowed or PeopleRefused.
    """
    by = authorize(by, ASK, fresh=True)
    if user.pk == other.pk:
        raise PeopleRefused("Choose another account.")
    if not reason.strip():
        raise PeopleRefused("Say how you know that it is one person.")
    _hold(user.pk, other.pk)
    if other.pk in identities.accounts_of(user.pk):
        raise PeopleRefused("These accounts are known to be one person's already.")
    first, second = sorted((user, other), key=lambda one: one.pk)
    made = SamePerson.objects.create(
        first=first, second=second, reason=reason.strip()[:300], said_by=by
    )
    _record("person.accounts_tied", made, by, after=_facts(made), reason=made.reason)
    return made


@recorded
@transaction.atomic
def untie_accounts(*, tie_id: int, by: User, reason: str) -> SamePerson:
    """
    They are two people after all. Nobody says it of themselves. For what was asked for until now it
    still counts.

    Raises NotAllowed, PeopleRefused, or SamePerson.DoesNotExist.
    """
    by = authorize(by, ASK, fresh=True)
    found = SamePerson.objects.get(pk=tie_id)
    _hold(found.first_id, found.second_id)
    found = SamePerson.objects.select_for_update(of=("self",)).select_related(
        "first", "second"
    ).get(pk=tie_id)  # fmt: skip
    if found.until is not None:
        raise PeopleRefused("They are two people already.")
    if by.pk in identities.accounts_of(found.first_id):
        raise PeopleRefused(
            "Nobody says of themselves that they are two people. Let another administrator do it."
        )
    if not reason.strip():
        raise PeopleRefused("Say how you know that they are two people.")
    before = _facts(found)
    found.until = max(clock.now(), found.since)
    found.ended_by, found.end_reason = by, reason.strip()[:300]
    found.save(update_fields=["until", "ended_by", "end_reason"])
    _record("person.accounts_untied", found, by, before=before, reason=found.end_reason)
    return found


def _hold(*accounts: int) -> None:
    """Whoever decides or is given a role holds their own row meanwhile."""
    everybody = set().union(*(identities.accounts_of(one) for one in accounts))
    list(User.objects.select_for_update().filter(pk__in=everybody).order_by("pk"))


def _facts(tie: SamePerson) -> dict[str, str]:
    return {"account": tie.first.email, "and": tie.second.email}


def _record(
    action: str,
    tie: SamePerson,
    by: User,
    *,
    reason: str,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    record(
        action,
        by=actor_of(by),
        kind="person",
        reference=f"user:{tie.first_id}",
        label=str(tie),
        before=before,
        after=after,
        reason=reason,
    )
