"""
People and the roles they hold. A role is given and ended by two administrators: who asks, and
another who agrees (``revops.console.people.subject`` brings the approval here). Nobody changes
their own rights, combinations that must not meet are refused, and the last administrator stays.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts import identities
from accounts.authority import authorize, in_force
from accounts.models import Assignment, EntityGroup, User
from accounts.queries import actor_of
from accounts.roles import Role, conflicts, declared
from revops.audit.operations import record, recorded
from revops.kernel import clock
from revops.kernel.actor import system

ASK: Final = declared("people.change")
AGREE: Final = declared("people.approve")


class PeopleRefused(ValueError):
    """It cannot be done to this person; the message is a sentence that says why."""


def check_grant(
    *,
    user: User,
    role: Role,
    asker: User,
    entity: str = "",
    group: EntityGroup | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> None:
    """
    Whether the role can be given now: asked before it is asked for, and again when it is done.
    ``asker`` asks for it; ``entity`` is a legal entity's code. Raises PeopleRefused.
    """
    one_person = identities.accounts_of(user.pk)
    if asker.pk in one_person:
        raise PeopleRefused("Nobody changes their own roles. Let another administrator ask.")
    if not user.is_active:
        raise PeopleRefused(f"{user} is deactivated.")
    if user.sealed_at is not None:
        raise PeopleRefused("The emergency account is nobody's. It holds no other role.")
    since = since or clock.now()
    if until is not None and until <= max(since, clock.now()):
        raise PeopleRefused("The role would end before it begins.")
    held = list(standing({user.pk}))
    for one in held:
        if (one.role, one.legal_entity, one.group_id) == (
            role.value,
            entity,
            group.pk if group else None,
        ):
            raise PeopleRefused(f"{user} holds this role for {one.scope_label} already.")
    elsewhere = standing(one_person - {user.pk})
    found = conflicts({role, *(Role(one.role) for one in (*held, *elsewhere))})
    if found and conflicts({role, *(Role(one.role) for one in held)}):
        raise PeopleRefused(found[0].sentence)
    if found:
        raise PeopleRefused(f"{found[0].sentence} Another account of theirs holds the other role.")


@recorded
@transaction.atomic
def grant_role(
    *,
    user: User,
    role: Role,
    by: User,
    approved_by: User,
    reason: str,
    entity: str = "",
    group: EntityGroup | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Assignment:
    """
    Give a role, from ``since`` (now) until before ``until``. ``by`` asked, ``approved_by`` agreed.

    Raises NotAllowed or PeopleRefused.
    """
    authorize(by, ASK, fresh=True)
    authorize(approved_by, AGREE, makers=[by.pk, user.pk], fresh=True)
    user = User.objects.select_for_update().get(pk=user.pk)
    check_grant(
        user=user, role=role, asker=by, entity=entity, group=group, since=since, until=until
    )
    made = Assignment.objects.create(
        user=user,
        role=role.value,
        legal_entity=entity,
        group=group,
        valid_from=since or clock.now(),
        valid_to=until,
        granted_by=by,
        approved_by=approved_by,
        reason=reason.strip()[:300],
    )
    _record("person.role_granted", made, approved_by, asked_by=by, after=_facts(made))
    return made


def check_end(*, assignment: Assignment, asker: User) -> None:
    """Whether the role can be ended now. Raises PeopleRefused."""
    if asker.pk in identities.accounts_of(assignment.user_id):
        raise PeopleRefused("Nobody changes their own roles. Let another administrator ask.")
    if assignment.valid_to is not None and assignment.valid_to <= clock.now():
        raise PeopleRefused("This role has ended already.")
    if _is_whole_admin(assignment):
        _keep_an_administrator(without=assignment.user_id)


@recorded
@transaction.atomic
def end_role(*, assignment_id: int, by: User, approved_by: User, reason: str) -> Assignment:
    """
    End a role at once. ``by`` asked, ``approved_by`` agreed; one that has not begun never does.

    Raises NotAllowed, PeopleRefused, or Assignment.DoesNotExist.
    """
    authorize(by, ASK, fresh=True)
    _lock_administrators()
    assignment = Assignment.objects.select_for_update(of=("self",)).select_related(
        "user", "group"
    ).get(pk=assignment_id)  # fmt: skip
    authorize(approved_by, AGREE, makers=[by.pk, assignment.user_id], fresh=True)
    check_end(assignment=assignment, asker=by)
    before = _facts(assignment)
    assignment.valid_to = max(clock.now(), assignment.valid_from)
    assignment.ended_by = by
    assignment.save(update_fields=["valid_to", "ended_by"])
    _record(
        "person.role_ended", assignment, approved_by, before=before, after=_facts(assignment),
        asked_by=by, reason=reason,
    )  # fmt: skip
    return assignment


@recorded
@transaction.atomic
def invite(*, email: str, name: str, by: User) -> User:
    """
    Somebody new, who may nothing until they hold a role and cannot sign in with a password until
    they set one. Raises NotAllowed or PeopleRefused.
    """
    by = authorize(by, ASK, fresh=True)
    email, name = email.strip().lower(), " ".join(name.split())
    try:
        validate_email(email)
    except ValidationError as error:
        raise PeopleRefused("That is not an e-mail address.") from error
    if not 1 <= len(name) <= 120:
        raise PeopleRefused("Give a name of at most 120 characters.")
    if User.objects.filter(email=email).exists():
        raise PeopleRefused("Somebody with that e-mail address is here already.")
    made = User.objects.create_user(email, name)
    record(
        "person.invited", by=actor_of(by), kind="person", reference=f"user:{made.pk}",
        label=name, after={"email": email, "name": name},
    )  # fmt: skip
    return made


@recorded
@transaction.atomic
def deactivate(*, user_id: int, by: User, reason: str) -> User:
    """
    Somebody left: every session and token of theirs ends with this, and every role. One
    administrator is enough, as it only takes away.

    Raises NotAllowed, PeopleRefused, or User.DoesNotExist.
    """
    by = authorize(by, ASK, fresh=True)
    _lock_administrators()
    user = User.objects.select_for_update().get(pk=user_id)
    if by.pk in identities.accounts_of(user.pk):
        raise PeopleRefused("Nobody deactivates themselves. Let another administrator do it.")
    if not user.is_active:
        raise PeopleRefused(f"{user} is deactivated already.")
    if not reason.strip():
        raise PeopleRefused("Say why.")
    if any(_is_whole_admin(one) for one in standing({user.pk})):
        _keep_an_administrator(without=user.pk)
    now = clock.now()
    user.is_active = False
    user.save(update_fields=["is_active"])
    ended = user.assignments.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=now))
    # One that lay ahead ends where it would have begun.
    ended.filter(valid_from__gt=now).update(valid_from=now)
    ended.update(valid_to=now, ended_by=by)
    record(
        "person.deactivated", by=actor_of(by), kind="person", reference=f"user:{user.pk}",
        label=user.name, before={"active": True}, after={"active": False}, reason=reason,
    )  # fmt: skip
    return user


@transaction.atomic
def first_administrator(*, email: str, name: str, password: str) -> User:
    """
    Who begins: the first administrator, and the second one, without whom no role could be given.
    With two in force this is over. ``password`` has been validated. Raises PeopleRefused.
    """
    _lock_administrators()
    administrators = in_force().filter(role=Role.ADMIN.value, legal_entity="", group__isnull=True)
    if len({identities.accounts_of(one.user_id) for one in administrators}) >= 2:
        raise PeopleRefused("There are two administrators already: ask them, on the page Users.")
    if User.objects.filter(email=email.strip().lower()).exists():
        raise PeopleRefused("Somebody with that e-mail address is here already.")
    made = User.objects.create_user(email.strip(), " ".join(name.split()), password)
    assignment = Assignment.objects.create(
        user=made, role=Role.ADMIN.value, reason="First administrator"
    )
    record(
        "person.role_granted", by=system("manage.py first_administrator", "Operator"),
        kind="person", reference=f"user:{made.pk}", label=made.name, after=_facts(assignment),
    )  # fmt: skip
    return made


def standing(accounts: Collection[int]) -> QuerySet[Assignment]:
    """What these accounts hold now and what is to come."""
    return Assignment.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=clock.now()), user__in=accounts
    ).select_related("group")


def _is_whole_admin(assignment: Assignment) -> bool:
    return (
        assignment.role == Role.ADMIN.value
        and not assignment.legal_entity
        and assignment.group_id is None
    )


def _lock_administrators() -> None:
    """So that two who leave at once do not each see the other one stay."""
    list(in_force().select_for_update(of=("self",)).filter(role=Role.ADMIN.value).order_by("pk"))


def _keep_an_administrator(*, without: int) -> None:
    others = in_force().filter(
        role=Role.ADMIN.value, legal_entity="", group__isnull=True, valid_to__isnull=True
    )
    if not others.exclude(user_id=without).exists():
        raise PeopleRefused("They are the last administrator. Make another one first.")


def _facts(assignment: Assignment) -> dict[str, Any]:
    return {
        "role": Role(assignment.role).label,
        "for": assignment.scope_label,
        "from": assignment.valid_from.isoformat(),
        "until": assignment.valid_to.isoformat() if assignment.valid_to else "",
    }


def _record(
    action: str,
    assignment: Assignment,
    by: User,
    *,
    after: dict[str, Any],
    asked_by: User,
    before: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    record(
        action,
        by=actor_of(by),
        kind="person",
        reference=f"user:{assignment.user_id}",
        label=assignment.user.name,
        entity=assignment.legal_entity,
        before=before,
        after=after | {"asked by": asked_by.name},
        reason=reason or assignment.reason,
    )
