"""Where notices go while their way is stopped: a setting that two administrators agree to."""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.test import Client

from accounts.models import Assignment, User
from accounts.roles import Role
from approvals.models import ApprovalRequest
from approvals.operations import ApprovalRefused, decide
from approvals.proof import Proof
from connectors.models import Connection, ConnectionState
from revops.delivery.models import Gate
from revops.kernel import clock
from tests.cast import PASSWORD
from tests.conftest import SignIn
from tests.connections.kit import an_erp, text_of
from tests.factories import a_connection, a_gate

pytestmark = pytest.mark.django_db

MAIL: Final = {
    "label": "Email", "environment": "sandbox", "base_url": "smtp://127.0.0.1:2525", "zone": "UTC",
    "p-sender": "console@example.com",
}  # fmt: skip


@pytest.fixture
def mail(db: None) -> Connection:
    a_gate(a_connection("slack", "slack"))
    made = a_connection(
        "email", "email", label="Email", base_url=MAIL["base_url"],
        parameters={"sender": MAIL["p-sender"]},
    )  # fmt: skip
    a_gate(made)
    return made


@pytest.fixture
def admin(sign_in: SignIn, adam: User) -> Client:
    client = sign_in(adam)
    client.post("/me/confirm/", {"given": PASSWORD})
    return client


def ask(client: Client, **typed: Any) -> Any:
    return client.post("/connections/email/settings/", MAIL | typed)


def agree() -> ApprovalRequest:
    eve = User.objects.create_user("eve@example.com", "Eve Ito", PASSWORD)
    Assignment.objects.create(user=eve, role=Role.ADMIN.value)
    request = ApprovalRequest.objects.latest("pk")
    decide(
        request_id=request.pk, verdict="approve", by=eve, seen=request.sha256,
        proof=Proof(eve.pk, clock.now()),
    )  # fmt: skip
    request.refresh_from_db()
    return request


class TestTheOtherWay:
    def test_is_asked_for_and_told_on_the_page(self, admin: Client, mail: Connection) -> None:
        answer = ask(admin, fallback="slack", fallback_after="20")
        assert answer.status_code == 302, text_of(answer)
        assert Gate.objects.get(connection=mail).fallback is None
        agree()
        gate = Gate.objects.get(connection=mail)
        assert (gate.fallback.slug, gate.fallback_after) == ("slack", 20)
        words = text_of(admin.get("/connections/email/"))
        assert "Notices go by Slack when failures have stopped it for 20 minutes" in words
        assert (
            'value="slack" selected' in admin.get("/connections/email/settings/").content.decode()
        )

    def test_stands_in_the_request_as_words(self, admin: Client, mail: Connection) -> None:
        ask(admin, fallback="slack")
        request = ApprovalRequest.objects.latest("pk")
        words = text_of(admin.get(f"/approvals/APR-{request.pk}/"))
        assert "While it is stopped, notices go by" in words
        assert "Once it was stopped for" not in words, "the minutes are as they were"

    def test_that_went_out_of_use_meanwhile_is_not_set(
        self, admin: Client, mail: Connection
    ) -> None:
        ask(admin, fallback="slack")
        Connection.objects.filter(slug="slack").update(state=ConnectionState.RETIRED)
        with pytest.raises(ApprovalRefused, match="slack is not in use"):
            agree()
        assert Gate.objects.get(connection=mail).fallback is None

    @pytest.mark.parametrize("other", ["email", "erp", "nobody"])
    def test_is_one_that_takes_notices_and_another_one(
        self, admin: Client, mail: Connection, other: str
    ) -> None:
        an_erp()
        assert ask(admin, fallback=other).status_code == 422

    def test_is_nothing_that_an_erp_is_asked_for(self, admin: Client) -> None:
        an_erp()
        assert "fallback" not in admin.get("/connections/erp/settings/").content.decode()
        words = text_of(admin.get("/connections/erp/"))
        assert "Postings never go" in words or "routes are changed under" in words
