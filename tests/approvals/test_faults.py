"""Group H of docs/reliability.md: people and approval. Each test is named after its fault."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import Assignment, User
from accounts.operations import create_token
from accounts.queries import NotAllowed
from accounts.roles import Role
from approvals import operations
from approvals.models import ApprovalRequest, Policy, State
from approvals.operations import ApprovalRefused, Changed, NotYours, OutOfReach
from approvals.policies import TierTerms
from revops.audit.models import Event
from revops.kernel import clock
from revops.kernel.money import Money
from revops.mappings.operations.rates import NewRate, publish_rates
from tests.approvals.kit import Gift, a_person, a_policy, a_request
from tests.cast import CAST, person
from tests.conftest import SignIn
from tests.factories import a_legal_entity, a_party

pytestmark = pytest.mark.django_db
APPROVE = """
INSERT INTO approvals_decision
    (request_id, step, version, verdict, decided_by_id, sha256, reason, decided_at)
VALUES (%s, 1, %s, 'approve', %s, %s, '', now())
"""


def approve(request: ApprovalRequest, by: User, **values: Any) -> ApprovalRequest:
    return operations.decide(
        request_id=request.pk, verdict="approve", by=by, seen=values.pop("seen", request.sha256)
    )


class TestH1SelfApproval:
    @pytest.mark.parametrize("name", ["ana", "mona"])
    def test_h1_by_the_operation_is_refused(self, policy: Policy, gift: Gift, name: str) -> None:
        me = person(name)
        request = a_request(me)
        with pytest.raises(NotYours, match="you are asking"):
            approve(request, me)
        assert gift.applied == []

    def test_h1_by_editing_somebody_elses_is_refused(
        self, policy: Policy, sue: User, ana: User
    ) -> None:
        request = a_request(sue)
        changed = operations.amend(
            request_id=request.pk, content={"amount": 40_000}, by=ana, seen=request.sha256,
            amount=Money(40_000, "USD"),
        )  # fmt: skip
        with pytest.raises(NotYours, match="you edited it"):
            approve(changed, ana)

    @pytest.mark.parametrize("name", sorted(CAST))
    def test_h1_by_page_together_and_link_is_refused_to_every_role(
        self, policy: Policy, gift: Gift, name: str, sign_in: SignIn
    ) -> None:
        """Whoever asks: the form, the form without a link, the several, and the mail's link."""
        me = person(name)
        if name in ("adam", "rae", "otis"):
            Assignment.objects.create(user=me, role="finance")
        request = a_request(me)
        client = sign_in(me)
        where = f"/approvals/APR-{request.pk}/"
        post = {"verdict": "approve", "seen": request.sha256}
        answers = [
            client.post(f"{where}decide", post).status_code,
            client.post(f"{where}decide", post, headers={"HX-Request": "true"}).status_code,
        ]
        assert set(answers) == {403}
        tried = Event.objects.filter(action="approval.refused", reference=str(request))
        assert [one.actor for one in tried] == [f"user:{me.pk}"] * len(answers)
        client.post("/approvals/together/decide", {f"seen-{request.pk}": request.sha256})
        client.get(f"{where}?decide=approve&verdict=approve&seen={request.sha256}")
        assert client.get(f"{where}decide").status_code == 405
        request.refresh_from_db()
        assert request.state == State.WAITING
        assert gift.applied == []

    def test_h1_by_the_api_with_ones_own_token_is_refused(
        self, policy: Policy, gift: Gift, ana: User
    ) -> None:
        request = a_request(ana)
        _, text = create_token(name="Bot", scopes=["approvals:decide"], owner=ana)
        answer = Client().post(
            f"/api/v1/approvals/APR-{request.pk}/decision/",
            {"verdict": "approve"},
            content_type="application/json",
            headers={"Authorization": f"Bearer {text}", "If-Match": f'"{request.sha256}"'},
        )
        assert answer.status_code == 403
        assert gift.applied == []

    def test_h1_by_raw_sql_is_refused(self, policy: Policy, ana: User) -> None:
        request = a_request(ana)
        for statement, values in (
            (APPROVE, (request.pk, 1, ana.pk, request.sha256)),
            ("UPDATE approvals_approvalrequest SET state = 'approved', ended_at = now() "
             "WHERE id = %s", (request.pk,)),
            ("UPDATE approvals_approvalrequest SET requested_by_id = NULL, rule = 'x' "
             "WHERE id = %s", (request.pk,)),
            ("UPDATE approvals_approvalrequest SET tier = 0 WHERE id = %s", (request.pk,)),
            ("DELETE FROM approvals_maker WHERE request_id = %s", (request.pk,)),
            ("UPDATE approvals_step SET roles = 'support' WHERE request_id = %s", (request.pk,)),
        ):  # fmt: skip
            with (
                pytest.raises(IntegrityError),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement, values)

    def test_h1_by_somebody_who_made_what_it_rests_on_is_refused(
        self, policy: Policy, sue: User, rob: User, ana: User, mona: User
    ) -> None:
        """Who made the mapping may not approve the replay that it enables, however far down."""
        mapping = a_request(ana)
        replay = a_request(rob, content={"stands_on": [mapping.pk]})
        replay_of_that = a_request(sue, content={"stands_on": [replay.pk]})
        for request in (replay, replay_of_that):
            with pytest.raises(NotYours, match=f"made APR-{mapping.pk}|made APR-{replay.pk}"):
                approve(request, ana)
        worked = a_request(sue, content={"workers": [mona.pk]})
        with pytest.raises(NotYours, match="you worked on its case"):
            approve(worked, mona)
        assert approve(replay_of_that, mona).state == State.APPROVED


