"""Accounts that are one person's: said, shown, proposed, and parted again."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, connection, transaction

from accounts import identities
from accounts.authority import NotAllowed, authorize, explain
from accounts.models import Assignment, BreakGlass, SamePerson, User
from accounts.operations import (
    PeopleRefused,
    ask_for_emergency,
    check_end,
    check_grant,
    deactivate,
    first_administrator,
    grant_emergency,
    grant_role,
    tie_accounts,
    untie_accounts,
)
from accounts.roles import Role
from revops.audit.models import Event
from tests.cast import PASSWORD
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def bea(db: None) -> User:
    """A second administrator."""
    return somebody("bea@example.com", "Bea Ostrom", "admin")


def somebody(email: str, name: str = "Somebody Else", role: str = "") -> User:
    made = User.objects.create_user(email, name)
    if role:
        Assignment.objects.create(user=made, role=role)
    return made


def tie(user: User, other: User, by: User, reason: str = "One badge") -> SamePerson:
    return tie_accounts(user=user, other=other, by=by, reason=reason)


class TestTie:
    def test_goes_on_from_account_to_account(self, ana: User, otis: User, adam: User) -> None:
        third = somebody("third@example.com")
        tie(otis, ana, adam)
        tie(third, otis, adam)
        assert identities.accounts_of(ana.pk) == {ana.pk, otis.pk, third.pk}
        assert identities.accounts_of(adam.pk) == {adam.pk}

    def test_is_in_the_trail_with_its_reason(self, ana: User, otis: User, adam: User) -> None:
        made = tie(ana, otis, adam)
        untie_accounts(tie_id=made.pk, by=adam, reason="Two badges")
        found = [
            (one.action, json.loads(one.detail)["reason"]) for one in Event.objects.order_by("seq")
        ]
        assert found == [
            ("person.accounts_tied", "One badge"), ("person.accounts_untied", "Two badges"),
        ]  # fmt: skip

    @pytest.mark.parametrize("name", ["ana", "mona", "rob", "sue", "rae", "otis"])
    def test_is_said_by_administrators_alone(
        self, name: str, adam: User, request: pytest.FixtureRequest
    ) -> None:
        other = somebody("other@example.com")
        with pytest.raises(NotAllowed):
            tie(adam, other, request.getfixturevalue(name))

    def test_needs_a_reason_both_ways(self, ana: User, otis: User, adam: User) -> None:
        with pytest.raises(PeopleRefused, match="how you know"):
            tie(ana, otis, adam, reason=" ")
        made = tie(ana, otis, adam)
        with pytest.raises(PeopleRefused, match="how you know"):
            untie_accounts(tie_id=made.pk, by=adam, reason=" ")

    def test_is_said_once(self, ana: User, otis: User, adam: User) -> None:
        tie(ana, otis, adam)
        for one, other in ((otis, ana), (ana, ana)):
            with pytest.raises(PeopleRefused):
                tie(one, other, adam)

    def test_may_be_said_of_oneself_and_is_not_taken_back_by_oneself(
        self, adam: User, otis: User, bea: User
    ) -> None:
        made = tie(adam, otis, adam)
        with pytest.raises(PeopleRefused, match="of themselves"):
            untie_accounts(tie_id=made.pk, by=adam, reason="No")
        untie_accounts(tie_id=made.pk, by=bea, reason="Two badges")
        assert identities.accounts_of(adam.pk) == {adam.pk}

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM accounts_sameperson",
            "UPDATE accounts_sameperson SET second_id = said_by_id",
            "UPDATE accounts_sameperson SET until = now(), ended_by_id = first_id, "
            "end_reason = 'x'",
            "UPDATE accounts_sameperson SET until = since, ended_by_id = said_by_id",
            "UPDATE accounts_sameperson SET since = now() + interval '1 day'",
        ],
    )
    def test_is_kept_by_the_database(
        self, statement: str, ana: User, otis: User, adam: User
    ) -> None:
        tie(ana, otis, adam)
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


class TestOnePerson:
    def test_h1_a_second_account_decides_nothing_that_the_first_made(
        self, ana: User, mona: User, adam: User
    ) -> None:
        assert explain(mona, "cases.close.approve", makers=[ana.pk]).allowed
        tie(ana, mona, adam)
        with pytest.raises(NotAllowed, match="Another account of yours"):
            authorize(mona, "cases.close.approve", makers=[ana.pk], fresh=True)

    def test_h1_two_accounts_of_one_administrator_give_no_role(
        self, adam: User, bea: User, otis: User
    ) -> None:
        tie(adam, bea, adam)
        with pytest.raises(NotAllowed, match="Another account"):
            grant_role(user=otis, role=Role.FINANCE, by=adam, approved_by=bea, reason="Joins")
        with pytest.raises(IntegrityError, match="not by two accounts"), transaction.atomic():
            Assignment.objects.create(user=otis, role="finance", granted_by=adam, approved_by=bea)

    def test_h1_nobody_changes_the_roles_of_their_second_account(
        self, adam: User, ana: User, otis: User
    ) -> None:
        tie(adam, otis, adam)
        with pytest.raises(PeopleRefused, match="their own roles"):
            check_grant(user=otis, role=Role.REVOPS, asker=adam)
        held = Assignment.objects.create(user=otis, role="revops")
        with pytest.raises(PeopleRefused, match="their own roles"):
            check_end(assignment=held, asker=adam)
        with pytest.raises(PeopleRefused, match="deactivates themselves"):
            deactivate(user_id=otis.pk, by=adam, reason="Away with it")

    def test_h1_nobody_lends_rights_to_their_second_account(
        self, ana: User, mona: User, adam: User
    ) -> None:
        glass = ask_for_emergency(by=ana, actions=["cases.retry"], minutes=5, reason="Alone")
        tie(ana, mona, adam)
        with pytest.raises(NotAllowed, match="Another account"):
            grant_emergency(glass_id=glass.pk, by=mona)
        with pytest.raises(IntegrityError, match="Nobody lends"), transaction.atomic():
            BreakGlass.objects.filter(pk=glass.pk).update(granted_by=mona)

    @pytest.mark.parametrize(
        ("held", "wanted"), [("admin", Role.FINANCE), ("support", Role.MANAGER),
                             ("auditor", Role.REVOPS)],
    )  # fmt: skip
    def test_roles_of_all_accounts_must_not_conflict(
        self, held: str, wanted: Role, otis: User, adam: User
    ) -> None:
        other = somebody("otis@elsewhere.example", "Otis Outsider", held)
        check_grant(user=otis, role=wanted, asker=adam)
        tie(otis, other, adam)
        with pytest.raises(PeopleRefused, match="Another account of theirs"):
            check_grant(user=otis, role=wanted, asker=adam)

    def test_a_second_administrator_is_a_second_person(self, adam: User, bea: User) -> None:
        values = {"email": "cy@example.com", "name": "Cy Young", "password": PASSWORD}
        with pytest.raises(PeopleRefused, match="two administrators"):
            first_administrator(**values)
        tie(adam, bea, adam)
        assert first_administrator(**values).assignments.get().role == "admin"


class TestResemblance:
    @pytest.mark.parametrize(
        ("email", "name", "why"),
        [
            ("else@example.org", "lima, ANA", "same name"),
            ("a.na+books@example.com", "Other Name", "differ only in form"),
            ("ana@example.net", "Other Name", "differ only in form"),
        ],
    )
    def test_is_proposed_with_why(
        self, email: str, name: str, why: str, ana: User, settings: Any
    ) -> None:
        settings.REVOPS_OWN_DOMAINS = ["example.com", "example.net"]
        other = somebody(email, name)
        (found,) = identities.resemblances([ana])[ana.pk]
        assert found.user == other
        assert why in found.why[0]

    def test_is_proposed_by_what_the_provider_says(self, ana: User, otis: User) -> None:
        SocialAccount.objects.create(
            user=ana, provider="openid_connect", uid="s1", extra_data={"email": otis.email}
        )
        (found,) = identities.resemblances([ana])[ana.pk]
        assert (found.user, "sign-in" in found.why[0]) == (otis, True)

    @pytest.mark.parametrize("email", ["ana@example.org", "anna@example.com"])
    def test_is_not_seen_in_other_mailboxes(self, email: str, ana: User) -> None:
        somebody(email)
        assert identities.resemblances([ana]) == {ana.pk: []}

    def test_is_not_proposed_again_once_said(self, ana: User, adam: User) -> None:
        tie(ana, somebody("ana.lima@example.org", "Ana Lima"), adam)
        assert identities.resemblances([ana]) == {ana.pk: []}


class TestPages:
    def test_say_and_take_back_with_a_reason(self, ana: User, adam: User, sign_in: SignIn) -> None:
        other = somebody("lima@example.org", "Ana Lima")
        client, where = sign_in(adam), f"/users/{ana.pk}/"
        assert "Both have the same name." in client.get(where).content.decode()
        post = {"other": other.email, "reason": "Both have the same name."}
        assert client.post(f"{where}same-person", post).status_code == 302
        page = client.get(where).content.decode()
        assert "said by Adam Berg" in page
        made = SamePerson.objects.get()
        assert client.post(f"{where}same-person/{made.pk}/end", {"reason": ""}).status_code == 422
        assert (
            client.post(f"{where}same-person/{made.pk}/end", {"reason": "Two"}).status_code == 302
        )
        assert client.post(f"/users/{adam.pk}/same-person/{made.pk}/end").status_code == 404
        assert client.post(f"{where}same-person", {"other": "x"}).status_code == 422

    def test_show_a_conflict_that_lies_between_accounts(
        self, ana: User, adam: User, bea: User, sign_in: SignIn
    ) -> None:
        tie(ana, bea, adam)
        client = sign_in(adam)
        for person in (ana, bea):
            assert "Conflict of duties" in client.get(f"/users/{person.pk}/").content.decode()

    def test_the_review_names_other_accounts_and_those_alike(
        self, ana: User, otis: User, adam: User, sign_in: SignIn
    ) -> None:
        tie(ana, otis, adam)
        alike = somebody("lima@example.org", "Ana Lima")
        answer = sign_in(adam).post("/users/access-review.csv")
        rows = csv.DictReader(StringIO(answer.getvalue().decode("utf-8-sig")))
        mine = next(row for row in rows if row["email"] == ana.email)
        assert (mine["same_person_as"], mine["may_be_the_same_as"]) == (otis.email, alike.email)
