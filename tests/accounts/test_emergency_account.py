"""The account that is nobody's: sealed, opened once, and never unheard."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.authority import in_force, may
from accounts.models import Assignment, BreakGlass, User
from accounts.operations import (
    PeopleRefused,
    TokenRefused,
    check_grant,
    create_token,
    first_administrator,
    review_emergency,
)
from accounts.roles import LENT_IN_EMERGENCY, RULES, Part, Role
from exceptions.queries.readiness import unreviewed_emergencies
from revops.audit.models import Event
from revops.kernel import clock
from revops.notices.models import Notice
from revops.pipeline import hearing

pytestmark = pytest.mark.django_db


def sealed() -> tuple[User, str]:
    out = StringIO()
    call_command("emergency_account", stdout=out, stderr=StringIO())
    email, password = out.getvalue().split()
    return User.objects.get(email=email), password


def sign_in(user: User, password: str) -> Client:
    client = Client()
    client.post("/sign-in/", {"username": user.email, "password": password, "next": "/healthz"})
    return client


def allowed(user: User) -> set[str]:
    user = User.objects.get(pk=user.pk)
    return {action for action in RULES if may(user, action)}


def told() -> set[tuple[str, str]]:
    return set(Notice.objects.values_list("recipient__name", "title"))


class TestSealed:
    def test_may_nothing_until_it_is_opened(self) -> None:
        user, _ = sealed()
        assert allowed(user) == set()
        assert not in_force().filter(user=user).exists()

    def test_is_one_and_is_sealed_anew_with_another_password(self) -> None:
        first, before = sealed()
        again, after = sealed()
        assert (first.pk, before != after) == (again.pk, True)
        assert not again.check_password(before)
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(email="other@x.example", name="Other", sealed_at=clock.now())

    def test_does_not_count_as_an_administrator(self, adam: User) -> None:
        sealed()
        first_administrator(email="two@x.example", name="Two", password="x" * 20)
        with pytest.raises(PeopleRefused, match="two administrators already"):
            first_administrator(email="three@x.example", name="Three", password="x" * 20)

    def test_holds_nothing_else_and_answers_for_nothing(self, adam: User) -> None:
        user, _ = sealed()
        with pytest.raises(PeopleRefused, match="no other role"):
            check_grant(user=user, role=Role.ADMIN, asker=adam)
        with pytest.raises(TokenRefused, match="nobody's"):
            create_token(name="Bot", scopes=["read:cases"], owner=user)
        with pytest.raises(CommandError, match="Seal it anew"):
            call_command("password_link", user.email, stdout=StringIO())


class TestOpened:
    def test_sees_and_may_do_what_break_glass_lends_for_an_hour(self) -> None:
        user, password = sealed()
        assert "_auth_user_id" in sign_in(user, password).session
        may_now = allowed(user)
        assert LENT_IN_EMERGENCY.keys() <= may_now
        more = {action for action in may_now if RULES[action].part is not Part.LOOK}
        assert more == LENT_IN_EMERGENCY.keys()
        with time_machine.travel(clock.now() + timedelta(minutes=61)):
            assert allowed(user) == set()

    def test_tells_whoever_watches_at_once(
        self, adam: User, mona: User, rae: User, ana: User
    ) -> None:
        sign_in(*sealed())
        title = "Emergency account was opened"
        assert told() == {(name, title) for name in ("Adam Berg", "Mona Patel", "Rae Tanaka")}
        hearing.look_at_emergencies()
        assert Notice.objects.count() == 3
        acts = Event.objects.order_by("seq").values_list("action", flat=True)
        assert list(acts) == [
            "emergency_account.sealed", "emergency_account.opened", "session.begun",
        ]  # fmt: skip

    def test_stands_against_the_close_until_somebody_looked_at_it(self, mona: User) -> None:
        sign_in(*sealed())
        glass = BreakGlass.objects.get()
        with time_machine.travel(clock.now() + timedelta(hours=2), tick=False):
            assert [one.glass for one in unreviewed_emergencies(at=clock.now())] == [glass]
            review_emergency(glass_id=glass.pk, by=mona, review="The ERP was down")
            assert unreviewed_emergencies(at=clock.now()) == []

    def test_opens_once_for_each_sealing(self, adam: User) -> None:
        user, password = sealed()
        sign_in(user, password)
        with time_machine.travel(clock.now() + timedelta(hours=2)):
            sign_in(user, password)
            assert allowed(user) == set()
            assert ("Adam Berg", "Somebody tried to sign in: Emergency account") in told()
            assert BreakGlass.objects.count() == 1
            sign_in(*sealed())
            assert LENT_IN_EMERGENCY.keys() <= allowed(user)


class TestTried:
    def test_wrong_passwords_are_told_and_one_thing_to_look_at(
        self, adam: User, mona: User, rae: User
    ) -> None:
        user, _ = sealed()
        for _ in range(3):
            assert "_auth_user_id" not in sign_in(user, "wrong").session
        title = "Somebody tried to sign in: Emergency account"
        assert told() == {(name, title) for name in ("Adam Berg", "Mona Patel", "Rae Tanaka")}
        (waiting,) = unreviewed_emergencies(at=clock.now())
        assert waiting.glass.actions == []
        assert allowed(user) == set()
        found = Event.objects.filter(action="emergency_account.tried")
        assert found.count() == 3
        review_emergency(glass_id=waiting.glass.pk, by=mona, review="A typing mistake")
        assert unreviewed_emergencies(at=clock.now()) == []

    def test_does_not_take_the_hour_from_whoever_opens_it_then(self) -> None:
        user, password = sealed()
        sign_in(user, "wrong")
        sign_in(user, password)
        assert LENT_IN_EMERGENCY.keys() <= allowed(user)

    def test_stands_on_the_page_where_it_is_looked_at(self, mona: User, sign_in: Any) -> None:
        user, password = sealed()
        globals()["sign_in"](user, "wrong")
        globals()["sign_in"](user, password)
        page = sign_in(mona).get("/break-glass/").content.decode()
        assert "a sign-in that opened nothing" in page
        assert "Opened by its password until" in page


class TestTheDatabase:
    def test_lets_nobody_else_lend_rights_to_themselves(self, rob: User) -> None:
        now = clock.now()
        with pytest.raises(IntegrityError, match="lends rights"), transaction.atomic():
            BreakGlass.objects.create(
                asked_by=rob, actions=["cases.retry"], minutes=5, reason="Me", granted_at=now,
                ends_at=now + timedelta(minutes=5),
            )  # fmt: skip
        assert Assignment.objects.filter(user=rob).exists()
