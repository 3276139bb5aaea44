"""Who may what, role by role; deny by default."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory

from accounts.models import Assignment, User
from accounts.queries import NotAllowed, authorize, may
from accounts.roles import ACTIONS, ActionUnknown, Role, allowed
from revops.kernel import clock
from revops.web.policy import policy_of, screen
from tests.cast import CAST, person
from tests.for_each import for_each


@pytest.mark.django_db
class TestAuthorize:
    @for_each("action", sorted(ACTIONS))
    @for_each("name", sorted(CAST))
    def test_allows_what_the_role_is_for_and_nothing_else(self, name: str, action: str) -> None:
        role = CAST[name].role
        assert may(person(name), action) is (role is not None and role in ACTIONS[action])

    @for_each("action", sorted(ACTIONS))
    def test_says_who_may(self, otis: User, action: str) -> None:
        with pytest.raises(NotAllowed) as refused:
            authorize(otis, action)
        labels = [role.label for role in ACTIONS[action]]
        assert all(label in str(refused.value) for label in labels)

    def test_gives_nothing_to_somebody_who_is_not_signed_in(self) -> None:
        assert not any(may(AnonymousUser(), action) for action in ACTIONS)

    def test_gives_nothing_to_somebody_who_has_left(self, ana: User) -> None:
        ana.is_active = False
        assert not any(may(ana, action) for action in ACTIONS)

    def test_ends_with_the_assignment(self, ana: User) -> None:
        ana.assignments.update(valid_to=clock.now())
        assert not may(User.objects.get(pk=ana.pk), "cases.view")

    def test_adds_up_over_several_roles(self, otis: User) -> None:
        for role in (Role.SUPPORT, Role.ADMIN):
            Assignment.objects.create(user=otis, role=role.value)
        found = {action for action in ACTIONS if may(otis, action)}
        expected = {
            action for action, roles in ACTIONS.items() if roles & {Role.SUPPORT, Role.ADMIN}
        }
        assert found == expected


class TestAllowed:
    def test_takes_an_undeclared_action_for_a_mistake(self) -> None:
        with pytest.raises(ActionUnknown):
            allowed([Role.ADMIN], "no.such.thing")


@pytest.mark.django_db
class TestScreen:
    @staticmethod
    def seen_by(user: Any, **headers: str) -> Any:
        @screen("cases.view")
        def view(request: Any) -> HttpResponse:
            return HttpResponse("the cases")

        request = RequestFactory().get("/", headers=headers)
        request.user = user
        return view(request)

    def test_shows_the_page_to_who_may(self, ana: User) -> None:
        assert self.seen_by(ana).content == b"the cases"

    def test_refuses_in_words_who_may_not(self, otis: User) -> None:
        answer = self.seen_by(otis)
        assert answer.status_code == 403
        assert "Finance analyst" in answer.content.decode()
        assert b"the cases" not in answer.content

    def test_declares_what_it_asks_for(self) -> None:
        @screen("cases.view")
        def view(request: Any) -> HttpResponse:
            return HttpResponse()

        found = policy_of(view)
        assert found is not None
        assert found.action == "cases.view"

    def test_does_not_start_with_an_undeclared_action(self) -> None:
        with pytest.raises(ActionUnknown):
            screen("no.such.thing")
