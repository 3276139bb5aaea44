"""What stands already and now can be asked for: a merge, opening a period again, a policy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.models import User
from accounts.queries import NotAllowed
from approvals import operations
from approvals.models import ApprovalRequest, Policy, State
from approvals.policies import TierTerms
from approvals.queries.rules import policy_of
from exceptions.models import CaseState
from exceptions.queries.closes import closed_without_fix
from revops.canonical.models import Merge
from revops.kernel import clock
from revops.mappings.models import PeriodState
from revops.pipeline import identity
from revops.pipeline.period_end import periods
from tests.approvals.kit import a_policy
from tests.conftest import SignIn
from tests.factories import a_case, a_party, a_period

pytestmark = pytest.mark.django_db
ONE = (TierTerms(1, None, ("finance|manager",)),)
ADMINS = (TierTerms(1, None, ("admin",)),)


class TestMerge:
    def test_is_done_at_once_where_nobody_is_asked(self, rob: User) -> None:
        one, two = a_party(), a_party()
        made = identity.merge(
            by=rob, survivor_id=one.pk, absorbed_id=two.pk, reason="The same company"
        )
        assert isinstance(made, Merge)

    def test_is_asked_for_where_the_policy_asks_somebody(self, rob: User, ana: User) -> None:
        a_policy("customer_merge", ONE)
        one, two = a_party(name="Contoso"), a_party(name="Contoso Ltd")
        asked = identity.merge(
            by=rob, survivor_id=one.pk, absorbed_id=two.pk, reason="The same company"
        )
        assert isinstance(asked, ApprovalRequest)
        assert not Merge.objects.exists()
        operations.decide(request_id=asked.pk, verdict="approve", by=ana, seen=asked.sha256)
        assert Merge.objects.get().absorbed_id == two.pk

    def test_that_cannot_be_done_any_more_decides_nothing(self, rob: User, ana: User) -> None:
        a_policy("customer_merge", ONE)
        one, two, three = a_party(), a_party(), a_party()
        asked = identity.merge(
            by=rob, survivor_id=one.pk, absorbed_id=two.pk, reason="The same company"
        )
        identity.merge_agreed(
            by=rob, survivor_id=three.pk, absorbed_id=two.pk, reason="The same as that"
        )
        with pytest.raises(operations.ApprovalRefused, match="Nothing was decided"):
            operations.decide(request_id=asked.pk, verdict="approve", by=ana, seen=asked.sha256)
        asked.refresh_from_db()
        assert asked.state == State.WAITING


class TestH13GivingUp:
    def test_h13_a_case_is_closed_without_a_fix_only_with_reason_right_and_a_second_person(
        self, ana: User, mona: User, sue: User, sign_in: SignIn
    ) -> None:
        a_policy("case_close", (TierTerms(1, None, ("manager",)),))
        case = a_case()
        client = sign_in(ana)
        where = f"/exceptions/EXC-{case.pk}/"
        assert "It can’t be mended" in client.get(where).content.decode()
        assert client.post(f"{where}give-up/", {"reason": " "}).status_code == 422
        assert sign_in(sue).post(f"{where}give-up/", {"reason": "Too old to"}).status_code == 403
        asked = {"reason": "Written off in the old system"}
        assert client.post(f"{where}give-up/", asked).status_code == 302
        request = ApprovalRequest.objects.get()
        case.refresh_from_db()
        assert case.state == CaseState.OPEN
        with pytest.raises(NotAllowed):
            operations.decide(request_id=request.pk, verdict="approve", by=ana, seen=request.sha256)
        operations.decide(request_id=request.pk, verdict="approve", by=mona, seen=request.sha256)
        case.refresh_from_db()
        assert case.state == CaseState.RESOLVED
        assert case.resolution.startswith(f"Closed without a fix ({request}): Written off")
        assert closed_without_fix(entity="NW-US", period="2026-10") == 1
        assert closed_without_fix(entity="NW-US", period="2026-09") == 0


class TestReopening:
    def test_needs_others_where_the_policy_says_so(
        self, ana: User, mona: User, sign_in: SignIn
    ) -> None:
        a_policy("period_reopening", (TierTerms(1, None, ("manager",)),))
        period = a_period(year=2026, month=8, state=PeriodState.CLOSED)
        with pytest.raises(periods.PeriodRefused, match="asked for and approved"):
            periods.open_period(period_id=period.pk, by=mona)
        client = sign_in(ana)
        where = f"/books/periods/{period.pk}/"
        assert "Ask to open" in client.get(where).content.decode()
        answer = client.post(
            f"{where}open", {"confirm": "yes", "reason": "An invoice was forgotten"}
        )
        asked = ApprovalRequest.objects.get()
        assert answer["Location"] == f"/approvals/APR-{asked.pk}/"
        operations.decide(request_id=asked.pk, verdict="approve", by=mona, seen=asked.sha256)
        period.refresh_from_db()
        assert period.state == PeriodState.OPEN

    def test_is_direct_where_nobody_is_asked(self, mona: User) -> None:
        period = a_period(year=2026, month=8, state=PeriodState.CLOSED)
        assert periods.open_period(period_id=period.pk, by=mona) == 0


class TestPolicyChange:
    # At an hour when it is the same day wherever there are books.
    @time_machine.travel((datetime.now(UTC) + timedelta(days=1)).replace(hour=15))
    def test_counts_from_its_day_on_and_not_for_what_waits(
        self, policy: Policy, adam: User, sue: User
    ) -> None:
        from accounts.roles import Role
        from tests.approvals.kit import a_person, a_request

        a_policy("approval_policy", ADMINS)
        second = a_person("Bea", Role.ADMIN)
        before = a_request(sue)
        asked = operations.propose_policy(
            by=adam, subject="gift", entity="", reason="", starts=clock.now().date(),
            tiers=[TierTerms(1, None, ("manager", "manager"))], note="Two from now on",
        )  # fmt: skip
        operations.decide(request_id=asked.pk, verdict="approve", by=second, seen=asked.sha256)
        after = a_request(sue)
        before.refresh_from_db()
        assert before.ladder.count() == 1
        assert after.ladder.count() == 2
        assert after.policy.number == 2

    def test_is_not_for_yesterday(self, adam: User) -> None:
        with pytest.raises(operations.ApprovalRefused, match="begins today or later"):
            operations.propose_policy(
                by=adam, subject="gift", entity="", reason="",
                starts=clock.now().date() - timedelta(days=1),
                tiers=[TierTerms(1, None, ("manager",))], note="Earlier",
            )  # fmt: skip

    def test_begins_once_for_an_installation(self, db: None) -> None:
        since = clock.now().date()
        terms = operations.MONEY
        assert operations.begin_with(subject="gift", tiers=terms, since=since, made_by="Setup")
        assert not operations.begin_with(subject="gift", tiers=terms, since=since, made_by="Setup")
        assert policy_of(subject="gift", entity="NW-US", day=since) is not None
