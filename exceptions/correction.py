"""A correction of an event that waits for somebody else's yes."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from accounts.models import User
from approvals.models import ApprovalRequest, Verdict
from approvals.subjects import Consequences, Content, Flag, Line, Row, Subject
from exceptions.operations.correcting import SLUG, drop, go
from revops.mappings.models import LedgerAccount

_TOUCHES = {
    "amount": "An amount is changed",
    "account": "What decides the account is changed",
    "period": "What decides the period is changed",
}


class EventCorrection(Subject):
    """What an event says is corrected, and the corrected one is booked."""

    slug = SLUG
    label = "Corrected event"
    request_action = "cases.replay"
    decide_action = "cases.replay.approve"
    fallback = ("manager",)

    def title(self, content: Content) -> str:
        return f"Correct the event of EXC-{content['case']}, {content['subject']}"[:200]

    def describe(self, content: Content) -> Sequence[Row]:
        changes = [
            Row(one["label"], one["after"] or "empty", sub=f"was {one['before'] or 'empty'}")
            for one in content["changes"]
        ]
        return [
            Row("Case", f"EXC-{content['case']}", link=_address(content)),
            Row("Event as it came", f"EVT-{content['event']}"),
            *changes,
            Row("Why", str(content["reason"])),
        ]

    def consequences(self, content: Content) -> Consequences:
        legs = content["legs"]
        names = dict(
            LedgerAccount.objects.filter(code__in=[code for code, _, _ in legs]).values_list(
                "code", "name"
            )
        )
        return Consequences(
            sentences=[
                "The event as it came is kept and is not booked.",
                "The corrected one goes through the line under its own number.",
            ],
            lines=[
                Line.of(code, names.get(code, ""), amount, currency)
                for code, amount, currency in legs
            ],
            entity=str(content["entity"]),
            currency=legs[0][2] if legs else "",
            period=str(content["period"]),
        )  # fmt: skip

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        return [Flag("warn", _TOUCHES[one]) for one in content["touches"]]

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        return go(content["correction"], by=by.name if by else "the policy")

    def refused(self, request: ApprovalRequest, content: Content, verdict: Verdict | str) -> None:
        drop(content["correction"], why=f"The correction was not agreed to ({request}).")

    def link(self, request: ApprovalRequest) -> str:
        return reverse("exceptions:case", args=[int(request.subject_id)])


def _address(content: Content) -> str:
    return reverse("exceptions:case", args=[content["case"]])
