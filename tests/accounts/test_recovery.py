"""A lost second factor: an administrator asks, somebody else agrees, and the person is told."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts import second_factor
from accounts.models import User
from approvals.models import ApprovalRequest, State
from revops.audit.models import Event
from revops.notices.models import Notice
from tests.accounts.codes import code_of, set_up
from tests.accounts.test_sign_in import signed_in, try_to_sign_in
from tests.cast import PASSWORD
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db


def ask(client: Client, user: User, reason: str = "Met in person, badge shown") -> Any:
    return client.post(f"/users/{user.pk}/second-factor/reset", {"reason": reason})


def agree(user: User, request: ApprovalRequest) -> Any:
    """With the password given just now, as a decision of the highest tier needs it."""
    client = Client()
    client.force_login(user)
    client.post("/me/confirm/", {"given": PASSWORD})
    return client.post(
        f"/approvals/{request}/decide", {"verdict": "approve", "seen": request.sha256}
    )


@pytest.mark.parametrize("second", ["mona", "bea"])
def test_takes_two_people_and_ends_every_session(
    second: str, ana: User, adam: User, mona: User, sign_in: SignIn
) -> None:
    from accounts.models import Assignment

    bea = User.objects.create_user("bea@example.com", "Bea Ostrom", PASSWORD)
    Assignment.objects.create(user=bea, role="admin")
    secret, _ = set_up(ana)
    theirs = Client()
    try_to_sign_in(theirs, ana.email, PASSWORD)
    theirs.post("/sign-in/second-factor/", {"code": code_of(secret)})
    assert signed_in(theirs)
    page = sign_in(adam).get(f"/users/{ana.pk}/").content.decode()
    assert "Ask to reset it" in page
    assert ask(sign_in(adam), ana).status_code == 302
    request = ApprovalRequest.objects.get(subject="second_factor_reset")
    assert second_factor.has_one(ana)
    assert agree(adam, request).status_code == 403
    assert agree(ana, request).status_code in (403, 404)
    assert agree({"mona": mona, "bea": bea}[second], request).status_code == 302
    request.refresh_from_db()
    assert request.state == State.APPROVED
    assert not second_factor.has_one(ana)
    assert not UserSession.objects.filter(user=ana).exists()
    assert not signed_in(theirs)
    told = Notice.objects.get(recipient=ana, kind="account_changed")
    assert "Met in person" in told.text
    act = Event.objects.get(action="second_factor.removed")
    assert act.reference == f"user:{ana.pk}"


def test_needs_a_password_of_now(ana: User, adam: User, mona: User, sign_in: SignIn) -> None:
    set_up(ana)
    ask(sign_in(adam), ana)
    request = ApprovalRequest.objects.get()
    post = {"verdict": "approve", "seen": request.sha256}
    answer = sign_in(mona).post(f"/approvals/{request}/decide", post)
    request.refresh_from_db()
    assert (answer.status_code in (302, 409, 422), request.state) == (True, State.WAITING)


@pytest.mark.parametrize("case", ["oneself", "none", "no reason"])
def test_is_refused(case: str, ana: User, adam: User, sign_in: SignIn) -> None:
    whose = adam if case == "oneself" else ana
    if case != "none":
        set_up(whose)
    client = Client()
    client.force_login(adam)
    answer = ask(sign_in(adam), whose, "" if case == "no reason" else "Seen")
    assert answer.status_code == 422
    assert not ApprovalRequest.objects.exists()
