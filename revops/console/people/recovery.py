"""
Taking somebody's second factor away when their phone and their paper are lost: asked for by an
administrator, agreed to by somebody else, told to whoever it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.urls import reverse

from accounts import identities, second_factor, sessions
from accounts.models import User
from accounts.operations import PeopleRefused
from accounts.queries import actor_of
from approvals.models import ApprovalRequest
from approvals.operations import ask
from approvals.subjects import CannotApply, Consequences, Content, Row, Subject
from revops.audit.operations import recorded
from revops.notices.operations import tell

SLUG: Final = "second_factor_reset"


class SecondFactorReset(Subject):
    slug = SLUG
    label = "Reset of a second factor"
    request_action = "people.change"
    decide_action = "people.recover"
    fallback = ("admin|manager",)

    def title(self, content: Content) -> str:
        return f"Reset the second factor of {content['person']}"[:200]

    def describe(self, content: Content) -> Sequence[Row]:
        return [
            Row("Person", content["person"]),
            Row("How one knows that it is them", content["reason"]),
        ]

    def consequences(self, content: Content) -> Consequences:
        return Consequences(
            sentences=[
                "Their authenticator app, keys and codes on paper open nothing any more.",
                "They are signed out everywhere, and told of it.",
                "They set up another second factor when they sign in with their password.",
            ]
        )

    def makers(self, content: Content) -> Mapping[int, str]:
        return {content["user"]: "are the person whose second factor it is"}

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        if by is None or request.requested_by is None:
            raise CannotApply("A second factor is reset by two people.")
        user = User.objects.select_for_update().get(pk=content["user"])
        if not user.is_active:
            raise CannotApply(f"{user} is deactivated.")
        if not second_factor.remove(user=user, by=actor_of(by), reason=content["reason"]):
            raise CannotApply(f"{user} has no second factor any more.")
        sessions.end_all(user=user)
        tell(
            recipients=[user.pk],
            kind="account_changed",
            title="Your second factor was reset",
            text=(
                f"{request.requested_by.name} asked for it and {by.name} agreed: "
                f"{content['reason']} If you did not ask them to, tell an administrator at once."
            ),
            link=reverse("me:settings"),
            key=f"second_factor_reset:{request.pk}",
        )
        return f"{user.name} sets up another one when they sign in."


@recorded
def ask_to_reset(*, user: User, by: User, reason: str) -> ApprovalRequest:
    """Ask somebody else to agree. Raises NotAllowed, PeopleRefused, ApprovalRefused."""
    if by.pk in identities.accounts_of(user.pk):
        raise PeopleRefused("Nobody resets their own second factor. Let another one ask.")
    if not user.is_active:
        raise PeopleRefused(f"{user} is deactivated.")
    if not second_factor.has_one(user):
        raise PeopleRefused(f"{user} has no second factor.")
    if not reason.strip():
        raise PeopleRefused("Say how you know that it is them.")
    content: dict[str, Any] = {
        "user": user.pk,
        "person": user.name,
        "reason": reason.strip()[:300],
    }
    return ask(
        subject=SLUG, subject_id=str(user.pk), content=content, by=by, entity="",
        note=content["reason"],
    )  # fmt: skip
