"""Giving and ending roles, the first administrators, and rights for an hour."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.authority import NotAllowed, may, scope_of
from accounts.models import Assignment, BreakGlass, EntityGroup, User
from accounts.operations import (
    PeopleRefused,
    ask_for_emergency,
    deactivate,
    end_role,
    first_administrator,
    grant_emergency,
    grant_role,
    invite,
    refuse_emergency,
    review_emergency,
)
from accounts.roles import Role
from revops.audit.models import Event
from revops.kernel import clock

pytestmark = pytest.mark.django_db


def again(user: User) -> User:
    return User.objects.get(pk=user.pk)


@pytest.fixture
def bea(db: None) -> User:
    """A second administrator."""
    made = User.objects.create_user("bea@example.com", "Bea Ostrom")
    Assignment.objects.create(user=made, role="admin")
    return made


def give(user: User, role: Role, adam: User, bea: User, **values: Any) -> Assignment:
    return grant_role(user=user, role=role, by=adam, approved_by=bea, reason="Joined", **values)


class TestGranting:
    def test_takes_two_administrators(self, otis: User, adam: User, bea: User) -> None:
        made = give(otis, Role.FINANCE, adam, bea, entity="US-INC")
        assert (made.granted_by, made.approved_by) == (adam, bea)
        assert scope_of(again(otis), "books.view") == {"US-INC"}
        act = Event.objects.latest("seq")
        assert (act.action, act.actor) == ("person.role_granted", f"user:{bea.pk}")

    def test_h1_refuses_one_administrator_alone(self, otis: User, adam: User) -> None:
        with pytest.raises(NotAllowed, match="somebody else decides"):
            give(otis, Role.FINANCE, adam, adam)

    def test_h1_refuses_ones_own_roles(self, adam: User, bea: User) -> None:
        with pytest.raises(PeopleRefused, match="their own roles"):
            give(adam, Role.REVOPS, adam, bea)
        with pytest.raises(NotAllowed):
            give(bea, Role.REVOPS, adam, bea)

    @pytest.mark.parametrize("name", ["ana", "mona", "rob", "sue", "rae", "otis"])
    def test_refuses_whoever_is_no_administrator(
        self, name: str, adam: User, otis: User, request: pytest.FixtureRequest
    ) -> None:
        other = request.getfixturevalue(name)
        for by, approved_by in ((other, adam), (adam, other)):
            with pytest.raises((NotAllowed, PeopleRefused)):
                give(otis, Role.REVOPS, by, approved_by)

    @pytest.mark.parametrize(
        ("held", "wanted"),
        [
            ("admin", Role.FINANCE), ("finance", Role.ADMIN), ("manager", Role.ADMIN),
            ("support", Role.FINANCE), ("support", Role.MANAGER), ("auditor", Role.REVOPS),
            ("finance", Role.AUDITOR),
        ],
    )  # fmt: skip
    def test_refuses_what_must_not_come_together(
        self, held: str, wanted: Role, otis: User, adam: User, bea: User
    ) -> None:
        Assignment.objects.create(user=otis, role=held, legal_entity="US-INC")
        with pytest.raises(PeopleRefused, match="must not"):
            give(otis, wanted, adam, bea, entity="DE-GMBH")

    def test_refuses_a_conflict_with_what_is_to_come(
        self, otis: User, adam: User, bea: User
    ) -> None:
        give(otis, Role.SUPPORT, adam, bea, since=clock.now() + timedelta(days=30))
        with pytest.raises(PeopleRefused, match="must not"):
            give(otis, Role.MANAGER, adam, bea)

    def test_takes_a_conflicting_role_after_the_first_has_ended(
        self, otis: User, adam: User, bea: User
    ) -> None:
        first = give(otis, Role.SUPPORT, adam, bea)
        end_role(assignment_id=first.pk, by=adam, approved_by=bea, reason="Moves to finance")
        give(otis, Role.FINANCE, adam, bea)
        assert may(again(otis), "credits.approve")

    def test_refuses_the_same_twice(self, otis: User, adam: User, bea: User) -> None:
        give(otis, Role.FINANCE, adam, bea)
        with pytest.raises(PeopleRefused, match="already"):
            give(otis, Role.FINANCE, adam, bea)

    def test_covers_a_group(self, otis: User, adam: User, bea: User) -> None:
        group = EntityGroup.objects.create(code="EU", name="Europe", entities=["DE-GMBH"])
        give(otis, Role.FINANCE, adam, bea, group=group)
        assert scope_of(again(otis), "books.view") == {"DE-GMBH"}

    def test_refuses_an_end_before_the_beginning(self, otis: User, adam: User, bea: User) -> None:
        with pytest.raises(PeopleRefused, match="before it begins"):
            give(otis, Role.FINANCE, adam, bea, until=clock.now() - timedelta(days=1))

    def test_the_database_refuses_one_person_in_two_parts(self, otis: User, adam: User) -> None:
        for granted, approved in ((adam, adam), (otis, adam), (adam, otis), (adam, None)):
            with pytest.raises(IntegrityError), transaction.atomic():
                Assignment.objects.create(
                    user=otis, role="finance", granted_by=granted, approved_by=approved
                )


class TestEnding:
    def test_takes_effect_at_once(self, ana: User, adam: User, bea: User) -> None:
        end_role(assignment_id=ana.assignments.get().pk, by=adam, approved_by=bea, reason="Moved")
        assert not may(again(ana), "books.view")

    def test_keeps_the_last_administrator(self, adam: User, bea: User) -> None:
        end_role(assignment_id=bea.assignments.get().pk, by=adam, approved_by=self.third(adam),
                 reason="Moved")  # fmt: skip
        User.objects.filter(email="third@example.com").update(is_active=False)
        with pytest.raises((PeopleRefused, NotAllowed)):
            end_role(
                assignment_id=adam.assignments.get().pk, by=again(bea), approved_by=adam,
                reason="Moved",
            )  # fmt: skip

    @staticmethod
    def third(like: User) -> User:
        made = User.objects.create_user("third@example.com", "Third")
        Assignment.objects.create(user=made, role="admin")
        return made

    def test_refuses_when_nobody_would_administer(self, adam: User, bea: User) -> None:
        local = User.objects.create_user("local@example.com", "Local")
        Assignment.objects.create(
            user=local, role="admin", valid_to=clock.now() + timedelta(days=1)
        )
        bea.assignments.update(valid_to=clock.now() + timedelta(days=1))
        with pytest.raises(PeopleRefused, match="last administrator"):
            end_role(
                assignment_id=adam.assignments.get().pk, by=bea, approved_by=local, reason="Moved"
            )


class TestLeaving:
    def test_ends_everything_at_once(self, ana: User, adam: User) -> None:
        deactivate(user_id=ana.pk, by=adam, reason="Left")
        assert not again(ana).is_active
        assert not may(again(ana), "books.view")
        assert not ana.assignments.filter(valid_to__isnull=True).exists()

    def test_i21_ends_the_session_that_is_open(self, ana: User, adam: User, sign_in: Any) -> None:
        page = sign_in(ana)
        assert page.get("/").status_code == 200
        deactivate(user_id=ana.pk, by=adam, reason="Left")
        assert page.get("/").status_code == 302

    def test_is_not_for_oneself_nor_for_the_last_administrator(self, adam: User) -> None:
        with pytest.raises(PeopleRefused, match="themselves"):
            deactivate(user_id=adam.pk, by=adam, reason="Left")

    def test_says_why(self, ana: User, adam: User) -> None:
        with pytest.raises(PeopleRefused, match="Say why"):
            deactivate(user_id=ana.pk, by=adam, reason=" ")


class TestInviting:
    def test_makes_somebody_who_may_nothing(self, adam: User) -> None:
        made = invite(email=" New@Example.com ", name="New  Person", by=adam)
        assert (made.email, made.name, made.has_usable_password()) == (
            "new@example.com", "New Person", False,
        )  # fmt: skip
        assert not may(made, "home.view")

    @pytest.mark.parametrize("email", ["nobody", "ana@example.com"])
    def test_refuses_what_is_no_new_address(self, email: str, ana: User, adam: User) -> None:
        with pytest.raises(PeopleRefused):
            invite(email=email, name="New Person", by=adam)


class TestTheFirstAdministrators:
    def test_are_two_and_then_it_is_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REVOPS_ADMIN_PASSWORD", "correct horse battery staple")
        for name in ("one", "two"):
            call_command("first_administrator", f"{name}@x.example", name, stdout=StringIO())
        with pytest.raises(CommandError, match="two administrators already"):
            call_command("first_administrator", "three@x.example", "three", stdout=StringIO())
        assert may(User.objects.get(email="one@x.example"), "people.change")

    def test_have_a_password_that_holds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REVOPS_ADMIN_PASSWORD", "short")
        with pytest.raises(CommandError, match="too short"):
            call_command("first_administrator", "one@x.example", "One", stdout=StringIO())

    def test_are_recorded(self) -> None:
        first_administrator(email="one@x.example", name="One", password="x" * 20)
        assert Event.objects.filter(action="person.role_granted").count() == 1


class TestBreakGlass:
    def ask(self, by: User, *actions: str, minutes: int = 30) -> BreakGlass:
        return ask_for_emergency(
            by=by, actions=actions or ["cases.retry"], minutes=minutes, reason="Close is blocked"
        )

    def test_lends_for_minutes_what_another_person_grants(self, adam: User, mona: User) -> None:
        glass = self.ask(adam)
        assert not may(again(adam), "cases.retry")
        granted = grant_emergency(glass_id=glass.pk, by=mona)
        assert may(again(adam), "cases.retry")
        assert granted.ends_at is not None
        assert granted.ends_at - clock.now() <= timedelta(minutes=30)
        assert Event.objects.latest("seq").action == "break_glass.granted"

    def test_is_not_granted_by_who_asks(self, mona: User) -> None:
        glass = self.ask(mona, "connections.operate")
        with pytest.raises(NotAllowed):
            grant_emergency(glass_id=glass.pk, by=mona)

    @pytest.mark.parametrize(
        "action", ["credits.approve", "people.change", "audit.export", "approvals.decide"]
    )
    def test_never_lends_a_decision_the_trail_or_rights(self, action: str, adam: User) -> None:
        with pytest.raises(PeopleRefused, match="nothing else can be lent"):
            self.ask(adam, "cases.retry", action)

    @pytest.mark.parametrize("minutes", [0, 61])
    def test_lasts_at_most_an_hour(self, minutes: int, adam: User) -> None:
        with pytest.raises(PeopleRefused, match="1 to 60"):
            self.ask(adam, minutes=minutes)

    def test_is_answered_once(self, adam: User, mona: User) -> None:
        glass = self.ask(adam)
        refuse_emergency(glass_id=glass.pk, by=mona)
        with pytest.raises(PeopleRefused, match="answered already"):
            grant_emergency(glass_id=glass.pk, by=mona)

    def test_is_looked_at_afterwards_by_somebody_else(self, adam: User, mona: User) -> None:
        glass = self.ask(adam)
        grant_emergency(glass_id=glass.pk, by=mona)
        with pytest.raises(PeopleRefused, match="still in force"):
            review_emergency(glass_id=glass.pk, by=mona, review="Fine")
        past = clock.now() - timedelta(hours=1)
        BreakGlass.objects.filter(pk=glass.pk).update(
            granted_at=past, ends_at=past + timedelta(minutes=5)
        )
        with pytest.raises(NotAllowed):
            review_emergency(glass_id=glass.pk, by=adam, review="Fine")
        assert review_emergency(glass_id=glass.pk, by=mona, review="Two cases sent").reviewed_at
