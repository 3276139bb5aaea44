"""How long a session lives, what ends it, and what proves that somebody is still there."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.conf import settings as project
from django.http import HttpResponse
from django.test import Client, RequestFactory

from accounts import patience, stepup
from accounts.address import AddressMiddleware
from accounts.models import Assignment, User
from accounts.operations.passwords import password_link
from revops.audit.models import Event
from revops.kernel import clock
from tests.accounts.codes import code_of, set_up
from tests.accounts.test_sign_in import signed_in, try_to_sign_in
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "seven quiet lanterns over water"


def a_browser(user: User, **extra: Any) -> Client:
    client = Client(**extra)
    try_to_sign_in(client, user.email, PASSWORD)
    assert signed_in(client)
    return client


def is_in(client: Client) -> bool:
    return client.get("/me/").status_code == 200


class TestTime:
    def test_ends_after_half_an_hour_without_doing_anything(self, ana: User) -> None:
        with time_machine.travel(clock.now(), tick=False) as moment:
            client = a_browser(ana)
            moment.shift(project.REVOPS_SESSION_IDLE - 1)
            assert is_in(client)
            moment.shift(project.REVOPS_SESSION_IDLE - 1)
            assert is_in(client)
            moment.shift(project.REVOPS_SESSION_IDLE + 1)
            assert not is_in(client)

    def test_ends_after_twelve_hours_whatever_is_done(self, ana: User) -> None:
        with time_machine.travel(clock.now(), tick=False) as moment:
            client = a_browser(ana)
            for _ in range(25):
                assert is_in(client)
                moment.shift(12 * 3600 // 25 + 1)
            assert not is_in(client)

    def test_is_not_kept_alive_by_a_page_that_asks_by_itself(self, ana: User) -> None:
        with time_machine.travel(clock.now(), tick=False) as moment:
            client = a_browser(ana)
            for _ in range(16):
                client.get("/me/", headers={"HX-Request": "true", "HX-Trigger": "live"})
                moment.shift(120)
            assert not is_in(client)


class TestI18:
    """The key of a session is new after every change of what it opens."""

    def test_i18_it_changes_at_sign_in(self, ana: User) -> None:
        client = Client()
        client.get("/sign-in/")
        session = client.session
        session["planted"] = "by somebody else"
        session.save()
        client.cookies["sessionid"] = planted = session.session_key
        try_to_sign_in(client, ana.email, PASSWORD)
        assert client.cookies["sessionid"].value != planted

    def test_i18_it_changes_when_a_role_does(self, ana: User) -> None:
        client = a_browser(ana)
        assert is_in(client)
        before = client.session.session_key
        Assignment.objects.create(user=ana, role="revops")
        assert is_in(client)
        after = client.session.session_key
        assert before != after
        stale = Client()
        stale.cookies["sessionid"] = before
        assert not is_in(stale)
        assert UserSession.objects.get(user=ana).session_key == after

    def test_i18_it_changes_after_the_second_factor(self, ana: User) -> None:
        secret, _ = set_up(ana)
        client = Client()
        try_to_sign_in(client, ana.email, PASSWORD)
        before = client.session.session_key
        client.post("/sign-in/second-factor/", {"code": code_of(secret)})
        assert client.session.session_key != before


class TestI19:
    """Guessing is slow, for one person and for many, and locks nobody out."""

    def test_i19_one_password_is_not_tried_on_everybody(self, ana: User) -> None:
        for number in range(patience.TRIES_OF_ADDRESS):
            try_to_sign_in(Client(), f"p{number}@example.com", "wrong", REMOTE_ADDR="203.0.113.7")
        there = try_to_sign_in(Client(), ana.email, PASSWORD, REMOTE_ADDR="203.0.113.7")
        assert there.status_code == 429
        elsewhere = try_to_sign_in(Client(), ana.email, PASSWORD, REMOTE_ADDR="198.51.100.9")
        assert elsewhere.status_code == 302

    def test_i19_the_owner_is_not_locked_out_by_somebody_who_guesses(self, ana: User) -> None:
        for _ in range(patience.TRIES + 5):
            try_to_sign_in(Client(), ana.email, "wrong", REMOTE_ADDR="203.0.113.7")
        assert signed_in(a_browser(ana, REMOTE_ADDR="198.51.100.9"))

    def test_i19_tries_are_in_the_trail_and_end_with_the_tries(self, ana: User) -> None:
        for _ in range(patience.TRIES + 5):
            try_to_sign_in(Client(), ana.email, "wrong")
        found = Event.objects.filter(action="session.refused", reference=f"user:{ana.pk}")
        assert found.count() == patience.TRIES

    @pytest.mark.parametrize(
        ("proxies", "told", "address"),
        [
            (0, "203.0.113.7", "127.0.0.1"),
            (1, "203.0.113.7", "203.0.113.7"),
            (1, "6.6.6.6, 203.0.113.7", "203.0.113.7"),
            (2, "6.6.6.6, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
            (1, "nonsense", "127.0.0.1"),
            (2, "203.0.113.7", "127.0.0.1"),
        ],
    )
    def test_i19_who_calls_is_not_what_the_caller_says(
        self, settings: Any, proxies: int, told: str, address: str
    ) -> None:
        settings.REVOPS_PROXIES = proxies
        request = RequestFactory().get("/", headers={"X-Forwarded-For": told})
        AddressMiddleware(lambda request: HttpResponse())(request)
        assert request.META["REMOTE_ADDR"] == address


class TestI21:
    """A session ends at once with what it stood on."""

    def test_i21_when_the_person_is_deactivated(self, ana: User) -> None:
        client = a_browser(ana)
        User.objects.filter(pk=ana.pk).update(is_active=False)
        assert not is_in(client)

    def test_i21_when_the_password_is_another(self, ana: User) -> None:
        here, there = a_browser(ana), a_browser(ana)
        answer = here.post("/me/password/", {"current": PASSWORD, "password": NEW})
        assert answer.status_code == 302
        assert is_in(here)
        assert not is_in(there)
        assert UserSession.objects.filter(user=ana).count() == 1

    def test_i21_when_it_is_ended_on_the_settings_page(self, ana: User, mona: User) -> None:
        here, there = a_browser(ana), a_browser(ana)
        one = UserSession.objects.get(session_key=there.session.session_key)
        assert a_browser(mona).post(f"/me/sessions/{one.pk}/end/").status_code == 404
        assert is_in(there)
        assert here.post(f"/me/sessions/{one.pk}/end/").status_code == 302
        assert not is_in(there)
        assert is_in(here)

    def test_i21_when_it_is_signed_out(self, ana: User) -> None:
        client = a_browser(ana)
        key = client.session.session_key
        client.post("/sign-out/")
        stale = Client()
        stale.cookies["sessionid"] = key
        assert not is_in(stale)
        assert list(Event.objects.order_by("seq").values_list("action", flat=True)) == [
            "session.begun", "session.ended",
        ]  # fmt: skip


class TestPassword:
    @pytest.mark.parametrize(
        "poor", ["fourteen-chars", "1qaz2wsx3edc4rfv", "ana@example.com", "anana@example.com"]
    )
    def test_is_long_no_common_one_and_not_the_address(self, ana: User, poor: str) -> None:
        answer = a_browser(ana).post("/me/password/", {"current": PASSWORD, "password": poor})
        assert answer.status_code == 422

    def test_is_changed_by_who_knows_it(self, ana: User) -> None:
        client = a_browser(ana)
        answer = client.post("/me/password/", {"current": "a guess", "password": NEW})
        assert answer.status_code == 422
        ana.refresh_from_db()
        assert ana.check_password(PASSWORD)

    def test_is_set_by_a_link_once(self, ana: User) -> None:
        link = password_link(user=ana)
        assert Client().get(link).status_code == 200
        assert Client().post(link, {"password": NEW})["Location"] == "/sign-in/"
        ana.refresh_from_db()
        assert ana.check_password(NEW)
        assert Client().get(link).status_code == 404
        assert Client().post(link, {"password": PASSWORD}).status_code == 404

    def test_link_is_for_one_person(self, ana: User, mona: User) -> None:
        link = password_link(user=ana).replace(f"/{ana.pk}/", f"/{mona.pk}/")
        assert Client().get(link).status_code == 404


class TestStepUp:
    def request(self, client: Client, user: User) -> Any:
        request = RequestFactory().get("/")
        request.user, request.session = user, client.session
        return request

    def test_is_fresh_for_five_minutes_after_the_password(self, ana: User) -> None:
        with time_machine.travel(clock.now(), tick=False) as moment:
            client = a_browser(ana)
            assert stepup.fresh(self.request(client, ana))
            moment.shift(301)
            assert not stepup.fresh(self.request(client, ana))
            client.post("/me/confirm/", {"given": PASSWORD})
            assert stepup.fresh(self.request(client, ana))

    def test_takes_a_code_as_well(self, ana: User, sign_in: Any) -> None:
        secret, _ = set_up(ana)
        client = sign_in(ana)
        assert not stepup.fresh(self.request(client, ana))
        answer = client.post("/me/confirm/", {"given": code_of(secret), "next": "/approvals/"})
        assert answer["Location"] == "/approvals/"
        assert stepup.fresh(self.request(client, ana))

    def test_is_of_one_person(self, ana: User, mona: User) -> None:
        assert not stepup.fresh(self.request(a_browser(ana), mona))

    def test_counts_guesses_like_the_sign_in_page(self, ana: User, sign_in: Any) -> None:
        client = sign_in(ana)
        for _ in range(patience.TRIES):
            assert client.post("/me/confirm/", {"given": "wrong"}).status_code == 422
        assert "Too many tries" in client.post("/me/confirm/", {"given": PASSWORD}).content.decode()

    @pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", r"/\evil"])
    def test_leads_to_no_other_host(self, ana: User, sign_in: Any, target: str) -> None:
        answer = sign_in(ana).post("/me/confirm/", {"given": PASSWORD, "next": target})
        assert answer["Location"] == "/"
