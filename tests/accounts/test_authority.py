"""Every action, for every role, in one's own entity, in another's and in all of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.authority import (
    ALL,
    NotAllowed,
    OutOfScope,
    authorize,
    covers,
    explain,
    may,
    scope_of,
)
from accounts.models import Assignment, BreakGlass, EntityGroup, User
from accounts.queries import actor_of
from accounts.roles import (
    LENT_IN_EMERGENCY,
    RULES,
    ActionUnknown,
    Part,
    Role,
    conflicts,
    declared,
)
from revops.kernel import clock

pytestmark = pytest.mark.django_db

OWN, FOREIGN = "US-INC", "DE-GMBH"


def somebody(name: str = "nina", **roles: str) -> User:
    """A person with roles, each for one entity by its code or, when blank, for all."""
    made = User.objects.create_user(f"{name}@example.com", name.title())
    for role, entity in roles.items():
        Assignment.objects.create(user=made, role=role, legal_entity=entity)
    return made


def again(user: User) -> User:
    """As the next request meets them."""
    return User.objects.get(pk=user.pk)


def a_glass(user: User, *actions: str, minutes: int = 30) -> BreakGlass:
    now = clock.now()
    return BreakGlass.objects.create(
        asked_by=user, actions=list(actions), reason="The close waits", minutes=minutes,
        granted_by=somebody(f"granter{BreakGlass.objects.count()}"), granted_at=now,
        ends_at=now + timedelta(minutes=minutes),
    )  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
class TestTheMatrix:
    """One person per role; all actions in one test, as making people is what takes time."""

    def test_is_the_same_for_whoever_holds_the_role_everywhere(self, role: Role) -> None:
        user = somebody(**{role.value: ""})
        for action, rule in RULES.items():
            expected = role in rule.roles
            assert explain(user, action).allowed is expected, action
            assert explain(user, action, entities=[OWN]).allowed is expected, action
            assert explain(user, action, entities=[""]).allowed is expected, action
            assert (scope_of(user, action) is ALL) is expected, action

    def test_ends_at_the_edge_of_an_entity(self, role: Role) -> None:
        user = somebody(**{role.value: OWN})
        for action, rule in RULES.items():
            own = explain(user, action, entities=[OWN])
            assert own.allowed is (role in rule.roles and not rule.whole), action
            for codes in ([FOREIGN], [OWN, FOREIGN], [""]):
                other = explain(user, action, entities=codes)
                assert not other.allowed, action
                assert other.hidden is (role in rule.roles), action

    def test_ends_with_what_the_person_asked_for(self, role: Role) -> None:
        user = somebody(**{role.value: ""})
        for action in RULES:
            assert not explain(user, action, makers=[user.pk]).allowed, action

    def test_refuses_with_a_sentence(self, role: Role) -> None:
        user = somebody(**{role.value: OWN})
        for action in RULES:
            for entities in (None, [OWN], [FOREIGN]):
                verdict = explain(user, action, entities=entities)
                assert verdict.allowed is (verdict.reason == ""), action
                assert len(verdict.reason.split()) <= 25 or "open to" in verdict.reason, action


class TestAuthorize:
    def test_answers_404_for_what_another_entity_owns(self) -> None:
        with pytest.raises(OutOfScope):
            authorize(somebody(finance=OWN), "books.view", entities=[FOREIGN])

    def test_answers_403_where_the_role_would_not_do_either(self) -> None:
        with pytest.raises(NotAllowed, match="open to"):
            authorize(somebody(support=OWN), "books.view", entities=[FOREIGN])

    def test_gives_a_superuser_nothing(self) -> None:
        user = somebody()
        vars(user).update(is_superuser=True, is_staff=True)
        assert not any(may(user, action) for action in RULES)

    def test_h6_reads_the_rights_again_when_it_decides(self) -> None:
        user = somebody(manager="")
        assert may(user, "credits.approve")
        user.assignments.update(valid_to=clock.now())
        with pytest.raises(NotAllowed):
            authorize(user, "credits.approve", fresh=True)

    def test_h6_sees_that_somebody_left_meanwhile(self) -> None:
        user = somebody(manager="")
        User.objects.filter(pk=user.pk).update(is_active=False)
        with pytest.raises(NotAllowed):
            authorize(user, "credits.approve", fresh=True)

    @pytest.mark.parametrize("ask", [authorize, explain, may, scope_of])
    def test_takes_an_undeclared_action_for_a_mistake(self, ask: Callable[..., object]) -> None:
        with pytest.raises(ActionUnknown):
            ask(somebody(), "no.such.thing")

    def test_lets_an_action_be_named_at_import_only_when_it_exists(self) -> None:
        assert declared("credits.request") == "credits.request"
        with pytest.raises(ActionUnknown):
            declared("credits.grant")


class TestScope:
    def test_adds_up_over_assignments_of_the_roles_that_may(self) -> None:
        user = somebody(finance=OWN, support="")
        assert scope_of(user, "books.view") == {OWN}
        assert scope_of(user, "credits.request") is ALL
        assert scope_of(user) is ALL

    def test_covers_a_group_of_entities(self) -> None:
        group = EntityGroup.objects.create(code="EU", name="Europe", entities=[FOREIGN, "UK-LTD"])
        user = somebody()
        Assignment.objects.create(user=user, role="finance", group=group)
        assert scope_of(user, "books.view") == {FOREIGN, "UK-LTD"}
        assert explain(user, "books.view", entities=[OWN]).hidden

    def test_begins_and_ends_with_its_dates(self) -> None:
        user = somebody()
        now = clock.now()
        for since, until, entity in (
            (now + timedelta(days=1), None, OWN),
            (now - timedelta(days=9), now - timedelta(days=1), FOREIGN),
            (now - timedelta(days=9), now + timedelta(days=1), "UK-LTD"),
        ):
            Assignment.objects.create(
                user=user, role="finance", legal_entity=entity, valid_from=since, valid_to=until
            )
        assert scope_of(user, "books.view") == {"UK-LTD"}

    def test_of_what_has_no_entity_is_everything_or_nothing(self) -> None:
        assert covers(ALL, [""])
        assert not covers(frozenset({OWN}), [""])


class TestBreakGlass:
    def test_lends_what_it_names_and_nothing_else(self) -> None:
        user = somebody(admin="")
        a_glass(user, "cases.retry")
        assert explain(user, "cases.retry").lent
        assert not may(user, "payload.reveal")
        assert not may(user, "books.view")

    def test_ends_by_itself(self) -> None:
        user = somebody(admin="")
        glass = a_glass(user, "cases.retry")
        past = clock.now() - timedelta(hours=2)
        BreakGlass.objects.filter(pk=glass.pk).update(
            granted_at=past, ends_at=past + timedelta(minutes=30)
        )
        assert not may(again(user), "cases.retry")

    def test_lends_nothing_to_somebody_without_a_role(self) -> None:
        user = somebody()
        a_glass(user, "cases.retry")
        assert not may(user, "cases.retry")

    def test_does_not_widen_whose_books_are_seen(self) -> None:
        user = somebody(revops=OWN)
        a_glass(user, "payload.reveal")
        assert explain(user, "payload.reveal", entities=[FOREIGN]).hidden

    def test_cannot_lend_a_decision_or_rights_even_when_the_row_says_so(self) -> None:
        user = somebody(admin="")
        others = sorted(set(RULES) - set(LENT_IN_EMERGENCY))
        a_glass(user, *others)
        gained = {one for one in others if may(user, one) and Role.ADMIN not in RULES[one].roles}
        assert gained == set()

    def test_marks_everything_that_is_recorded_meanwhile(self) -> None:
        user = somebody(admin="")
        glass = a_glass(user, "cases.retry")
        assert f"break-glass:BG-{glass.pk}" in actor_of(user).roles

    @pytest.mark.parametrize("action", LENT_IN_EMERGENCY)
    def test_is_for_acts_only(self, action: str) -> None:
        assert RULES[action].part is Part.ACT


class TestConflicts:
    @pytest.mark.parametrize("role", list(Role))
    def test_no_role_is_one_in_itself(self, role: Role) -> None:
        assert conflicts([role]) == ()

    @pytest.mark.parametrize(
        ("roles", "slug"),
        [
            ((Role.ADMIN, Role.FINANCE), "admin-approves"),
            ((Role.ADMIN, Role.MANAGER), "admin-approves"),
            ((Role.SUPPORT, Role.FINANCE), "support-approves"),
            ((Role.SUPPORT, Role.MANAGER), "support-approves"),
            ((Role.SUPPORT, Role.ADMIN), "support-approves"),
            *(((Role.AUDITOR, role), "auditor-writes") for role in Role if role != Role.AUDITOR),
            ((Role.ADMIN, Role.MANAGER), "connector-mapping"),
        ],
    )
    def test_are_found(self, roles: tuple[Role, ...], slug: str) -> None:
        assert slug in {one.slug for one in conflicts(roles)}

    @pytest.mark.parametrize(
        "roles",
        [(Role.FINANCE, Role.MANAGER), (Role.FINANCE, Role.REVOPS), (Role.REVOPS, Role.ADMIN)],
    )
    def test_are_not_seen_where_there_are_none(self, roles: tuple[Role, ...]) -> None:
        assert conflicts(roles) == ()
