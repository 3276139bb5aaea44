"""H1 by a second account: whoever asked with one of their accounts decides with none of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import SamePerson, User
from accounts.operations import create_token, tie_accounts, untie_accounts
from accounts.roles import Role
from approvals import operations
from approvals.models import ApprovalRequest, Policy, State
from approvals.operations import ApprovalRefused, NotYours
from approvals.policies import TierTerms
from approvals.queries.rules import trial
from revops.kernel import clock
from revops.kernel.money import Money
from tests.approvals.kit import Gift, a_person, a_policy, a_request
from tests.approvals.test_faults import APPROVE, approve
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(ana: User, adam: User) -> User:
    """The second account of Ana, through a third one that nobody uses any more."""
    old, second = a_person("Old"), a_person("Anna", Role.FINANCE)
    tie(ana, old, adam)
    tie(old, second, adam)
    return second


def tie(user: User, other: User, by: User) -> SamePerson:
    return tie_accounts(user=user, other=other, by=by, reason="One badge, two accounts")


class TestH1SecondAccount:
    def test_h1_a_second_account_by_the_operation_is_refused(
        self, policy: Policy, gift: Gift, ana: User, anna: User, mona: User
    ) -> None:
        request = a_request(ana)
        with pytest.raises(NotYours, match="with another account of yours you asked for it"):
            approve(request, anna)
        assert gift.applied == []
        assert approve(request, mona).state == State.APPROVED

    def test_h1_a_second_account_by_page_together_and_api_is_refused(
        self, policy: Policy, gift: Gift, ana: User, anna: User, sign_in: SignIn
    ) -> None:
        request, client = a_request(ana), sign_in(anna)
        where = f"/approvals/APR-{request.pk}/"
        assert (
            "with another account of yours you asked for it" in client.get(where).content.decode()
        )
        post = {"verdict": "approve", "seen": request.sha256}
        assert client.post(f"{where}decide", post).status_code == 403
        client.post("/approvals/together/decide", {f"seen-{request.pk}": request.sha256})
        _, text = create_token(name="Bot", scopes=["approvals:decide"], owner=anna)
        answer = Client().post(
            f"/api/v1/approvals/APR-{request.pk}/decision/",
            {"verdict": "approve"},
            content_type="application/json",
            headers={"Authorization": f"Bearer {text}", "If-Match": f'"{request.sha256}"'},
        )
        assert answer.status_code == 403
        request.refresh_from_db()
        assert (request.state, gift.applied) == (State.WAITING, [])

    def test_h1_a_second_account_by_raw_sql_is_refused(
        self, policy: Policy, ana: User, anna: User, mona: User, sue: User
    ) -> None:
        request = a_request(ana)
        refused(APPROVE, (request.pk, 1, anna.pk, request.sha256), "Nobody decides what they asked")
        a_policy(entity="NW-US", tiers=(TierTerms(1, None, ("finance", "finance|manager")),))
        ladder = approve(a_request(sue), ana)
        second = APPROVE.replace("(%s, 1, %s,", "(%s, 2, %s,")
        refused(second, (ladder.pk, 1, anna.pk, ladder.sha256), "Nobody decides twice")
        with connection.cursor() as cursor:
            cursor.execute(second, (ladder.pk, 1, mona.pk, ladder.sha256))

    def test_h1_a_second_account_does_not_take_a_second_step(
        self, policy: Policy, ana: User, anna: User, sue: User
    ) -> None:
        a_policy(entity="NW-US", tiers=(TierTerms(1, None, ("finance", "finance")),))
        request = approve(a_request(sue), ana)
        with pytest.raises(NotYours, match="Nobody decides twice"):
            approve(request, anna)

    def test_h1_the_tie_is_looked_at_when_it_is_decided(
        self, policy: Policy, ana: User, mona: User, adam: User
    ) -> None:
        request = a_request(ana)
        tie(ana, mona, adam)
        with pytest.raises(NotYours):
            approve(request, mona)

    def test_h1_to_be_parted_helps_only_with_what_is_asked_for_later(
        self, policy: Policy, ana: User, anna: User, adam: User
    ) -> None:
        before = a_request(ana)
        for one in SamePerson.objects.all():
            untie_accounts(tie_id=one.pk, by=adam, reason="Two badges after all")
        with pytest.raises(NotYours, match="another account of yours"):
            approve(before, anna)
        refused(APPROVE, (before.pk, 1, anna.pk, before.sha256), "Nobody decides what they asked")
        with connection.cursor() as cursor:
            # A transaction of tests has one instant; people have more.
            cursor.execute("SET LOCAL session_replication_role = replica")
            SamePerson.objects.update(since=clock.now() - timedelta(days=2),
                                      until=clock.now() - timedelta(days=1))  # fmt: skip
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        assert approve(before, anna).state == State.APPROVED

    def test_h1_conflicts_go_on_from_a_second_account_by_delegation(
        self, policy: Policy, ana: User, anna: User, mona: User
    ) -> None:
        hand(anna, mona)
        with pytest.raises(NotYours, match="a delegation ties you to Ana Lima"):
            approve(a_request(ana), mona)

    def test_h1_nobody_hands_their_right_to_themselves(self, ana: User, anna: User) -> None:
        with pytest.raises(ApprovalRefused, match="somebody else"):
            hand(ana, anna)

    def test_h1_a_hand_does_not_bring_both_sides_together(
        self, ana: User, mona: User, adam: User
    ) -> None:
        tie(mona, adam, adam)
        with pytest.raises(ApprovalRefused, match="cannot stand in for you"):
            hand(ana, mona)

    def test_h1_nobody_reviews_a_sample_of_their_second_account(
        self, ana: User, anna: User
    ) -> None:
        a_policy(tiers=(TierTerms(0, None, ()),), sample_percent=100)
        request = a_request(ana)
        with pytest.raises(NotYours):
            operations.review(request_id=request.pk, by=anna)
        refused(
            "UPDATE approvals_approvalrequest SET reviewed_by_id = %s, reviewed_at = now() "
            "WHERE id = %s", (anna.pk, request.pk), "Nobody reviews",
        )  # fmt: skip

    def test_h1_who_would_be_asked_leaves_the_second_account_out(
        self, policy: Policy, ana: User, anna: User, mona: User
    ) -> None:
        found = trial(
            subject="gift", entity="", amount=Money(1_000, "USD"), by=ana.pk, at=clock.now()
        )
        assert {one.user for _, who in found.people for one in who} == {mona.pk}


def hand(giver: User, taker: User) -> None:
    now = clock.now()
    operations.delegate(
        giver=giver, taker=taker, starts_at=now, ends_at=now + timedelta(days=1), reason="Away"
    )


def refused(statement: str, values: tuple[Any, ...], words: str) -> None:
    with (
        pytest.raises(IntegrityError, match=words),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)


def test_a_request_is_of_one_person_whoever_joins_it(
    policy: Policy, ana: User, anna: User, mona: User
) -> None:
    request = a_request(ana)
    assert ApprovalRequest.objects.get(pk=request.pk).makers.count() == 1
    assert approve(request, mona).state == State.APPROVED