class TestH3StaleVersion:
    def test_h3_an_edit_between_looking_and_pressing_is_a_conflict(
        self, policy: Policy, gift: Gift, sue: User, ana: User
    ) -> None:
        request = a_request(sue)
        operations.amend(
            request_id=request.pk, content={"amount": 90_000, "to": "Contoso"}, by=sue,
            seen=request.sha256, amount=Money(90_000, "USD"),
        )  # fmt: skip
        with pytest.raises(Changed) as caught:
            approve(request, ana)
        assert [(one.label, one.was, one.now) for one in caught.value.differences] == [
            ("Amount", "50000", "90000")
        ]
        assert gift.applied == []

    def test_h3_an_edit_voids_what_was_approved(
        self, policy: Policy, gift: Gift, sue: User, ana: User, mona: User
    ) -> None:
        tiers = (TierTerms(1, None, ("finance", "manager")),)
        a_policy(entity="NW-US", tiers=tiers)
        request = approve(a_request(sue), ana)
        assert request.position == 2
        request = operations.amend(
            request_id=request.pk, content={"amount": 60_000}, by=sue, seen=request.sha256,
            amount=Money(60_000, "USD"),
        )  # fmt: skip
        assert (request.version, request.position, request.state) == (2, 1, State.WAITING)
        assert gift.applied == []
        assert approve(approve(request, ana), mona).state == State.APPROVED

    def test_h3_the_database_refuses_a_decision_about_other_content(
        self, policy: Policy, sue: User, ana: User
    ) -> None:
        request = a_request(sue)
        for version, digest in ((1, "0" * 64), (2, request.sha256)):
            with (
                pytest.raises(IntegrityError),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(APPROVE, (request.pk, version, ana.pk, digest))


class TestH4Splitting:
    def test_h4_ten_small_ones_for_a_customer_are_a_large_one(
        self, policy: Policy, sue: User
    ) -> None:
        party = a_party()
        tiers = [a_request(sue, 99_900, customer=party.pk).tier for _ in range(11)]
        assert tiers == [1, *[2] * 9, 3]

    def test_h4_merging_and_other_entities_do_not_help(self, policy: Policy, sue: User) -> None:
        a_legal_entity("NW-UK", functional_currency="USD")
        one = a_party()
        other = a_party(merged_into=one)
        a_request(sue, 99_900, customer=one.pk)
        later = a_request(sue, 99_900, customer=other.pk, entity="NW-UK")
        assert later.tier == 2
        assert later.cumulative == 99_900
        assert later.tier_why == "Together with the customer’s other requests of 30 days."

    def test_h4_what_was_refused_does_not_count(self, policy: Policy, sue: User, ana: User) -> None:
        party = a_party()
        first = a_request(sue, 99_900, customer=party.pk)
        operations.decide(
            request_id=first.pk, verdict="reject", by=ana, seen=first.sha256, reason="Not due"
        )
        assert a_request(sue, 99_900, customer=party.pk).tier == 1


class TestH5Currency:
    def test_h5_the_tier_is_in_the_functional_currency_at_a_frozen_rate(
        self, policy: Policy, sue: User
    ) -> None:
        today = clock.now().date()
        publish_rates(
            [NewRate("KWD", "USD", today - timedelta(days=1), Decimal("3.25"), "Bank")], by="test"
        )
        request = a_request(sue, 400_000, currency="KWD")  # KWD 400.000 = USD 1,300.00
        assert request.tier == 2
        assert (request.functional, request.functional_currency) == (130_000, "USD")
        assert request.rate == Decimal("3.25")

    def test_h5_a_missing_rate_is_the_highest_tier(self, policy: Policy, sue: User) -> None:
        request = a_request(sue, 100, currency="VND")
        assert request.tier == 4
        assert not request.rated
        assert request.reauthenticate


class TestH6Revoked:
    def test_h6_a_right_that_was_taken_away_meanwhile_does_not_count(
        self, policy: Policy, gift: Gift, sue: User, ana: User
    ) -> None:
        request = a_request(sue)
        stale = User.objects.get(pk=ana.pk)
        assert operations.decide  # the person object below has its roles cached as they were
        from accounts.queries import roles_of

        assert roles_of(stale) == {Role.FINANCE}
        Assignment.objects.filter(user=ana).update(valid_to=clock.now())
        with pytest.raises(NotAllowed):
            approve(request, stale)
        assert gift.applied == []

    def test_h6_nor_one_of_somebody_who_left(self, policy: Policy, sue: User, ana: User) -> None:
        request = a_request(sue)
        stale = User.objects.get(pk=ana.pk)
        User.objects.filter(pk=ana.pk).update(is_active=False)
        with pytest.raises(NotAllowed):
            approve(request, stale)

    def test_h6_nor_one_that_a_policy_never_gave(
        self, policy: Policy, sue: User, ana: User
    ) -> None:
        with pytest.raises(NotYours, match="This needs a finance manager for NW-US"):
            approve(a_request(sue, 500_000), ana)


class TestH7OutOfScope:
    def test_h7_a_request_of_another_entity_is_not_there(
        self, policy: Policy, sue: User, sign_in: SignIn
    ) -> None:
        abroad = a_person("Bo", Role.FINANCE, entity="NW-UK")
        request = a_request(sue)
        client = sign_in(abroad)
        where = f"/approvals/APR-{request.pk}/"
        assert client.get(where).status_code == 404
        post = {"verdict": "approve", "seen": request.sha256}
        assert client.post(f"{where}decide", post).status_code == 404
        assert client.post(f"{where}comments", {"text": "Hm"}).status_code == 404
        assert f"APR-{request.pk}" not in client.get("/approvals/?tab=team").content.decode()
        with pytest.raises(OutOfReach.__mro__[1]):
            approve(request, abroad)

    def test_h7_a_role_for_the_entity_is_enough(
        self, policy: Policy, sue: User, sign_in: SignIn
    ) -> None:
        local = a_person("Bo", Role.FINANCE, entity="NW-US")
        assert approve(a_request(sue), local).state == State.APPROVED


class TestH9Policies:
    def test_h9_an_admin_cannot_change_approve_and_restore(
        self, policy: Policy, gift: Gift, adam: User, sue: User
    ) -> None:
        a_policy("approval_policy", (TierTerms(1, None, ("admin",)),))
        asked = operations.propose_policy(
            by=adam, subject="gift", entity="", reason="", starts=clock.now().date(),
            tiers=[TierTerms(1, None, ("finance|manager",))], note="All by one",
        )  # fmt: skip
        with pytest.raises(NotYours, match="you are asking"):
            approve(asked, adam)
        assert Policy.objects.filter(subject="gift").count() == 1
        act = Event.objects.filter(action="approval.asked", reference=str(asked)).get()
        assert act.actor == f"user:{adam.pk}"

    def test_h9_a_policy_is_never_edited_in_place(self, policy: Policy) -> None:
        for statement in (
            "UPDATE approvals_tier SET up_to = 99999999 WHERE policy_id = %s AND number = 1",
            "UPDATE approvals_policy SET sample_percent = 0 WHERE id = %s",
            "UPDATE approvals_policy SET valid = '[2025-01-01,2025-01-02)' WHERE id = %s",
            "DELETE FROM approvals_tier WHERE policy_id = %s",
        ):
            with (
                pytest.raises(IntegrityError),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement, (policy.pk,))


class TestH10Partial:
    def test_h10_each_of_several_is_a_decision_of_its_own(
        self, policy: Policy, gift: Gift, sue: User, ana: User
    ) -> None:
        good, edited, broken = (
            a_request(sue, 10_000),
            a_request(sue, 20_000),
            a_request(sue, 30_000, content={"broken": True}),
        )
        seen = {good.pk: good.sha256, edited.pk: "0" * 64, broken.pk: broken.sha256}
        done = operations.decide_each(verdict="approve", by=ana, seen=seen)
        told = {one.request_id: one.refused for one in done}
        assert told[good.pk] == ""
        assert "edited since" in told[edited.pk]
        assert "The invoice is gone" in told[broken.pk]
        assert gift.applied == [good.pk]
        acts = Event.objects.filter(action="approval.approve").values_list("reference", flat=True)
        assert list(acts) == [str(good)]
        broken.refresh_from_db()
        assert broken.state == State.WAITING

    def test_h10_above_tier_one_none_is_decided_together(
        self, policy: Policy, sue: User, mona: User
    ) -> None:
        high = a_request(sue, 500_000)
        with pytest.raises(ApprovalRefused, match="its own page"):
            operations.decide_each(verdict="approve", by=mona, seen={high.pk: high.sha256})


class TestH11TwiceAsked:
    def test_h11_the_same_set_asked_for_by_two_people_is_one_request(
        self, policy: Policy, gift: Gift, sue: User, ana: User, mona: User
    ) -> None:
        one = a_request(sue, subject_id="replay-1")
        two = a_request(ana, subject_id="replay-1")
        assert one.pk == two.pk
        with pytest.raises(NotYours, match="you asked for it"):
            approve(two, ana)
        approve(two, mona)
        assert gift.applied == [one.pk]

    def test_h11_something_else_for_the_same_thing_has_to_wait(
        self, policy: Policy, sue: User, ana: User
    ) -> None:
        a_request(sue, subject_id="replay-1")
        with pytest.raises(ApprovalRefused, match="asks for something else"):
            a_request(ana, 70_000, subject_id="replay-1")


class TestH12StaleEdit:
    def test_h12_the_second_of_two_editors_sees_what_differs(
        self, policy: Policy, sue: User, rob: User
    ) -> None:
        request = a_request(sue)
        first = {"amount": 60_000, "to": "Contoso"}
        operations.amend(
            request_id=request.pk, content=first, by=sue, seen=request.sha256,
            amount=Money(60_000, "USD"),
        )  # fmt: skip
        with pytest.raises(Changed) as caught:
            operations.amend(
                request_id=request.pk, content={"amount": 70_000, "to": "Contoso"}, by=rob,
                seen=request.sha256, amount=Money(70_000, "USD"),
            )  # fmt: skip
        assert [(one.was, one.now) for one in caught.value.differences] == [("70000", "60000")]
