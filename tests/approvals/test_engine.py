"""Asking, deciding by steps, standing in, time passing, and what others hear of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from accounts.queries import NotAllowed
from approvals import news, operations
from approvals.models import ApprovalRequest, Policy, State, Step
from approvals.operations import ApprovalRefused, NeedsProof, NotYours
from approvals.policies import TierTerms
from approvals.proof import Proof
from approvals.queries import ladder, waiting_for
from approvals.queries.rules import trial
from revops.audit.models import Event
from revops.kernel import clock
from revops.kernel.money import Money
from tests.approvals.kit import Gift, a_policy, a_request
from tests.factories import a_legal_entity

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard() -> Iterator[list[news.News]]:
    found: list[news.News] = []
    news.listen(found.append)
    yield found
    news.stop(found.append)


def decide(request: ApprovalRequest, by: User, verdict: str = "approve", **more: Any) -> object:
    return operations.decide(
        request_id=request.pk, verdict=verdict, by=by, seen=request.sha256, **more
    )


class TestAsk:
    def test_needs_the_right_to_ask(self, policy: Policy, rae: User) -> None:
        with pytest.raises(NotAllowed):
            a_request(rae)

    def test_without_a_policy_lets_nothing_through(self, sue: User) -> None:
        request = a_request(sue, 100)
        assert [step.roles for step in request.ladder.all()] == ["manager", "manager"]
        assert request.reauthenticate
        assert request.policy is None

    def test_is_done_at_once_where_the_policy_asks_nobody(self, gift: Gift, sue: User) -> None:
        a_policy(
            reason="goodwill-auto", tiers=[TierTerms(0, 50, ()), *_above()], sample_percent=100
        )
        request = a_request(sue, 5_000, reason_code="goodwill-auto")
        assert (request.state, request.tier, request.sampled) == (State.APPROVED, 0, True)
        assert gift.applied == [request.pk]
        assert a_request(sue, 5_001, reason_code="goodwill-auto").state == State.WAITING

    def test_a_sample_is_looked_at_by_somebody_else(self, ana: User, mona: User) -> None:
        a_policy(tiers=[TierTerms(0, 50, ()), *_above()], sample_percent=100)
        request = a_request(ana, 5_000)
        with pytest.raises(NotYours):
            operations.review(request_id=request.pk, by=ana)
        operations.review(request_id=request.pk, by=mona)
        with pytest.raises(ApprovalRefused):
            operations.review(request_id=request.pk, by=mona)

    def test_by_a_rule_has_its_name_and_no_asker(self, policy: Policy, ana: User) -> None:
        a_legal_entity()
        request = operations.ask(
            subject="gift", subject_id="1", content={"amount": 100}, by=None, entity="NW-US",
            amount=Money(100, "USD"), rule="Breach of the SLA",
        )  # fmt: skip
        assert request.requested_by is None
        assert decide(request, ana)

    def test_says_who_would_be_asked_before_it_is_asked(
        self, policy: Policy, ana: User, mona: User
    ) -> None:
        a_legal_entity()
        asked = trial(
            subject="gift", entity="NW-US", amount=Money(50_000, "USD"), by=ana.pk, at=clock.now()
        )
        assert [[one.user for one in who] for _, who in asked.people] == [[mona.pk]]
        alone = trial(
            subject="gift", entity="NW-US", amount=Money(500_000_000, "USD"), by=mona.pk,
            at=clock.now(),
        )  # fmt: skip
        assert alone.stuck


def _above() -> tuple[TierTerms, ...]:
    return (TierTerms(1, None, ("finance|manager",)),)


class TestSteps:
    def test_each_is_decided_by_somebody_else(
        self, policy: Policy, gift: Gift, sue: User, mona: User, ana: User
    ) -> None:
        request = a_request(sue, 5_000_000)
        proof = Proof(ana.pk, clock.now())
        decide(request, ana, proof=proof)
        assert gift.applied == []
        request.refresh_from_db()
        assert [rung.state for rung in ladder(request)] == ["approved", "waiting"]
        assert [one.pk for one in waiting_for(mona)] == [request.pk]
        assert waiting_for(ana) == []
        decide(request, mona, proof=Proof(mona.pk, clock.now()))
        assert gift.applied == [request.pk]

    def test_of_a_high_tier_need_a_fresh_proof_of_the_decider(
        self, policy: Policy, sue: User, ana: User, mona: User
    ) -> None:
        request = a_request(sue, 5_000_000)
        stale = Proof(ana.pk, clock.now() - timedelta(minutes=6))
        for proof in (None, stale, Proof(mona.pk, clock.now())):
            with pytest.raises(NeedsProof):
                decide(request, ana, proof=proof)

    def test_rejecting_ends_it_and_sending_back_does_not(
        self, policy: Policy, gift: Gift, sue: User, ana: User
    ) -> None:
        one, two = a_request(sue), a_request(sue)
        decide(one, ana, "reject", reason="Not in the contract")
        decide(two, ana, "send_back", reason="Which month?")
        assert gift.turned_down == [(one.pk, "reject"), (two.pk, "send_back")]
        two.refresh_from_db()
        again = operations.amend(
            request_id=two.pk, content={"amount": 40_000}, by=sue, seen=two.sha256,
            amount=Money(40_000, "USD"),
        )  # fmt: skip
        assert (again.state, again.version) == (State.WAITING, 2)
        one.refresh_from_db()
        with pytest.raises(ApprovalRefused, match="rejected already"):
            operations.amend(request_id=one.pk, content={"amount": 1}, by=sue, seen=one.sha256)

    def test_what_cannot_be_done_is_not_decided(self, policy: Policy, sue: User, ana: User) -> None:
        request = a_request(sue, content={"broken": True})
        with pytest.raises(ApprovalRefused, match="Nothing was decided"):
            decide(request, ana)
        request.refresh_from_db()
        assert request.state == State.WAITING
        assert request.decisions.count() == 0


class TestStandingIn:
    def test_decides_for_the_other_and_is_named_with_them(
        self, policy: Policy, sue: User, ana: User, mona: User
    ) -> None:
        _hand(mona, ana)
        request = a_request(sue, 500_000)
        decide(request, ana)
        made = request.decisions.get()
        assert (made.decided_by_id, made.on_behalf_id) == (ana.pk, mona.pk)
        act = Event.objects.get(action="approval.approve")
        assert (act.actor, act.on_behalf) == (f"user:{ana.pk}", f"user:{mona.pk}")

    def test_takes_the_givers_conflicts_along_even_when_taken_back(
        self, policy: Policy, ana: User, mona: User
    ) -> None:
        made = _hand(mona, ana)
        request = a_request(mona)
        operations.take_back(delegation_id=made.pk, by=mona)
        with pytest.raises(NotYours, match="a delegation ties you to Mona Patel"):
            decide(request, ana)

    def test_ends_on_its_day(self, policy: Policy, sue: User, ana: User, mona: User) -> None:
        made = _hand(mona, ana)
        operations.take_back(delegation_id=made.pk, by=mona)
        with pytest.raises(NotYours):
            decide(a_request(sue, 500_000), ana)

    @pytest.mark.parametrize("days", [0, 61])
    def test_has_an_end_within_bounds(self, ana: User, mona: User, days: int) -> None:
        with pytest.raises(ApprovalRefused):
            _hand(mona, ana, days=days)

    def test_stays_between_people_of_one_kind(self, mona: User, adam: User) -> None:
        with pytest.raises(ApprovalRefused, match="does not decide requests of your kind"):
            _hand(mona, adam)


def _hand(giver: User, taker: User, *, days: int = 5) -> object:
    now = clock.now()
    return operations.delegate(
        giver=giver, taker=taker, starts_at=now - timedelta(minutes=1),
        ends_at=now + timedelta(days=days, minutes=-1), reason="On leave",
    )  # fmt: skip


class TestTime:
    def test_late_requests_reach_more_people_once(
        self, policy: Policy, sue: User, ana: User, mona: User, heard: list[news.News]
    ) -> None:
        a_policy(entity="NW-US", tiers=[TierTerms(1, None, ("finance",), escalate_to="manager")])
        request = a_request(sue)
        assert waiting_for(mona) == []
        ApprovalRequest.objects.filter(pk=request.pk).update(due_at=clock.now())
        assert operations.watch().escalated == 1
        assert operations.watch().escalated == 0
        assert [one.pk for one in waiting_for(mona)] == [request.pk]
        late = [one for one in heard if one.kind == "escalated"]
        assert [sorted(one.recipients) for one in late] == [sorted([ana.pk, mona.pk])]

    def test_what_nobody_decides_expires(
        self, policy: Policy, gift: Gift, sue: User, ana: User, heard: list[news.News]
    ) -> None:
        request = a_request(sue)
        ApprovalRequest.objects.filter(pk=request.pk).update(expires_at=clock.now())
        with pytest.raises(ApprovalRefused, match="has expired"):
            decide(request, ana)
        assert operations.watch().expired == 1
        request.refresh_from_db()
        assert request.state == State.EXPIRED
        assert gift.turned_down == [(request.pk, "expired")]
        assert [one.recipients for one in heard if one.kind == "expired"] == [[sue.pk]]


class TestNews:
    def test_goes_to_those_who_may_decide_and_back_to_who_asked(
        self, policy: Policy, sue: User, ana: User, mona: User, heard: list[news.News]
    ) -> None:
        request = a_request(sue)
        decide(request, ana)
        assert [(one.kind, list(one.recipients)) for one in heard] == [
            ("asked", sorted([ana.pk, mona.pk])),
            ("decided", [sue.pk]),
        ]
        assert {one.link for one in heard} == {f"/approvals/APR-{request.pk}/"}


class TestDatabase:
    def test_steps_of_a_version_cannot_be_added_afterwards(
        self, policy: Policy, sue: User, ana: User, mona: User
    ) -> None:
        request = a_request(sue, 5_000_000)
        decide(request, ana, proof=Proof(ana.pk, clock.now()))
        from django.db import IntegrityError, transaction

        with pytest.raises(IntegrityError), transaction.atomic():
            Step.objects.create(request=request, version=1, position=3, roles="support")
