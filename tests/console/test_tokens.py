"""Service tokens on a page: who makes them, what is shown once, and what ends them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import ServiceToken, User
from accounts.operations import create_token, use_token
from revops.audit.models import Event
from revops.kernel import clock
from tests.accounts.test_sign_in import try_to_sign_in
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db
WANTED = {"name": "Warehouse", "days": "90", "entity": "", "may": ["read:cases"], "reason": "Loads"}


@pytest.fixture
def admin(adam: User) -> Client:
    """A browser in which an administrator has just given their password."""
    client = Client()
    try_to_sign_in(client, adam.email, PASSWORD)
    return client


class TestMaking:
    def test_shows_the_token_once(self, admin: Client, adam: User, ana: User) -> None:
        page = admin.post("/users/tokens/new/", WANTED | {"owner": ana.pk}).content.decode()
        (text,) = set(re.findall(r"rct_[0-9a-f]{10}_[\w-]{43}", page))
        made = use_token(text)
        assert made is not None
        assert (made.owner, made.scopes) == (ana, ["read:cases"])
        assert text not in admin.get("/users/tokens/").content.decode()
        act = Event.objects.get(action="tokens.create")
        assert act.actor == f"user:{adam.pk}"

    def test_asks_for_the_password_again_when_it_is_long_ago(
        self, adam: User, sign_in: Any
    ) -> None:
        answer = sign_in(adam).post("/users/tokens/new/", WANTED | {"owner": adam.pk})
        assert answer["Location"] == "/me/confirm/?next=%2Fusers%2Ftokens%2F"
        assert not ServiceToken.objects.exists()

    @pytest.mark.parametrize(
        "wrong", [{"reason": ""}, {"may": []}, {"may": ["all"]}, {"days": "9999"}, {"owner": "0"}]
    )
    def test_makes_none_of_what_is_missing(
        self, admin: Client, adam: User, wrong: dict[str, Any]
    ) -> None:
        answer = admin.post("/users/tokens/new/", WANTED | {"owner": adam.pk} | wrong)
        assert answer.status_code == 422
        assert not ServiceToken.objects.exists()

    def test_says_what_the_person_may_not_read_themselves(self, admin: Client, adam: User) -> None:
        answer = admin.post("/users/tokens/new/", WANTED | {"owner": adam.pk})
        assert answer.status_code == 422
        assert "Adam Berg may not do this themselves: read cases" in answer.content.decode()

    def test_is_for_administrators(self, mona: User, rae: User, sign_in: Any) -> None:
        for user, sees in ((mona, 403), (rae, 200)):
            client = sign_in(user)
            assert client.get("/users/tokens/").status_code == sees
            assert client.post("/users/tokens/new/", WANTED).status_code == 403


class TestEnding:
    def test_is_at_once_and_says_why(self, adam: User, sign_in: Any) -> None:
        made, text = create_token(name="Warehouse", scopes=["read:cases"])
        where, client = f"/users/tokens/{made.prefix}/revoke/", sign_in(adam)
        assert client.post(where, {"reason": ""}).status_code == 422
        assert use_token(text) is not None
        assert client.post(where, {"reason": "Was in a log"}).status_code == 302
        assert use_token(text) is None
        assert client.post(where, {"reason": "Again"}).status_code == 422

    def test_is_seen_coming(self, ana: User, adam: User, sign_in: Any) -> None:
        create_token(name="Warehouse", scopes=["read:cases"], owner=ana, days=30)
        client = sign_in(adam)
        assert "Ends soon" not in client.get("/users/tokens/").content.decode()
        with time_machine.travel(clock.now() + timedelta(days=17)):
            page = sign_in(adam).get("/users/tokens/").content.decode()
            assert "Ends soon" in page
            mine = sign_in(ana).get("/me/").content.decode()
            assert "Warehouse" in mine
        with time_machine.travel(clock.now() + timedelta(days=31)):
            assert "Expired" in sign_in(adam).get("/users/tokens/").content.decode()
