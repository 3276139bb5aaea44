"""A change of a promise or of a rule, as the approvals engine sees it."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from accounts.models import User
from accounts.queries import actor_of
from approvals.models import ApprovalRequest
from approvals.subjects import Consequences, Content, Flag, Row, Subject
from revops.credits import life
from revops.credits.models import On
from revops.credits.operations import terms as operations
from revops.credits.policy import percent
from revops.credits.queries.trial import trial
from revops.credits.terms import LABELS, PROMISE, name_of
from revops.kernel.actor import system


class TermsChange(Subject):
    slug = operations.TERMS
    label = "Promise or rule of credits"
    request_action = operations.ACTION
    decide_action = "credits.terms.approve"
    fallback = ("manager",)

    def title(self, content: Content) -> str:
        what = LABELS[content["what"]]
        if content["end"]:
            return f"{what} “{name_of(content)}” ends on {content['starts']}"[:200]
        return f"{what} “{name_of(content)}” from {content['starts']}"[:200]

    def describe(self, content: Content) -> Sequence[Row]:
        rows = [
            Row("What", LABELS[content["what"]]),
            Row("Name", name_of(content)),
            Row("Legal entity", content["entity"] or "All legal entities"),
            Row("Ends" if content["end"] else "From", str(content["starts"])),
        ]
        if not content["end"]:
            rows += _promise(content) if content["what"] == PROMISE else _rule(content)
        return [*rows, Row("Why", content["note"])]

    def consequences(self, content: Content) -> Consequences:
        found = trial(content, today=operations.earliest(content["entity"]))
        return Consequences(
            sentences=[
                f"It counts for what happens from {content['starts']} on; "
                "what was asked for before keeps its terms.",
                found.sentence,
            ]
        )

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        if content["what"] != PROMISE and content["terms"].get("sends") and not content["end"]:
            return [Flag("warn", "It asks by itself", "Nobody looks before the approver does.")]
        return ()

    def link(self, request: ApprovalRequest) -> str:
        return reverse("credits:terms")

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        who = actor_of(by) if by else system("approvals", "Policy")
        return operations.agree(request, content, by=who)


def _promise(content: Content) -> list[Row]:
    terms = content["terms"]
    return [
        Row("Plan", terms["plan"]),
        Row("Promises", terms["promise"], sub=terms["target"]),
        Row("Severity", terms["severity"] or "Any"),
        Row("A breach gives", f"{percent(terms['gives'])} of the month"),
        Row("At most", f"{percent(terms['most'])} of a year" if terms["most"] else "No limit"),
    ]


def _rule(content: Content) -> list[Row]:
    terms = content["terms"]
    return [
        Row("When", On(terms["on"]).label),
        Row("Severities", ", ".join(terms["severities"]) or "Any"),
        Row("Promise", terms["promise"] or "Any"),
        Row("Reason", life.REASONS[terms["reason_code"]]),
        Row("Then", "Asks for approval at once" if terms["sends"] else "A person sends it"),
        Row("Kept for", "1 day" if terms["keeps_days"] == 1 else f"{terms['keeps_days']} days"),
    ]
