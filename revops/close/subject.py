"""A waiver, as the approvals engine sees it."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from accounts.models import User
from approvals.models import ApprovalRequest
from approvals.subjects import CannotApply, Consequences, Content, Lift, Row, Subject
from revops.close.models import Waiver
from revops.close.operations.waiving import SUBJECT
from revops.kernel import clock
from revops.kernel.money import Money
from revops.mappings.models import AccountingPeriod, PeriodState


class CloseWaiver(Subject):
    """A test of a close that may stay untrue."""

    slug = SUBJECT
    label = "Close waiver"
    request_action = "close.prepare"
    decide_action = "close.sign"
    fallback = ("manager",)

    def title(self, content: Content) -> str:
        return f"Waive for {content['name']} {content['period']}: {content['label']}"[:200]

    def describe(self, content: Content) -> Sequence[Row]:
        rows = [
            Row("Close", f"{content['name']} {content['period']}", link=_page(content)),
            Row("Not true", str(content["label"]), sub=str(content["said"])),
        ]
        rows += [
            Row("Money", Money(minor, code)) for code, minor in content["money"].items() if minor
        ]
        return [*rows, Row("Why", str(content["reason"]))]

    def consequences(self, content: Content) -> Consequences:
        return Consequences(
            sentences=[
                f"The close of {content['period']} can be signed although it is not true.",
                "It covers what is known now. What comes on top needs another waiver.",
            ],
            entity=str(content["entity"]), period=str(content["period"]),
        )  # fmt: skip

    def lift(self, content: Content) -> Lift:
        """What has no money, as a missing signature, begins at the lowest tier."""
        return Lift(unpriced=not content["money"])

    def link(self, request: ApprovalRequest) -> str:
        entity, period, _ = request.subject_id.split("/", 2)
        return reverse("close:entity", args=[period, entity])

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        held = AccountingPeriod.objects.select_for_update().filter(
            legal_entity=content["entity_id"], code=content["period"]
        )
        if held.get().state == PeriodState.CLOSED:
            raise CannotApply(f"{content['period']} was closed meanwhile.")
        Waiver.objects.create(
            legal_entity_id=content["entity_id"], period_code=content["period"],
            test=content["test"], open=content["open"], money=dict(content["money"]),
            reason=content["reason"], approval=request.pk, asked_by=request.requested_by,
            at=clock.now(),
        )  # fmt: skip
        return f"“{content['label']}” may stay untrue for {content['said']}."


def _page(content: Content) -> str:
    return reverse("close:entity", args=[content["period"], content["entity"]])
