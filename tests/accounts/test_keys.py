"""Security keys as the second factor, in a real browser with a key that is not there."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts import keys, second_factor
from accounts.models import User
from revops.audit.models import Event
from tests.accounts.codes import code_of, set_up
from tests.cast import PASSWORD

WHERE = "/me/second-factor/keys/"


def a_key(user: User, name: str = "Blue") -> Authenticator:
    """A key that never answers."""
    data = {"name": name, "credential": {}}
    return Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=data)


def fresh(user: User) -> Client:
    """A browser in which the password was just given."""
    client = Client()
    client.force_login(user)
    client.post("/me/confirm/", {"given": PASSWORD})
    return client


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInABrowser:
    def test_a_key_is_added_and_opens_the_account_and_proves_who_is_there(
        self, chromium: Any, live_server: Any, ana: User
    ) -> None:
        ways = live_server.url.replace("127.0.0.1", "localhost")
        page = chromium.new_page(base_url=ways)
        told: list[str] = []
        page.on("console", lambda line: told.append(line.text))
        with_key = page.context.new_cdp_session(page)
        with_key.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True,
                   "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
        added = with_key.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        sign_in(page, ana)
        page.goto(WHERE)
        page.fill("#id_name", "Blue key")
        page.click("#add-key")
        page.wait_for_selector("ol.codes li:nth-child(10)")
        page.goto("/me/")
        assert "Blue key" in page.content()
        page.context.clear_cookies()
        sign_in(page, ana)
        page.wait_for_url("**/sign-in/second-factor/")
        page.click("#use-key")
        page.wait_for_selector("nav")
        page.goto("/me/confirm/?next=/me/")
        page.click("#use-key")
        page.wait_for_url(f"{ways}/me/")  # “**/me/” is what it comes from, too
        # Without the key: the browser is asked in vain, and says so.
        with_key.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": added["authenticatorId"], "isUserVerified": False},
        )
        with_key.send("WebAuthn.removeVirtualAuthenticator", added)
        with_key.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        page.context.clear_cookies()
        sign_in(page, ana)
        page.wait_for_url("**/sign-in/second-factor/")
        page.click("#use-key")
        page.wait_for_selector("[data-key-problem]:not([hidden])")
        assert not [line for line in told if "Content Security Policy" in line]
        page.close()
        found = Event.objects.order_by("seq").values_list("action", flat=True)
        assert list(found) == ["session.begun", "second_factor.key_added", "session.begun"]


def sign_in(page: Any, user: User) -> None:
    page.goto("/sign-in/?next=/me/")
    page.fill("#id_username", user.email)
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")


@pytest.mark.django_db
class TestAdding:
    @pytest.mark.parametrize(
        "credential", ["", "{", "[]", "{}", '{"id":"x"}', "\x00", "9" * 30_000]
    )
    def test_takes_nothing_but_a_key(self, ana: User, credential: str) -> None:
        client = fresh(ana)
        client.get(WHERE)
        assert client.post(WHERE, {"credential": credential}).status_code == 422
        assert not second_factor.has_one(ana)

    def test_asks_first_who_it_is(self, ana: User, sign_in: Any) -> None:
        assert sign_in(ana).get(WHERE)["Location"].startswith("/me/confirm/")

    def test_i20_a_password_alone_adds_none_beside_a_factor(self, ana: User) -> None:
        set_up(ana)
        assert fresh(ana).get(WHERE)["Location"] == "/sign-in/second-factor/"
        Authenticator.objects.filter(type="totp").delete()
        a_key(ana)
        assert fresh(ana).get("/me/second-factor/")["Location"] == "/sign-in/second-factor/"

    def test_ends_at_ten(self, ana: User, rf: Any) -> None:
        for number in range(keys.MOST):
            a_key(ana, str(number))
        with pytest.raises(keys.KeyRefused, match="10 keys"):
            keys.add(user=ana, by=second_factor.actor_of(ana), name="", credential="{}")


@pytest.mark.django_db
class TestRemoving:
    def test_leaves_the_app_and_its_codes(self, ana: User) -> None:
        set_up(ana)
        made = a_key(ana)
        assert keys.remove(user=ana, by=ana, key=made.pk)
        assert (keys.of(ana), second_factor.codes_left(ana)) == ([], 10)

    def test_takes_the_codes_with_the_last_factor(self, ana: User) -> None:
        made = a_key(ana)
        second_factor.new_codes(ana)
        keys.remove(user=ana, by=ana, key=made.pk)
        assert not Authenticator.objects.filter(user=ana).exists()

    def test_keeps_the_only_one_where_one_is_required(self, ana: User, settings: Any) -> None:
        settings.REVOPS_SECOND_FACTOR = "required"
        made = a_key(ana)
        with pytest.raises(keys.KeyRefused, match="only second factor"):
            keys.remove(user=ana, by=ana, key=made.pk)

    def test_is_of_ones_own_alone(self, ana: User, mona: User) -> None:
        made = a_key(mona)
        assert not keys.remove(user=ana, by=ana, key=made.pk)
        assert len(keys.of(mona)) == 1

    def test_of_everything_names_what_there_was(self, ana: User) -> None:
        a_key(ana)
        second_factor.remove(user=ana, by=second_factor.actor_of(ana))
        assert "webauthn" in str(Event.objects.latest("seq").detail)


@pytest.mark.django_db
class TestBesideAKey:
    def test_a_typed_code_of_the_app_still_opens(self, ana: User) -> None:
        a_key(ana)
        secret, _ = set_up(ana)
        assert second_factor.check(ana, code_of(secret)) is not None
        assert second_factor.check(ana, "000000") is None
