"""What is masked is shown for a minute, to one session, with a reason in the audit trail."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from revops.audit.models import Event
from revops.kernel import clock
from tests.conftest import SignIn
from tests.factories import a_case, an_event

EMAIL = "pat@alder.example"
WHY = "The customer asked what we hold"
pytestmark = pytest.mark.django_db


@pytest.fixture
def address() -> str:
    body = json.dumps({"email": EMAIL, "phone": "+1 555 0100"}).encode()
    return f"/exceptions/EXC-{a_case(command=None, inbound=an_event(body=body)).pk}/"


def shows(client: Client, address: str) -> bool:
    page = client.get(address).content.decode()
    assert (EMAIL in page) == ("+1 555 0100" in page)
    return EMAIL in page


class TestRevealing:
    def test_shows_what_was_masked_and_says_so_in_the_trail(
        self, sign_in: SignIn, ana: User, address: str
    ) -> None:
        client = sign_in(ana)
        assert not shows(client, address)
        assert client.post(f"{address}reveal/", {"reason": WHY}).status_code == 302
        assert shows(client, address)
        act = Event.objects.get(action="payload.reveal")
        assert act.actor == f"user:{ana.pk}"
        assert json.loads(act.detail or "")["reason"] == WHY

    def test_ends_after_a_minute(self, sign_in: SignIn, ana: User, address: str) -> None:
        client = sign_in(ana)
        client.post(f"{address}reveal/", {"reason": WHY})
        with time_machine.travel(clock.now() + timedelta(seconds=61)):
            assert not shows(client, address)

    def test_is_for_that_case_and_that_session_alone(
        self, sign_in: SignIn, ana: User, mona: User, address: str
    ) -> None:
        client = sign_in(ana)
        client.post(f"{address}reveal/", {"reason": WHY})
        body = json.dumps({"email": EMAIL, "phone": "+1 555 0100"}).encode()
        other = a_case(command=None, inbound=an_event(body=body))
        assert not shows(client, f"/exceptions/EXC-{other.pk}/")
        assert not shows(sign_in(ana), address)
        assert not shows(sign_in(mona), address)

    @pytest.mark.parametrize("reason", ["", "because"])
    def test_asks_why(self, sign_in: SignIn, ana: User, address: str, reason: str) -> None:
        client = sign_in(ana)
        assert client.post(f"{address}reveal/", {"reason": reason}).status_code == 422
        assert not shows(client, address)
        assert not Event.objects.exists()

    @pytest.mark.parametrize("name", ["rob", "rae", "sue", "adam"])
    def test_is_for_finance_alone(
        self, sign_in: SignIn, name: str, address: str, request: pytest.FixtureRequest
    ) -> None:
        client = sign_in(request.getfixturevalue(name))
        assert client.post(f"{address}reveal/", {"reason": WHY}).status_code == 403
        assert not Event.objects.exists()
        assert b'id="reveal"' not in client.get(address).content
