"""Signing in through a company's own provider: a real one, in a process of its own."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts.models import User
from revops.audit.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = Path(__file__).with_name("oidc_provider.py")
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(script), str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{address}/jwks", timeout=5)
                break
            except httpx.ConnectError:
                assert process.poll() is None, "The provider did not start."
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def company(issuer: str, settings: Any) -> str:
    settings.REVOPS_OIDC_ISSUER = issuer
    settings.REVOPS_OIDC_CLIENT_ID = "console"
    settings.REVOPS_OIDC_SECRET = "kept by both"
    settings.REVOPS_OIDC_NAME = "Example Corp"
    settings.REVOPS_OIDC_DOMAINS = ["example.com"]
    return issuer


def somebody(issuer: str, sub: str, **claims: Any) -> None:
    answer = httpx.put(f"{issuer}/users/{sub}", json=claims, timeout=5)
    assert answer.status_code < 300, answer.text


def to_the_provider(client: Client, next_url: str = "") -> str:
    answer = client.post("/sign-in/sso/", {"next": next_url})
    assert answer.status_code == 302
    return answer["Location"]


def and_back(address: str, sub: str) -> str:
    """What the provider's own page does when somebody signs in there: the way back to us."""
    answer = httpx.post(address, data={"sub": sub}, timeout=5)
    assert answer.status_code == 302, answer.text
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def sign_in_as(client: Client, sub: str, next_url: str = "/me/") -> Any:
    return client.get(and_back(to_the_provider(client, next_url), sub))


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


class TestSignIn:
    def test_lets_in_whom_we_know_by_a_verified_address(self, company: str, ana: User) -> None:
        somebody(company, "u-ana", email="Ana@example.com", email_verified=True, name="Ana")
        client = Client()
        answer = sign_in_as(client, "u-ana")
        assert (answer.status_code, answer["Location"]) == (302, "/me/")
        assert client.session["_auth_user_id"] == str(ana.pk)
        assert SocialAccount.objects.get().uid == "u-ana"
        acts = list(Event.objects.order_by("seq").values_list("action", flat=True))
        assert acts == ["person.provider_linked", "session.begun"]

    def test_offers_it_only_where_it_is_set_up(self, company: str, settings: Any) -> None:
        assert "Sign in with Example Corp" in Client().get("/sign-in/").content.decode()
        settings.REVOPS_OIDC_ISSUER = ""
        assert "Example Corp" not in Client().get("/sign-in/").content.decode()
        assert Client().post("/sign-in/sso/").status_code == 404

    def test_asks_with_pkce_state_and_nonce(self, company: str) -> None:
        asked = parse_qs(urlsplit(to_the_provider(Client())).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert len(asked["code_challenge"][0]) == 43
        assert len(asked["nonce"][0]) >= 32
        assert asked["state"][0]
        assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}

    def test_knows_them_by_their_id_from_then_on(self, company: str, ana: User) -> None:
        somebody(company, "u-ana", email="ana@example.com", email_verified=True)
        sign_in_as(Client(), "u-ana")
        somebody(company, "u-ana", email="ana.maria@example.com", email_verified=True)
        client = Client()
        sign_in_as(client, "u-ana")
        assert client.session["_auth_user_id"] == str(ana.pk)

    def test_asks_for_the_second_factor_too(self, company: str, ana: User) -> None:
        from tests.accounts.codes import set_up

        set_up(ana)
        somebody(company, "u-ana", email="ana@example.com", email_verified=True)
        client = Client()
        assert sign_in_as(client, "u-ana")["Location"] == "/sign-in/second-factor/"
        assert not signed_in(client)

    def test_leaves_the_second_factor_to_a_provider_that_asks_for_it(
        self, company: str, ana: User, settings: Any
    ) -> None:
        settings.REVOPS_SECOND_FACTOR = "required"
        settings.REVOPS_OIDC_SECOND_FACTOR = "provider"
        somebody(company, "u-ana", email="ana@example.com", email_verified=True)
        client = Client()
        sign_in_as(client, "u-ana")
        assert client.get("/me/").status_code == 200


