"""Forgetting a person takes two people, from the customer's page to the evidence in the trail."""

from __future__ import annotations

import json

import pytest

from accounts.models import Assignment, User
from approvals.models import ApprovalRequest
from approvals.operations import decide, withdraw
from approvals.operations.refusals import NotYours
from approvals.proof import Proof
from revops.audit.models import Erasure, Event
from revops.audit.verifying import verify
from revops.canonical.models import Customer
from revops.kernel import clock
from revops.pipeline.privacy.erasing import carry_out_what_waits
from tests import factories as make
from tests.conftest import SignIn

EMAIL, NAME, WHY = "pat@alder.example", "Pat Lee-Alder", "Request 2026-114 of a data subject"
PAGE = "/personal-data/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> Customer:
    return make.a_customer(name=NAME, email=EMAIL, address={"line1": "1 Elm Street"})


@pytest.fixture
def asked(sign_in: SignIn, mona: User, customer: Customer) -> ApprovalRequest:
    """Mona asks on the customer's page; the e-mail address, the street and the name are ticked."""
    client = sign_in(mona)
    form = f"{PAGE}?party={customer.party_id}"
    assert form in client.get(f"/customers/{customer.party_id}/").content.decode()
    page = client.get(form).content.decode()
    assert EMAIL not in page
    assert "E-mail in Billing" in page
    answer = client.post(
        PAGE, {"party": customer.party_id, "known": ["0", "1", "2"], "reason": WHY}
    )
    assert answer.status_code == 302
    return ApprovalRequest.objects.get(subject="erasure")


def say_yes(asked: ApprovalRequest, by: User) -> None:
    fresh = Proof(by.pk, clock.now())
    decide(request_id=asked.pk, verdict="approve", by=by, seen=asked.sha256, proof=fresh)


class TestAskingToErase:
    def test_names_the_person_in_no_request_and_no_act(self, asked: ApprovalRequest) -> None:
        for text in (EMAIL, NAME, "Elm Street"):
            assert text not in asked.content + asked.title + asked.note
            assert not Event.objects.filter(detail__icontains=text).exists()
        assert Erasure.objects.get().terms == [EMAIL, "1 Elm Street", NAME]

    def test_shows_what_goes_and_what_stays_to_who_decides(
        self, asked: ApprovalRequest, sign_in: SignIn, adam: User
    ) -> None:
        page = sign_in(adam).get(f"/approvals/APR-{asked.pk}/").content.decode()
        assert EMAIL in page
        assert "fields become “[erased]”" in page
        assert "kept by law" in page

    @pytest.mark.parametrize("reason", ["", "because", f"{EMAIL} asked for it"])
    def test_wants_a_reason_that_does_not_name_them(
        self, sign_in: SignIn, mona: User, reason: str
    ) -> None:
        answer = sign_in(mona).post(PAGE, {"texts": EMAIL, "reason": reason})
        assert answer.status_code == 422
        assert not ApprovalRequest.objects.exists()
        assert not Erasure.objects.exists()

    @pytest.mark.parametrize("who", ["ana", "rob", "sue", "rae"])
    def test_is_for_managers_and_administrators(
        self, sign_in: SignIn, who: str, request: pytest.FixtureRequest
    ) -> None:
        client = sign_in(request.getfixturevalue(who))
        assert client.get(PAGE).status_code == 403
        assert client.post(PAGE, {"texts": EMAIL, "reason": WHY}).status_code == 403


class TestDeciding:
    def test_another_administrator_agrees_and_a_worker_forgets(
        self, asked: ApprovalRequest, adam: User, mona: User, customer: Customer
    ) -> None:
        say_yes(asked, adam)
        customer.refresh_from_db()
        assert customer.email == EMAIL
        assert carry_out_what_waits(seconds=60) == 1
        customer.refresh_from_db()
        assert (customer.email, customer.name) == ("[erased]", "[erased]")
        held = Erasure.objects.get()
        assert (held.state, held.terms) == ("done", None)
        act = Event.objects.get(seq=held.act)
        told = json.loads(act.detail or "")["after"]
        assert told["request"] == str(asked)
        assert (told["asked_by"], told["agreed_by"]) == (f"user:{mona.pk}", f"user:{adam.pk}")
        assert act.on_behalf == f"user:{mona.pk}"
        assert verify().passed
        assert carry_out_what_waits(seconds=60) == 0

    def test_nobody_agrees_to_what_they_asked_for(
        self, sign_in: SignIn, adam: User, customer: Customer
    ) -> None:
        sign_in(adam).post(PAGE, {"texts": EMAIL, "reason": WHY})
        asked = ApprovalRequest.objects.get(subject="erasure")
        with pytest.raises(NotYours, match="you are asking"):
            say_yes(asked, adam)
        assert Erasure.objects.get().state == "asked"
        abe = User.objects.create_user("abe@example.com", "Abe Roy")
        Assignment.objects.create(user=abe, role="admin")
        say_yes(asked, abe)
        assert Erasure.objects.get().state == "agreed"

    def test_what_is_not_agreed_to_is_forgotten_and_the_person_is_not(
        self, asked: ApprovalRequest, mona: User, customer: Customer, sign_in: SignIn
    ) -> None:
        withdraw(request_id=asked.pk, by=mona, reason="A mistake")
        held = Erasure.objects.get()
        assert (held.state, held.terms) == ("refused", None)
        assert carry_out_what_waits(seconds=60) == 0
        assert "Not erased" in sign_in(mona).get(PAGE).content.decode()
        customer.refresh_from_db()
        assert customer.email == EMAIL
