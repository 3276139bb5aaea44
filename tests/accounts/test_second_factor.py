"""The second factor: set up once, asked for each time, and no way around it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.test import Client

from accounts import patience, second_factor
from accounts.models import User
from accounts.operations import create_token
from revops.audit.models import Event
from revops.kernel import clock
from tests.accounts.codes import STEP, code_of, set_up
from tests.accounts.test_sign_in import AFTER, signed_in, try_to_sign_in
from tests.architecture.addresses import every
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def required(settings: Any) -> None:
    settings.REVOPS_SECOND_FACTOR = "required"


def halfway(user: User) -> Client:
    """A browser in which the password was right."""
    client = Client()
    answer = try_to_sign_in(client, user.email, PASSWORD)
    assert answer["Location"] == "/sign-in/second-factor/"
    return client


def give(client: Client, code: str) -> Any:
    return client.post("/sign-in/second-factor/", {"code": code})


class TestCode:
    def test_lets_in_after_the_password(self, ana: User) -> None:
        secret, _ = set_up(ana)
        client = halfway(ana)
        assert not signed_in(client)
        answer = give(client, code_of(secret))
        assert (answer.status_code, answer["Location"]) == (302, AFTER)
        assert signed_in(client)

    def test_may_be_written_with_a_gap(self, ana: User) -> None:
        secret, _ = set_up(ana)
        client, code = halfway(ana), code_of(secret)
        give(client, f" {code[:3]} {code[3:]}")
        assert signed_in(client)

    @pytest.mark.parametrize("code", ["", "000000", "abc", "\x00", "１２３４５６", "9" * 500])
    def test_that_is_wrong_lets_nobody_in(self, ana: User, code: str) -> None:
        set_up(ana)
        client = halfway(ana)
        assert give(client, code).status_code == 422
        assert not signed_in(client)

    def test_of_somebody_else_lets_nobody_in(self, ana: User, mona: User) -> None:
        set_up(ana)
        secret, codes = set_up(mona)
        client = halfway(ana)
        for code in (code_of(secret), codes[0]):
            assert give(client, code).status_code == 422

    def test_counts_once_for_all_processes(self, ana: User) -> None:
        from django.core.cache import cache

        secret, _ = set_up(ana)
        code = code_of(secret)
        give(halfway(ana), code)
        cache.clear()  # another process has a cache of its own
        assert give(halfway(ana), code).status_code == 422

    def test_of_before_the_last_one_counts_no_more(self, ana: User) -> None:
        secret, _ = set_up(ana)
        with time_machine.travel(clock.now(), tick=False) as moment:
            moment.shift(STEP)
            assert give(halfway(ana), code_of(secret, ahead=1)).status_code == 302
            assert give(halfway(ana), code_of(secret)).status_code == 422

    def test_is_asked_for_behind_the_password_only(self, ana: User) -> None:
        secret, _ = set_up(ana)
        client = Client()
        assert give(client, code_of(secret))["Location"].startswith("/sign-in/")
        assert not signed_in(client)

    def test_is_given_within_ten_minutes(self, ana: User) -> None:
        secret, _ = set_up(ana)
        client = halfway(ana)
        with time_machine.travel(clock.now(), tick=False) as moment:
            moment.shift(601)
            give(client, code_of(secret))
        assert not signed_in(client)

    def test_is_guessed_five_times_at_most(self, ana: User) -> None:
        secret, _ = set_up(ana)
        client = halfway(ana)
        for _ in range(patience.TRIES):
            assert give(client, "000000").status_code == 422
        assert give(client, code_of(secret)).status_code == 429
        assert not signed_in(client)


class TestCodesForPaper:
    def test_open_once_each(self, ana: User) -> None:
        _, codes = set_up(ana)
        assert len(set(codes)) == 10
        client = halfway(ana)
        give(client, codes[3])
        assert signed_in(client)
        assert give(halfway(ana), codes[3]).status_code == 422
        assert second_factor.codes_left(ana) == 9

    def test_are_stored_sealed(self, ana: User) -> None:
        secret, codes = set_up(ana)
        stored = str(list(Authenticator.objects.values_list("data", flat=True)))
        assert not any(text in stored for text in (secret, *codes))

    def test_of_before_are_worth_nothing_after_new_ones(self, ana: User) -> None:
        _, codes = set_up(ana)
        second_factor.renew_codes(user=ana)
        assert second_factor.check(ana, codes[0]) is None


class TestSettingUp:
    def test_is_the_first_thing_that_a_new_person_does(self, ana: User, required: None) -> None:
        client = Client()
        try_to_sign_in(client, ana.email, PASSWORD)
        assert client.get("/exceptions/")["Location"] == "/me/second-factor/"
        page = client.get("/me/second-factor/").content.decode()
        assert "data:image/svg+xml;base64," in page
        (shown,) = re.findall(r'class="id">([A-Z2-7 ]+)<', page)
        secret = shown.replace(" ", "")
        assert client.post("/me/second-factor/", {"code": "000000"}).status_code == 422
        answer = client.post("/me/second-factor/", {"code": code_of(secret)})
        assert answer.content.decode().count('<span class="id">') == 10
        assert client.get("/me/").status_code == 200
        actions = Event.objects.order_by("seq").values_list("action", flat=True)
        assert list(actions) == ["session.begun", "second_factor.set_up"]
        assert give(halfway(ana), code_of(secret, ahead=1)).status_code == 302

    def test_asks_for_the_password_again_when_it_is_long_ago(self, ana: User, sign_in: Any) -> None:
        assert sign_in(ana).get("/me/second-factor/")["Location"].startswith("/me/confirm/")

    def test_does_not_replace_one_that_there_is(self, ana: User) -> None:
        set_up(ana)
        assert second_factor.set_up(user=ana, secret="A" * 32, code=code_of("A" * 32)) is None

    def test_is_undone_by_an_operator_with_a_reason(self, ana: User) -> None:
        set_up(ana)
        call_command("second_factor", ana.email, reason="Met in person, badge shown")
        assert not second_factor.has_one(ana)
        assert Event.objects.get(action="second_factor.removed").actor.startswith("system:")

    def test_is_not_undone_where_it_is_required(self, ana: User, required: None) -> None:
        secret, _ = set_up(ana)
        client = halfway(ana)
        give(client, code_of(secret))
        client.post("/me/second-factor/remove/")
        assert second_factor.has_one(ana)


class TestI20:
    """No path leads around the second factor."""

    OWN = {"sign-out/", "me/confirm/", "me/second-factor/",
           "me/second-factor/keys/"}  # fmt: skip

    def test_i20_without_it_a_session_sees_no_address(
        self, ana: User, required: None, sign_in: Any
    ) -> None:
        client = sign_in(ana)
        for address in every():
            if address.is_open or address.for_services or address.route in self.OWN:
                continue
            for method in ("get", "post"):
                answer = getattr(client, method)(address.of_nothing())
                assert (answer.status_code, answer["Location"]) == (302, "/me/second-factor/"), (
                    address
                )

    def test_i20_set_up_elsewhere_it_is_asked_of_sessions_from_before(
        self, ana: User, required: None, sign_in: Any
    ) -> None:
        client = sign_in(ana)
        secret, _ = set_up(ana)
        assert client.get("/exceptions/")["Location"] == "/sign-in/second-factor/"
        assert give(client, code_of(secret)).status_code == 302
        assert client.get("/exceptions/").status_code == 200

    def test_i20_a_password_alone_does_not_count_as_one(self, ana: User, required: None) -> None:
        set_up(ana)
        client = halfway(ana)
        client.post("/me/confirm/", {"given": PASSWORD})
        assert client.get("/exceptions/")["Location"].startswith("/sign-in/")

    def test_i20_a_fragment_leads_there_too(self, ana: User, required: None, sign_in: Any) -> None:
        answer = sign_in(ana).get("/exceptions/", headers={"HX-Request": "true"})
        assert (answer.status_code, answer["HX-Redirect"]) == (204, "/me/second-factor/")

    def test_i20_a_service_token_opens_no_page(self, ana: User, required: None) -> None:
        _, text = create_token(name="warehouse", scopes=["read:cases"], owner=ana)
        client = Client(headers={"Authorization": f"Bearer {text}"})
        assert client.get("/exceptions/")["Location"].startswith("/sign-in/")

    def test_i20_there_is_no_other_way_in(self) -> None:
        routes = {address.route for address in every()}
        assert not any(re.search("admin|login|signup|accounts/|api-auth", one) for one in routes)
