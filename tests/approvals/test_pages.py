"""The pages: inbox, one request, together, policies, delegations. All without JavaScript."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from approvals import operations
from approvals.models import ApprovalRequest, Delegation, Policy, State
from revops.kernel import clock
from revops.kernel.money import Money
from tests.approvals.kit import Gift, a_request
from tests.cast import PASSWORD
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


class TestInbox:
    def test_shows_what_waits_for_me_with_the_first_beside_it(
        self, policy: Policy, sue: User, ana: User, sign_in: SignIn
    ) -> None:
        request = a_request(sue)
        page = text_of(sign_in(ana).get("/approvals/"))
        assert f"approval-{request.pk}" in page
        assert 'id="pane"' in page
        assert "Approve USD\u00a0500.00" in page

    def test_says_when_nothing_waits(self, ana: User, sign_in: SignIn) -> None:
        assert "Nothing waits for you." in text_of(sign_in(ana).get("/approvals/"))

    def test_shows_others_work_with_the_reason_and_who_can(
        self, policy: Policy, sue: User, ana: User, mona: User, sign_in: SignIn
    ) -> None:
        a_request(sue, 500_000)
        page = text_of(sign_in(ana).get("/approvals/?tab=team"))
        assert "This needs a finance manager for NW-US." in page
        assert "Mona Patel" in page

    def test_shows_what_i_sent_and_what_is_done(
        self, policy: Policy, sue: User, ana: User, sign_in: SignIn
    ) -> None:
        request = a_request(sue)
        operations.decide(request_id=request.pk, verdict="approve", by=ana, seen=request.sha256)
        assert f"approval-{request.pk}" in text_of(sign_in(sue).get("/approvals/?tab=sent"))
        done = text_of(sign_in(ana).get("/approvals/?tab=done"))
        assert "Ana Lima" in done
        assert "Given." in done

    def test_keeps_support_to_its_own(
        self, policy: Policy, sue: User, rob: User, sign_in: SignIn
    ) -> None:
        theirs = a_request(rob)
        client = sign_in(sue)
        assert f"approval-{theirs.pk}" not in text_of(client.get("/approvals/?tab=team"))
        assert client.get(f"/approvals/APR-{theirs.pk}/").status_code == 404

    def test_gives_a_file(self, policy: Policy, sue: User, ana: User, sign_in: SignIn) -> None:
        a_request(sue)
        answer = sign_in(ana).post("/approvals/approvals.csv")
        lines = b"".join(answer.streaming_content).decode().splitlines()
        assert len(lines) == 2
        assert "500.00" in lines[1]


class TestOneRequest:
    def test_asks_before_it_decides_and_decides_once(
        self, policy: Policy, gift: Gift, sue: User, ana: User, sign_in: SignIn
    ) -> None:
        request = a_request(sue)
        client = sign_in(ana)
        page = text_of(client.get(f"/approvals/APR-{request.pk}/?decide=approve"))
        assert "Confirm: Approve USD\u00a0500.00" in page
        assert gift.applied == []
        answer = client.post(
            f"/approvals/APR-{request.pk}/decide",
            {"verdict": "approve", "seen": request.sha256},
        )
        assert answer.status_code == 302
        assert gift.applied == [request.pk]
        again = client.post(
            f"/approvals/APR-{request.pk}/decide",
            {"verdict": "approve", "seen": request.sha256},
        )
        assert again.status_code == 409
        assert "Already decided: Ana Lima approved this at" in text_of(again)

    def test_of_ones_own_has_no_button_and_says_why(
        self, policy: Policy, ana: User, mona: User, sign_in: SignIn
    ) -> None:
        request = a_request(ana)
        page = text_of(sign_in(ana).get(f"/approvals/APR-{request.pk}/?decide=approve"))
        assert "You can’t decide this: you are asking." in page
        assert 'id="approve"' not in page
        assert 'id="confirm"' not in page

    def test_needs_a_reason_to_be_sent_back(
        self, policy: Policy, sue: User, ana: User, sign_in: SignIn
    ) -> None:
        request = a_request(sue)
        client = sign_in(ana)
        post = {"verdict": "send_back", "seen": request.sha256, "reason": ""}
        answer = client.post(f"/approvals/APR-{request.pk}/decide", post)
        assert answer.status_code == 422
        assert "Say why" in text_of(answer)
        client.post(f"/approvals/APR-{request.pk}/decide", post | {"reason": "Wrong month"})
        request.refresh_from_db()
        assert request.state == State.SENT_BACK

    def test_of_a_high_tier_asks_for_the_password_again(
        self, policy: Policy, gift: Gift, sue: User, ana: User, mona: User, sign_in: SignIn
    ) -> None:
        request = a_request(sue, 5_000_000)
        client, where = sign_in(ana), f"/approvals/APR-{request.pk}/decide"
        post = {"verdict": "approve", "seen": request.sha256}
        assert 'id="password"' in text_of(
            client.get(f"/approvals/APR-{request.pk}/?decide=approve")
        )
        assert client.post(where, post).status_code == 422
        assert client.post(where, post | {"password": "guess"}).status_code == 422
        assert client.post(where, post | {"password": PASSWORD}).status_code == 302
        request.refresh_from_db()
        assert (request.state, request.position) == (State.WAITING, 2)

    def test_shows_the_difference_when_it_was_edited_meanwhile(
        self, policy: Policy, sue: User, ana: User, sign_in: SignIn
    ) -> None:
        request = a_request(sue)
        seen = request.sha256
        operations.amend(
            request_id=request.pk,
            content={"amount": 60_000, "to": "Contoso"},
            by=sue,
            seen=seen,
            amount=Money(60_000, "USD"),
        )
        answer = sign_in(ana).post(
            f"/approvals/APR-{request.pk}/decide", {"verdict": "approve", "seen": seen}
        )
        assert answer.status_code == 409
        assert "What you saw, and what it says now" in text_of(answer)
        assert "60000" in text_of(answer)

    def test_takes_comments_and_can_be_taken_back(
        self, policy: Policy, gift: Gift, sue: User, ana: User, sign_in: SignIn
    ) -> None:
        request = a_request(sue)
        client = sign_in(ana)
        where = f"/approvals/APR-{request.pk}/"
        assert client.post(f"{where}comments", {"text": " "}).status_code == 422
        client.post(f"{where}comments", {"text": "Which month?"})
        assert "Which month?" in text_of(client.get(where))
        assert client.post(f"{where}withdraw").status_code == 403
        assert sign_in(sue).post(f"{where}withdraw").status_code == 302
        assert gift.turned_down == [(request.pk, "withdrawn")]


class TestTogether:
    def test_lists_each_before_it_approves_any(
        self, policy: Policy, gift: Gift, sue: User, ana: User, sign_in: SignIn
    ) -> None:
        one, two = a_request(sue, 10_000), a_request(sue, 20_000)
        high = a_request(sue, 900_000)
        client = sign_in(ana)
        picked = "&".join(f"pick={each.pk}" for each in (one, two, high))
        page = text_of(client.get(f"/approvals/together/?{picked}"))
        assert "Approve 2 requests together" in page
        assert "Left out, and why" in page
        answer = client.post(
            "/approvals/together/decide",
            {f"seen-{one.pk}": one.sha256, f"seen-{two.pk}": two.sha256},
        )
        assert "2 approved" in text_of(answer)
        assert gift.applied == [one.pk, two.pk]


class TestPolicies:
    def test_are_listed_with_who_is_asked(
        self, policy: Policy, mona: User, sign_in: SignIn
    ) -> None:
        client = sign_in(mona)
        page = text_of(client.get("/approvals/policies/"))
        assert "To 1,000: one finance analyst or finance manager" in page
        assert "number 1" in text_of(client.get(f"/approvals/policies/{policy.pk}/"))

    def test_can_be_tried_before_they_are_sent(
        self, policy: Policy, ana: User, mona: User, adam: User, sign_in: SignIn
    ) -> None:
        from tests.factories import a_legal_entity

        a_legal_entity()
        client = sign_in(adam)
        page = text_of(client.get("/approvals/policies/edit/?subject=gift"))
        assert 'value="1000"' in page
        boxes = {
            "subject": "gift", "starts": f"{clock.now().date() + timedelta(days=1)}",
            "expires_days": "5", "sample_percent": "10", "note": "Tighter",
            "used-2": "yes", "step-2-1": "manager", "due-2": "1",
            "trial_entity": "NW-US", "trial_amount": "1200.00", "trial_currency": "USD",
        }  # fmt: skip
        tried = text_of(client.post("/approvals/policies/edit/", boxes | {"act": "try"}))
        assert "It comes to" in tried
        assert "Mona Patel" in tried
        assert not ApprovalRequest.objects.exists()
        sent = client.post("/approvals/policies/edit/", boxes | {"act": "send"})
        assert sent.status_code == 302
        assert ApprovalRequest.objects.get().subject == "approval_policy"

    def test_that_make_no_sense_are_refused_in_words(self, adam: User, sign_in: SignIn) -> None:
        answer = sign_in(adam).post(
            "/approvals/policies/edit/",
            {"subject": "gift", "starts": "2020-01-01", "act": "send", "used-1": "yes",
             "up-to-1": "5", "expires_days": "5", "sample_percent": "10"},
        )  # fmt: skip
        assert answer.status_code == 422
        assert "The last tier must take any amount." in text_of(answer)


class TestDelegations:
    def test_are_made_and_taken_back(
        self, policy: Policy, ana: User, mona: User, sue: User, sign_in: SignIn
    ) -> None:
        client = sign_in(mona)
        today = clock.now().date()
        answer = client.post(
            "/approvals/delegations/",
            {"taker": ana.pk, "first_day": f"{today}", "last_day": f"{today + timedelta(days=3)}",
             "reason": "On leave"},
        )  # fmt: skip
        assert answer.status_code == 302
        assert "Ana Lima for you" in text_of(client.get("/approvals/delegations/"))
        request = a_request(sue, 500_000)
        page = text_of(sign_in(ana).get(f"/approvals/APR-{request.pk}/"))
        assert "You decide for somebody who is away." in page
        made = Delegation.objects.get()
        assert sign_in(ana).post(f"/approvals/delegations/{made.pk}/end").status_code == 403
        assert client.post(f"/approvals/delegations/{made.pk}/end").status_code == 302

    def test_to_somebody_of_another_kind_are_not_offered(
        self, mona: User, adam: User, sign_in: SignIn
    ) -> None:
        assert "Adam Berg" not in text_of(sign_in(mona).get("/approvals/delegations/"))
