"""
Groups of legal entities, by which roles are held. A role for a group follows it from the moment it
changes, so a change that touches somebody's role takes two administrators, as roles do.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from accounts import identities
from accounts.authority import authorize
from accounts.models import Assignment, EntityGroup, User
from accounts.operations.people import PeopleRefused
from accounts.queries import actor_of
from accounts.roles import Role, declared
from revops.audit.operations import record, recorded
from revops.kernel import clock

ASK: Final = declared("people.change")
AGREE: Final = declared("people.approve")
_LONGEST_CODE: Final = 24


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of a group does to somebody's role; ``gains`` and ``loses`` are codes."""

    user: User
    role: Role
    gains: tuple[str, ...]
    loses: tuple[str, ...]


def effects(group: EntityGroup | None, entities: Collection[str]) -> list[Effect]:
    """Whose roles, now or to come, would reach other legal entities."""
    if group is None:
        return []
    gains = tuple(sorted(set(entities) - set(group.entities)))
    loses = tuple(sorted(set(group.entities) - set(entities)))
    if not gains and not loses:
        return []
    held = Assignment.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=clock.now()), group=group, user__is_active=True
    ).select_related("user")
    rows = held.order_by("user__name", "pk")
    return [Effect(one.user, Role(one.role), gains, loses) for one in rows]


def check_group(
    *, group: EntityGroup | None, name: str, entities: Collection[str], asker: User
) -> None:
    """Whether ``asker`` could ask for the group to be so. Raises PeopleRefused."""
    one_person = identities.accounts_of(asker.pk)
    if any(one.user.pk in one_person for one in effects(group, entities)):
        raise PeopleRefused("Nobody changes their own roles. Let another administrator ask.")
    if not 1 <= len(name.strip()) <= 120:
        raise PeopleRefused("Give the group a name of at most 120 characters.")
    if not entities:
        raise PeopleRefused("Choose at least one legal entity.")
    others = EntityGroup.objects.filter(Q(name__iexact=name.strip()) | Q(code=_code(name)))
    if others.exclude(pk=group.pk if group else 0).exists():
        raise PeopleRefused("Another group has this name.")
    if group is not None and (group.name, set(group.entities)) == (name.strip(), set(entities)):
        raise PeopleRefused("That is how the group is already.")


@recorded
@transaction.atomic
def change_group(
    *,
    group_id: int | None,
    name: str,
    entities: Collection[str],
    by: User,
    reason: str,
    approved_by: User | None = None,
) -> EntityGroup:
    """
    Make a group (no ``group_id``) or change one. ``by`` asked; ``approved_by`` agreed, and may be
    None only where nobody's role reaches further or less far by it.

    Raises NotAllowed, PeopleRefused, or EntityGroup.DoesNotExist.
    """
    by = authorize(by, ASK, fresh=True)
    found = None
    if group_id is not None:
        found = EntityGroup.objects.select_for_update().get(pk=group_id)
    check_group(group=found, name=name, entities=entities, asker=by)
    touched = effects(found, entities)
    if approved_by is not None:
        makers = [by.pk, *(one.user.pk for one in touched)]
        authorize(approved_by, AGREE, makers=makers, fresh=True)
    elif touched:
        raise PeopleRefused("Roles depend on this group. Another administrator has to agree.")
    before = {"name": found.name, "entities": ", ".join(found.entities)} if found else None
    made = found or EntityGroup(code=_code(name))
    made.name, made.entities = name.strip(), sorted(set(entities))
    made.save()
    after = {"name": made.name, "entities": ", ".join(made.entities), "asked by": by.name}
    record(
        "entity_group.changed" if found else "entity_group.made", by=actor_of(approved_by or by),
        kind="entity group", reference=made.code, label=made.name, before=before, after=after,
        reason=reason,
    )  # fmt: skip
    return made


def _code(name: str) -> str:
    return slugify(name)[:_LONGEST_CODE].upper() or "GROUP"
