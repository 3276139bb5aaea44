"""What reconciliation asks somebody else's yes for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from django.urls import reverse

from accounts.models import User
from approvals.models import ApprovalRequest, Verdict
from approvals.subjects import CannotApply, Consequences, Content, Lift, Row, Subject
from revops.kernel.money import Money
from revops.reconciliation import terms
from revops.reconciliation.checks import registry
from revops.reconciliation.models import Pair, Run
from revops.reconciliation.operations import matching
from revops.reconciliation.operations import rules as rules_operations
from revops.reconciliation.queries import carried
from revops.reconciliation.queries.naming import name_of
from revops.reconciliation.reasons import label_of
from revops.web.formats import money_text

_MOST_ROWS: Final = 12


class MatchDifference(Subject):
    """Rows belong together although their amounts differ."""

    slug = matching.SUBJECT
    label = "Difference of a match"
    request_action = matching.ACTION
    decide_action = "reconciliation.sign"
    fallback = ("manager",)

    def title(self, content: Content) -> str:
        off = Money(content["difference"], content["currency"])
        what = label_of(content["reason"]).lower()
        return f"Match with {money_text(off)} as {what} in REC-{content['run']}"

    def describe(self, content: Content) -> Sequence[Row]:
        rows = [
            Row("Reconciliation", _pair(content), link=_run(content)),
            Row("Period", content["period"]),
            Row("Difference", Money(content["difference"], content["currency"])),
            Row("What it is", label_of(content["reason"]), sub=content["note"]),
        ]
        for one in content["rows"][:_MOST_ROWS]:
            money = Money(one["amount"], content["currency"])
            told = " · ".join(part for part in (one["party"], one["dated"]) if part)
            rows.append(Row(f"{one['side'].title()}: {one['name']}", money, sub=told))
        return rows

    def consequences(self, content: Content) -> Consequences:
        return Consequences(
            sentences=[
                "The rows count as one thing, and the difference as explained.",
                "Nothing is posted, and no system is told.",
            ]
        )

    def link(self, request: ApprovalRequest) -> str:
        return _run_of(request)

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        asker = request.requested_by
        if asker is None:
            raise CannotApply("Nobody asked for it.")
        return matching.agree(request, dict(content), by=asker)


class BreaksCarried(Subject):
    """Breaks that are left to the next period."""

    slug = carried.SUBJECT
    label = "Breaks carried forward"
    request_action = "reconciliation.run"
    decide_action = "reconciliation.sign"
    fallback = ("manager",)

    def title(self, content: Content) -> str:
        number = content["count"]
        what = "1 break" if number == 1 else f"{number:,} breaks"
        return f"Carry {what} of REC-{content['run']} forward from {content['period']}"

    def describe(self, content: Content) -> Sequence[Row]:
        rows = [
            Row("Reconciliation", _pair(content), link=_run(content)),
            Row("From", content["period"]),
            Row("Why", content["reason"]),
        ]
        for currency, (net, gross) in content["sums"].items():
            rows.append(
                Row(
                    f"Net, {currency}", Money(net, currency),
                    sub=f"{money_text(Money(gross, currency))} gross",
                )
            )  # fmt: skip
        return rows

    def consequences(self, content: Content) -> Consequences:
        return Consequences(
            sentences=[
                "The period can be signed with these breaks open; they stay until they clear.",
                "One more break, or another amount, makes this yes count no longer.",
            ]
        )

    def link(self, request: ApprovalRequest) -> str:
        return _run_of(request)

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        run = Run.objects.get(number=content["run"])
        if carried.digest(carried.undecided(run)) != content["digest"]:
            raise CannotApply("Other breaks need a decision by now. Ask anew.")
        return "The period can be signed with these breaks open."


class RulesChange(Subject):
    """A new version of a check's rules."""

    slug = rules_operations.SUBJECT
    label = "Match rules"
    request_action = rules_operations.ACTION
    decide_action = "reconciliation.rules.approve"
    fallback = ("manager",)

    def title(self, content: Content) -> str:
        return f"Match rules of {registry.get(content['check']).label}, v{content['number']}"

    def describe(self, content: Content) -> Sequence[Row]:
        rows = [Row("Check", registry.get(content["check"]).label), Row("Why", content["note"])]
        for place, one in enumerate(content["rules"], start=1):
            strength = terms.STRENGTHS[one["strength"]]
            rows.append(Row(f"Rule {place}", one["name"], sub=f"{strength}. {terms.sentence(one)}"))
        return rows

    def consequences(self, content: Content) -> Consequences:
        return Consequences(
            sentences=[
                "Every run from now on uses these rules; earlier runs keep theirs.",
                "Sign-offs whose figures change by it suspend themselves.",
            ]
        )

    def lift(self, content: Content) -> Lift:
        return Lift(unpriced=True)

    def link(self, request: ApprovalRequest) -> str:
        return reverse("reconciliation:rules-of", args=[request.subject_id])

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        return rules_operations.agree(request, content)

    def refused(self, request: ApprovalRequest, content: Content, verdict: Verdict | str) -> None:
        rules_operations.unsend(content)


def _pair(content: Content) -> str:
    return name_of(Pair.objects.select_related("left", "right").get(pk=content["pair"]))


def _run(content: Content) -> str:
    return reverse("reconciliation:run", args=[content["run"]])


def _run_of(request: ApprovalRequest) -> str:
    return _run(json.loads(request.content))
