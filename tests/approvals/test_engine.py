"""Asking, deciding, editing, taking back."""

from __future__ import annotations

import pytest

from accounts.models import User
from approvals import operations
from approvals.models import Policy, State
from tests.approvals.kit import Gift, a_request

pytestmark = pytest.mark.django_db


class TestDecide:
    def test_the_last_yes_does_what_was_asked_for(
        self, gift: Gift, policy: Policy, sue: User, ana: User
    ) -> None:
        request = a_request(sue)
        assert (request.tier, request.state) == (1, State.WAITING)
        done = operations.decide(
            request_id=request.pk, verdict="approve", by=ana, seen=request.sha256
        )
        assert done.state == State.APPROVED
        assert done.outcome == "Given."
        assert gift.applied == [request.pk]
