"""Taking back a part of a document, as something that somebody else agrees to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.urls import reverse

from accounts.models import User
from approvals.models import ApprovalRequest, Verdict
from approvals.subjects import Consequences, Content, Flag, Line, Row, Subject
from exceptions.models import CaseEntry
from revops.kernel import clock
from revops.kernel.money import Money
from revops.pipeline.partial.taking_back import take_back

SLUG: Final = "posting_compensate"
ACTION: Final = "journals.correct"


class PartialPosting(Subject):
    """What stands of a document is reversed, since the rest cannot be posted."""

    slug = SLUG
    label = "Posted part taken back"
    request_action = ACTION
    decide_action = "journals.correct.approve"
    fallback = ("manager",)

    def title(self, content: Content) -> str:
        return f"Take back what is posted of {content['subject']}"[:200]

    def describe(self, content: Content) -> Sequence[Row]:
        here = content["here"]
        return [
            Row("Case", f"EXC-{content['case']}", link=_case(content)),
            *(
                Row(
                    f"JE-{part['entry']}", Money(part["amount"], part["currency"]),
                    sub=part["words"],
                )
                for part in content["parts"]
            ),
            Row("Only in our books", ", ".join(f"JE-{one}" for one in here) or "nothing"),
            Row("Why", str(content["reason"])),
        ]  # fmt: skip

    def consequences(self, content: Content) -> Consequences:
        books = content["books"]
        lines: list[Line] = []
        if len({(one["entity"], one["period"], one["currency"]) for one in books}) == 1:
            lines = [
                Line.of(account, name, amount, books[0]["currency"])
                for account, name, amount in books[0]["lines"]
            ]
        return Consequences(
            sentences=[
                "What the ERP holds is reversed there by new entries; nothing is edited.",
                "What it refused is reversed in our books and not asked for again.",
            ],
            lines=lines,
            entity=str(content["entity"]),
            currency=books[0]["currency"] if lines else "",
            period=str(books[0]["period"]) if lines else "",
        )

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        if content["moved"]:
            return [Flag("warn", "Its period is closed", f"It is dated {content['dated']}.")]
        return [Flag("ok", "It is dated like what it takes back")]

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        return take_back(request, dict(content))

    def refused(self, request: ApprovalRequest, content: Content, verdict: Verdict | str) -> None:
        CaseEntry.objects.create(
            case_id=content["case"], at=clock.now(), tone="warn",
            text=f"Taking back what is posted was not agreed to ({request}).",
        )  # fmt: skip

    def link(self, request: ApprovalRequest) -> str:
        return reverse("exceptions:case", args=[int(request.subject_id)])


def _case(content: Content) -> str:
    return reverse("exceptions:case", args=[content["case"]])
