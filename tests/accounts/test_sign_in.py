"""Signing in and out: who gets in, what a stranger learns, and how often one may try."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from django.test import Client, override_settings

from accounts import patience
from accounts.models import User
from revops.kernel import clock
from tests.cast import PASSWORD, person

AFTER = "/healthz"


def try_to_sign_in(client: Client, email: str, password: str, **extra: Any) -> Any:
    return client.post(
        "/sign-in/", {"username": email, "password": password, "next": AFTER}, **extra
    )


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


class TestSignIn:
    def test_lets_a_person_in_and_on_to_where_they_were_going(self, ana: User) -> None:
        client = Client()
        answer = try_to_sign_in(client, ana.email, PASSWORD)
        assert (answer.status_code, answer["Location"]) == (302, AFTER)
        assert signed_in(client)

    def test_does_not_mind_how_the_email_is_written(self, ana: User) -> None:
        client = Client()
        try_to_sign_in(client, f" {ana.email.upper()} ", PASSWORD)
        assert signed_in(client)

    def test_gives_the_session_a_new_key(self, ana: User) -> None:
        client = Client()
        client.get("/sign-in/")
        session = client.session
        session["planted"] = "by somebody else"
        session.save()
        client.cookies["sessionid"] = planted = session.session_key
        try_to_sign_in(client, ana.email, PASSWORD)
        assert signed_in(client)
        assert client.cookies["sessionid"].value != planted

    @pytest.mark.parametrize(
        ("email", "password"),
        [
            ("ana@example.com", "wrong"),
            ("nobody@example.com", PASSWORD),
            ("gone@example.com", PASSWORD),
        ],
    )
    def test_says_the_same_of_every_reason(self, ana: User, email: str, password: str) -> None:
        User.objects.create_user("gone@example.com", "Gone Girl", PASSWORD)
        User.objects.filter(email="gone@example.com").update(is_active=False)
        client = Client()
        answer = try_to_sign_in(client, email, password)
        assert answer.status_code == 200
        assert not signed_in(client)
        page = re.sub(r'value="[^"]*"', "", answer.content.decode())
        other = try_to_sign_in(Client(), "somebody@example.com", "else").content.decode()
        assert "do not go together" in page
        assert re.findall(r"<p>[^<]*</p>", page) == re.findall(r"<p>[^<]*</p>", other)

    def test_survives_an_email_that_no_database_can_hold(self, ana: User) -> None:
        client = Client()
        assert try_to_sign_in(client, "ana@example.com\x00", PASSWORD).status_code == 200
        assert not signed_in(client)

    @pytest.mark.parametrize(
        "target",
        ["https://evil.example/", "//evil.example", "javascript:alert(1)", r"/\evil.example"],
    )
    def test_never_leads_to_another_host(
        self, ana: User, target: str, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.LOGIN_REDIRECT_URL = AFTER
        answer = Client().post(
            "/sign-in/", {"username": ana.email, "password": PASSWORD, "next": target}
        )
        assert (answer.status_code, answer["Location"]) == (302, AFTER)

    def test_refuses_a_form_from_elsewhere(self, ana: User) -> None:
        client = Client(enforce_csrf_checks=True)
        assert try_to_sign_in(client, ana.email, PASSWORD).status_code == 403
        assert not signed_in(client)

    def test_ends_when_the_person_is_deactivated(self, ana: User) -> None:
        client = Client()
        try_to_sign_in(client, ana.email, PASSWORD)
        User.objects.filter(pk=ana.pk).update(is_active=False)
        assert "_auth_user_id" in client.session
        assert client.get("/sign-in/").status_code == 200

    def test_ends_when_the_password_changes(self, ana: User) -> None:
        client = Client()
        try_to_sign_in(client, ana.email, PASSWORD)
        ana.set_password("another long enough password")
        ana.save()
        assert client.get("/sign-in/").status_code == 200

    def test_does_not_ask_somebody_who_is_in_again(self, ana: User) -> None:
        client = Client()
        try_to_sign_in(client, ana.email, PASSWORD)
        answer = client.get(f"/sign-in/?next={AFTER}")
        assert (answer.status_code, answer["Location"]) == (302, AFTER)

    def test_lists_the_people_of_a_demo(self, db: None) -> None:
        User.objects.create_user("priya@demo.example", "Priya Nair", PASSWORD)
        person("ana")
        with override_settings(REVOPS_DEMO=True):
            page = Client().get("/sign-in/").content.decode()
        assert "Priya Nair" in page
        assert "Ana Lima" not in page

    def test_lists_nobody_elsewhere(self, db: None) -> None:
        User.objects.create_user("priya@demo.example", "Priya Nair", PASSWORD)
        with override_settings(REVOPS_DEMO=False):
            assert "Priya Nair" not in Client().get("/sign-in/").content.decode()

    def test_knows_the_demo_as_it_is_seeded(self) -> None:
        from accounts import demo
        from revops.sandbox import company

        assert company.PASSWORD == demo.PASSWORD
        assert all(email.endswith(demo.DOMAIN) for email, *_ in company.PEOPLE)


class TestPatience:
    def test_wants_a_wait_after_five_wrong_passwords(self, ana: User) -> None:
        client = Client()
        for _ in range(patience.TRIES):
            assert try_to_sign_in(client, ana.email, "wrong").status_code == 200
        answer = try_to_sign_in(client, ana.email, PASSWORD)
        assert answer.status_code == 429
        assert 0 < int(answer["Retry-After"]) <= patience.WAIT
        assert not signed_in(client)

    def test_lets_in_again_after_the_wait(self, ana: User) -> None:
        client = Client()
        with time_machine.travel(clock.now(), tick=False) as moment:
            for _ in range(patience.TRIES + 3):
                try_to_sign_in(client, ana.email, "wrong")
            moment.shift(patience.WAIT + 1)
            try_to_sign_in(client, ana.email, PASSWORD)
        assert signed_in(client)

    def test_does_not_lock_the_owner_out_elsewhere(self, ana: User) -> None:
        for _ in range(patience.TRIES + 1):
            try_to_sign_in(Client(), ana.email, "wrong", REMOTE_ADDR="203.0.113.7")
        client = Client()
        try_to_sign_in(client, ana.email, PASSWORD, REMOTE_ADDR="198.51.100.9")
        assert signed_in(client)

    def test_does_not_make_a_neighbour_wait(self, ana: User, mona: User) -> None:
        for _ in range(patience.TRIES + 1):
            try_to_sign_in(Client(), ana.email, "wrong")
        client = Client()
        try_to_sign_in(client, mona.email, PASSWORD)
        assert signed_in(client)

    def test_forgets_wrong_passwords_after_the_right_one(self, ana: User) -> None:
        for _ in range(3):
            for _ in range(patience.TRIES - 1):
                try_to_sign_in(Client(), ana.email, "wrong")
            client = Client()
            try_to_sign_in(client, ana.email, PASSWORD)
            assert signed_in(client)

    def test_counts_other_spellings_of_the_email_together(self, ana: User) -> None:
        for spelling in (
            ana.email,
            ana.email.upper(),
            f" {ana.email}",
            ana.email.title(),
            ana.email,
        ):
            try_to_sign_in(Client(), spelling, "wrong")
        assert try_to_sign_in(Client(), ana.email, PASSWORD).status_code == 429


class TestSignOut:
    def test_ends_the_session(self, ana: User, sign_in: Any) -> None:
        client = sign_in(ana)
        assert client.post("/sign-out/").status_code == 302
        assert not signed_in(client)

    def test_is_not_done_by_a_link(self, ana: User, sign_in: Any) -> None:
        client = sign_in(ana)
        assert client.get("/sign-out/").status_code == 405
        assert signed_in(client)
