"""What failed at a side, and what people did about it."""

from __future__ import annotations

from accounts.models import User
from accounts.roles import Role
from exceptions.models import (
    Case,
    CaseEntry,
    Cause,
    Correction,
    PlaybookRun,
    PlaybookVersion,
    RunStep,
    Watch,
)
from revops.kernel import clock
from revops.pipeline.models import LatePosting
from tests import factories as make
from tests.access.sides import Side, a_person


def fail(side: Side) -> None:
    key = f"cause-{side.mark}"
    made = side.made
    case = made["case"] = make.a_case(
        legal_entity=side.entity, cause_key=key, cause=f"The books of {side.name} are closed",
        what_happened=f"The ERP refused {side.name}.", subject_label=f"INV-{side.mark}",
        customer_name=f"{side.name} Ltd", at_stake=side.amount, command=side.command,
        inbound=side.inbound, record_kind="journal", record_id=side.entry.pk,
    )  # fmt: skip
    Cause.objects.get_or_create(
        key=key, defaults={"kind": case.kind, "sentence": case.cause, "first_at": clock.now()}
    )
    CaseEntry.objects.create(case=case, comment=True, text=f"Ask {side.name}", at=clock.now())
    _worked_on(case, a_person(f"runner-of-{side.entity.pk}", Role.FINANCE), side)
    side.made["job"] = make.a_job(case, by=a_person(f"bulk-of-{side.entity.pk}", Role.FINANCE))


def _worked_on(case: Case, by: User, side: Side) -> None:
    """
    A correction of the case's event that was not agreed to, a run of its playbook, who was told of
    it, and a day that was agreed to.
    """
    now = clock.now()
    Watch.objects.create(case=case, person=by, at=now, due_at=now, told_at=now)
    LatePosting.objects.create(
        legal_entity=side.entity, command=side.command, dated=now.date(), job=0, by=by, at=now
    )
    Correction.objects.create(
        case=case, original=side.inbound, changes=[], reason=f"Wrong at {side.name}", by=by, at=now,
        state="refused", ended_at=now,
    )  # fmt: skip
    version, _ = PlaybookVersion.objects.get_or_create(
        slug="in_doubt", number=1, defaults={"sha256": "0" * 64, "steps": [], "at": now}
    )
    run = PlaybookRun.objects.create(
        case=case, version=version, by=by, started_at=now, state="stopped", ended_at=now
    )
    RunStep.objects.create(
        run=run, position=1, state="failed", note=f"Nobody at {side.name}", by=by, at=now
    )
