"""Many replays at once are two people's decision, and none of them made the map."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Assignment, User
from accounts.roles import Role
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.operations import NotYours
from approvals.proof import Proof
from exceptions import operations
from exceptions.models import Case
from exceptions.operations import CaseRefused
from exceptions.replaying import ALONE, many
from revops.jobs.models import Job
from revops.kernel import clock
from revops.mappings.models import ChangeRow, ChangeSet, MappingVersion, SetState
from tests import factories as make
from tests.cast import PASSWORD
from tests.conftest import SignIn
from tests.exceptions.kit import a_finding

pytestmark = pytest.mark.django_db


def waiting(count: int, at_stake: int = 100) -> Case:
    entity = make.a_legal_entity()
    findings = [
        a_finding(
            f"event:{number}", kind="mapping_missing", inbound_id=make.an_event().pk,
            at_stake=at_stake, facts=(("Tax code", "US-WA"),), legal_entity_id=entity.pk,
        )
        for number in range(count)
    ]  # fmt: skip
    operations.report(findings, at=clock.now())
    return Case.objects.earliest("pk")


def other_manager() -> User:
    made = User.objects.create_user("mike@example.com", "Mike Berg", PASSWORD)
    Assignment.objects.create(user=made, role=Role.MANAGER.value)
    return made


def mapped_by(maker: User) -> None:
    now = clock.now()
    version = MappingVersion.objects.create(note="Made", made_by=maker.name)
    made = ChangeSet.objects.create(
        kind="tax-codes", state=SetState.APPLIED, made_by=maker, made_at=now, changed_at=now,
        version=version,
    )  # fmt: skip
    ChangeRow.objects.create(
        change_set=made, position=0, op="set", entity="NW-US", key="US-WA", values={}
    )


class TestReplay:
    def test_of_few_is_one_persons_and_of_many_or_dear_ones_is_not(self) -> None:
        few = waiting(2)
        assert not many(Case.objects.all()).needs_two
        Case.objects.filter(pk=few.pk).update(at_stake=1_000_001)
        assert many(Case.objects.all()).needs_two
        assert not many(Case.objects.filter(pk=few.pk)).needs_two
        assert not many(Case.objects.all(), remedy="retry").needs_two

    def test_of_many_waits_for_a_manager_who_did_not_make_the_map(
        self, sign_in: SignIn, ana: User, mona: User
    ) -> None:
        case = waiting(ALONE + 1)
        mapped_by(mona)
        with pytest.raises(CaseRefused, match="somebody else"):
            operations.retry_cause(cause_key=case.cause_key, remedy="replay", by=ana)
        browser: Client = sign_in(ana)
        answer = browser.post(f"/exceptions/causes/{case.cause_key}/replay/")
        job = Job.objects.get()
        assert answer["Location"] == f"/bulk/BLK-{job.pk}/"
        browser.post(f"/bulk/BLK-{job.pk}/start", {"reason": "The map is there now."})
        asked = ApprovalRequest.objects.get(subject="cases_replay")
        assert (
            "Replay the events of 26 cases" in browser.get(f"/approvals/{asked}/").content.decode()
        )

        def agree(by: User) -> None:
            approvals.decide(
                request_id=asked.pk, by=by, verdict="approve", seen=asked.sha256,
                proof=Proof(by.pk, clock.now()),
            )  # fmt: skip

        with pytest.raises(NotYours):
            agree(mona)
        assert Job.objects.get().due_at is None
        agree(other_manager())
        assert Job.objects.get().due_at is not None
