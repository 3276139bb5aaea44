"""A change of somebody's roles, asked for by one administrator and decided by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from accounts.authority import NotAllowed
from accounts.models import Assignment, EntityGroup, User
from accounts.operations import PeopleRefused, check_end, check_grant, end_role, grant_role
from accounts.roles import Role
from approvals.models import ApprovalRequest
from approvals.operations import ask
from approvals.subjects import CannotApply, Consequences, Content, Row, Subject
from revops.audit.operations import recorded

SLUG: Final = "role_change"


class RoleChange(Subject):
    slug = SLUG
    label = "Change of a role"
    request_action = "people.change"
    decide_action = "people.approve"
    fallback = ("admin",)

    def title(self, content: Content) -> str:
        role = Role(content["role"]).label
        verb = "Give" if content["act"] == "grant" else "End"
        return f"{verb} {role} for {content['scope']}: {content['person']}"[:200]

    def describe(self, content: Content) -> Sequence[Row]:
        rows = [
            Row("Person", content["person"], link=reverse("console:user", args=[content["user"]])),
            Row("Role", Role(content["role"]).label),
            Row("Legal entities", content["scope"]),
        ]
        if content["act"] == "grant":
            rows.append(Row("Until", content["until"][:10] or "further notice"))
        return [*rows, Row("Reason", content["reason"])]

    def consequences(self, content: Content) -> Consequences:
        if content["act"] == "grant":
            return Consequences(sentences=["They hold the role from the moment you approve."])
        return Consequences(sentences=["They lose the role at once, also on pages they have open."])

    def makers(self, content: Content) -> Mapping[int, str]:
        return {content["user"]: "are the person whose role it is"}

    def link(self, request: ApprovalRequest) -> str:
        return ""

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        asker = request.requested_by
        if by is None or asker is None:
            raise CannotApply("A role is given by two people.")
        try:
            if content["act"] == "end":
                end_role(
                    assignment_id=content["assignment"], by=asker, approved_by=by,
                    reason=content["reason"],
                )  # fmt: skip
                return f"{content['person']} does not hold it any more."
            grant_role(
                user=User.objects.get(pk=content["user"]),
                role=Role(content["role"]),
                by=asker,
                approved_by=by,
                reason=content["reason"],
                entity=content["entity"],
                group=_group(content["group"]),
                until=_instant(content["until"]),
            )
        except (PeopleRefused, NotAllowed) as error:
            raise CannotApply(str(error)) from error
        return f"{content['person']} holds it now."


@recorded
def ask_to_grant(
    *,
    user: User,
    role: Role,
    by: User,
    reason: str,
    entity: str = "",
    group: EntityGroup | None = None,
    until: datetime | None = None,
) -> ApprovalRequest:
    """Ask another administrator to give it. Raises NotAllowed, PeopleRefused, ApprovalRefused."""
    if not reason.strip():
        raise PeopleRefused("Say why they need it.")
    check_grant(user=user, role=role, asker=by, entity=entity, group=group, until=until)
    scope = str(group) if group else entity or "all entities"
    content: dict[str, Any] = {
        "act": "grant",
        "user": user.pk,
        "person": user.name,
        "role": role.value,
        "entity": entity,
        "group": group.pk if group else None,
        "scope": scope,
        "until": until.isoformat() if until else "",
        "reason": reason.strip()[:300],
    }
    where = f"group-{group.pk}" if group else entity or "all"
    return ask(
        subject=SLUG, subject_id=f"{user.pk}:{role.value}:{where}", content=content, by=by,
        entity="", note=content["reason"],
    )  # fmt: skip


@recorded
def ask_to_end(*, assignment: Assignment, by: User, reason: str) -> ApprovalRequest:
    """Ask another administrator to end a role. Raises as ``ask_to_grant``."""
    if not reason.strip():
        raise PeopleRefused("Say why it ends.")
    check_end(assignment=assignment, asker=by)
    content: dict[str, Any] = {
        "act": "end",
        "assignment": assignment.pk,
        "user": assignment.user_id,
        "person": assignment.user.name,
        "role": assignment.role,
        "scope": assignment.scope_label,
        "reason": reason.strip()[:300],
    }
    return ask(
        subject=SLUG, subject_id=f"end-{assignment.pk}", content=content, by=by, entity="",
        note=content["reason"],
    )  # fmt: skip


def _group(number: int | None) -> EntityGroup | None:
    return None if number is None else EntityGroup.objects.get(pk=number)


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
