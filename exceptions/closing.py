"""
Closing a case whose cause was not mended: what it blocked never reaches the books. Somebody asks
with a reason, a manager agrees, and the close of the period counts it.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from accounts.models import User
from approvals.models import ApprovalRequest
from approvals.subjects import CannotApply, Consequences, Content, Flag, Row, Subject
from approvals.waiting import WaitingJob, page_of
from exceptions.models import Case, CaseState
from exceptions.operations.giving_up import SLUG, SLUG_OF_MANY
from exceptions.operations.intake import settle
from revops.kernel import clock
from revops.kernel.money import Money


class CaseClosing(Subject):
    """A case that ends without its fix."""

    slug = SLUG
    label = "Case closed without a fix"
    request_action = "cases.close"
    decide_action = "cases.close.approve"
    fallback = ("manager",)

    def title(self, content: Content) -> str:
        return f"Close EXC-{content['case']} without a fix"

    def describe(self, content: Content) -> Sequence[Row]:
        rows = [
            Row("Case", f"EXC-{content['case']}", link=_address(content)),
            Row("What happened", str(content["what_happened"])),
            Row("Period", str(content["period"]) or "none"),
            Row("Why", str(content["reason"])),
        ]
        if content["at_stake"] is not None:
            rows.insert(1, Row("At stake", Money(content["at_stake"], content["currency"])))
        return rows

    def consequences(self, content: Content) -> Consequences:
        return Consequences(
            sentences=[
                "What the case held back never reaches the books by itself.",
                "The close of its period counts it as closed without a fix.",
            ],
            entity=str(content["entity"]),
            period=str(content["period"]),
        )

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        if content["at_stake"]:
            money = Money(content["at_stake"], content["currency"])
            return [Flag("warn", "Money stays out of the books", str(money))]
        return [Flag("ok", "No money is at stake")]

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        case = Case.objects.select_for_update().filter(pk=content["case"]).first()
        if case is None or case.state == CaseState.RESOLVED:
            raise CannotApply("The case is settled already.")
        if case.state != CaseState.OPEN:
            raise CannotApply("The case is being retried or is in doubt. Wait for its outcome.")
        text = f"Closed without a fix ({request}): {content['reason']}"
        settle(fingerprints=[case.fingerprint], text=text, at=clock.now())
        return f"EXC-{case.pk} is closed without a fix."

    def link(self, request: ApprovalRequest) -> str:
        return reverse("exceptions:case", args=[int(request.subject_id)])


class CasesClosing(WaitingJob):
    """Many cases that end without their fix: a job that waits for somebody else's yes."""

    slug = SLUG_OF_MANY
    label = "Cases closed without a fix"
    request_action = "cases.close"
    decide_action = "cases.close.approve"
    fallback = ("manager",)

    def title(self, content: Content) -> str:
        return f"Close {content['cases']:,} cases without a fix"

    def describe(self, content: Content) -> Sequence[Row]:
        return [
            Row("Cases", f"{content['cases']:,}", link=page_of(content["job"])),
            Row("At stake", ", ".join(content["money"]) or "not known"),
            Row("Legal entities", ", ".join(content["entities"]) or "none"),
            Row("Chosen", str(content["chosen"])),
            Row("Why", str(content["reason"])),
        ]

    def consequences(self, content: Content) -> Consequences:
        return Consequences(
            sentences=[
                "What the cases held back never reaches the books by itself.",
                "The close of each period counts them as closed without a fix.",
            ],
            entity=str(content["entity"]),
        )

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        if content["money"]:
            return [Flag("warn", "Money stays out of the books", ", ".join(content["money"]))]
        return [Flag("ok", "No money is at stake")]


def _address(content: Content) -> str:
    return reverse("exceptions:case", args=[content["case"]])