class TestRefusal:
    @pytest.mark.parametrize(
        ("claims", "words"),
        [
            ({"email": "new@example.com", "email_verified": True}, "no account here yet"),
            ({"email": "ana@example.com", "email_verified": False}, "not verified"),
            ({"email": "ana@example.com"}, "not verified"),
            ({"email": "ana@example.com", "email_verified": "true"}, "not verified"),
            ({"email": "ana@evil.example", "email_verified": True}, "cannot come in"),
            ({"email": "ana@example.com.evil.example", "email_verified": True}, "cannot come in"),
        ],
    )
    def test_says_why_and_makes_nobody(
        self, company: str, ana: User, claims: dict[str, Any], words: str
    ) -> None:
        somebody(company, "u-somebody", **claims)
        client, before = Client(), User.objects.count()
        answer = sign_in_as(client, "u-somebody")
        assert answer.status_code == 403
        assert words in answer.content.decode()
        assert not signed_in(client)
        assert (User.objects.count(), SocialAccount.objects.count()) == (before, 0)

    def test_says_whom_to_ask(self, company: str, adam: User) -> None:
        somebody(company, "u-new", email="new@example.com", email_verified=True)
        page = sign_in_as(Client(), "u-new").content.decode()
        assert "Adam Berg" in page

    def test_gives_an_address_that_changed_hands_to_nobody(self, company: str, ana: User) -> None:
        somebody(company, "u-ana", email="ana@example.com", email_verified=True)
        sign_in_as(Client(), "u-ana")
        somebody(company, "u-thief", email="ana@example.com", email_verified=True)
        client = Client()
        assert "belongs to somebody else" in sign_in_as(client, "u-thief").content.decode()
        assert not signed_in(client)

    def test_knows_who_has_left(self, company: str, ana: User) -> None:
        somebody(company, "u-ana", email="ana@example.com", email_verified=True)
        sign_in_as(Client(), "u-ana")
        User.objects.filter(pk=ana.pk).update(is_active=False)
        client = Client()
        assert sign_in_as(client, "u-ana").status_code == 403
        assert not signed_in(client)


class TestForgery:
    @pytest.fixture(autouse=True)
    def _known(self, company: str, ana: User) -> None:
        somebody(company, "u-ana", email="ana@example.com", email_verified=True)

    @pytest.mark.parametrize(
        "false",
        [
            {"forged": True},
            {"algorithm": "none"},
            {"claims": {"nonce": "another"}},
            {"claims": {"aud": "another-client"}},
            {"claims": {"iss": "https://evil.example"}},
            {"claims": {"exp": 1_700_000_000}},
            {"claims": {"sub": "u-somebody-else"}},
        ],
        ids=str,
    )
    def test_of_the_token_is_seen(self, company: str, false: dict[str, Any]) -> None:
        client = Client()
        way_back = and_back(to_the_provider(client), "u-ana")
        assert httpx.post(f"{company}/_control/spoil", json=false, timeout=5).status_code == 204
        before = httpx.get(f"{company}/_control/told").json()["told"]
        answer = client.get(way_back)
        assert httpx.get(f"{company}/_control/told").json()["told"] == before + 1
        assert answer.status_code == 403
        assert "did not work" in answer.content.decode()
        assert not signed_in(client)

    def test_by_replay_is_refused(self, company: str) -> None:
        client = Client()
        way_back = and_back(to_the_provider(client), "u-ana")
        assert client.get(way_back).status_code == 302
        client.post("/sign-out/")
        for again in (client, Client()):
            assert again.get(way_back).status_code == 403
            assert not signed_in(again)

    def test_with_a_way_back_that_another_browser_began_is_refused(self, company: str) -> None:
        way_back = and_back(to_the_provider(Client()), "u-ana")
        victim = Client()
        to_the_provider(victim)
        assert victim.get(way_back).status_code == 403
        assert not signed_in(victim)

    def test_of_the_state_is_refused(self, company: str) -> None:
        client = Client()
        way_back = and_back(to_the_provider(client), "u-ana")
        assert client.get(re.sub(r"state=[^&]+", "state=made-up", way_back)).status_code == 403

    def test_of_who_the_provider_is_is_refused(self, company: str, settings: Any) -> None:
        settings.REVOPS_OIDC_ISSUER = company.replace("127.0.0.1", "localhost")
        answer = Client().post("/sign-in/sso/")
        assert answer.status_code in (302, 403)
        settings.REVOPS_OIDC_ISSUER = f"{company}/other"
        assert Client().post("/sign-in/sso/").status_code == 403

    def test_begins_with_a_form_of_ours_only(self, company: str) -> None:
        assert Client().get("/sign-in/sso/").status_code == 405
        assert Client(enforce_csrf_checks=True).post("/sign-in/sso/").status_code == 403
