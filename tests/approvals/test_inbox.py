"""The number in the navigation is the number of rows under “For me”, whoever looks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from accounts.models import User
from approvals import operations
from approvals.models import ApprovalRequest, Policy
from approvals.policies import TierTerms
from approvals.queries.inbox import count_for_me, waiting
from revops.kernel import clock
from tests.approvals.kit import a_policy, a_request
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db


def ties(*people: User) -> list[int]:
    """The number for each, after it was compared with what they may decide."""
    counted = []
    for one in people:
        anew = get_user_model().objects.get(pk=one.pk)
        rows = [row for row in waiting(anew) if row.standing.may]
        assert count_for_me(anew) == (len(rows), any(row.late for row in rows))
        counted.append(len(rows))
    return counted


class TestCount:
    def test_is_of_what_asks_for_ones_role(
        self, policy: Policy, sue: User, ana: User, mona: User, rae: User, otis: User
    ) -> None:
        a_request(sue)
        a_request(sue, 500_000)
        assert ties(ana, mona, rae, otis, sue) == [1, 2, 0, 0, 0]

    def test_follows_delegations(self, policy: Policy, sue: User, ana: User, mona: User) -> None:
        a_request(sue, 500_000)
        now = clock.now()
        operations.delegate(
            giver=mona, taker=ana, starts_at=now - timedelta(minutes=1),
            ends_at=now + timedelta(days=2), reason="On leave",
        )  # fmt: skip
        assert ties(ana) == [1]

    def test_reaches_those_who_are_asked_when_it_is_late(
        self, policy: Policy, sue: User, ana: User, mona: User
    ) -> None:
        a_policy(entity="NW-US", tiers=[TierTerms(1, None, ("finance",), escalate_to="manager")])
        a_request(sue)
        assert ties(ana, mona) == [1, 0]
        ApprovalRequest.objects.update(due_at=clock.now())
        operations.watch()
        assert ties(ana, mona) == [1, 1]

    def test_leaves_out_what_one_made(self, policy: Policy, ana: User, mona: User) -> None:
        a_request(ana)
        assert ties(ana, mona) == [0, 1]


def test_home_names_what_waits_for_the_person_and_for_nobody_else(
    policy: Policy, sign_in: SignIn, sue: User, ana: User, rob: User
) -> None:
    request = a_request(sue)
    home = sign_in(ana).get("/").content.decode()
    assert "Approvals waiting for you" in home
    assert f'id="approval-{request.pk}"' in home
    assert "Approvals waiting for you" not in sign_in(rob).get("/").content.decode()
