"""A credit that is given another way than it was approved, as the approvals engine sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.urls import reverse

from accounts.models import User
from approvals.models import ApprovalRequest, Verdict
from approvals.subjects import Consequences, Content, Flag, Line, Row, Subject
from revops.credits.models import ServiceCredit
from revops.credits.operations import otherwise
from revops.credits.operations.otherwise import WAYS
from revops.credits.preview import preview
from revops.credits.queries.situation import billed
from revops.kernel import clock
from revops.kernel.clock import local_date
from revops.kernel.money import Money


class CreditOtherwise(Subject):
    slug = otherwise.OTHERWISE
    label = "Credit given another way"
    request_action = "cases.retry"
    decide_action = "credits.approve"
    fallback = ("manager",)

    def title(self, content: Content) -> str:
        way = WAYS[content["settles"]]
        return f"{content['number']}, {_money(content)}, becomes {way}"[:200]

    def describe(self, content: Content) -> Sequence[Row]:
        return [
            Row("Customer", content["customer"],
                link=reverse("console:customer", args=[content["party"]])),
            Row("Credit", content["number"], link=reverse("credits:one", args=[content["credit"]])),
            Row("Amount", _money(content), sub="the same as was approved"),
            Row("Invoice", content["invoice_number"],
                link=reverse("console:record", args=["invoice", content["invoice"]])),
            Row("Approved as", WAYS[content["before"]].capitalize()),
            Row("Becomes", WAYS[content["settles"]].capitalize()),
            Row("Case", f"EXC-{content['case']}",
                link=reverse("exceptions:case", args=[content["case"]])),
        ]  # fmt: skip

    def consequences(self, content: Content) -> Consequences:
        credit = ServiceCredit.objects.select_related(
            "invoice__customer", "invoice__connection", "invoice__legal_entity"
        ).get(pk=content["credit"])
        invoice = credit.invoice
        if invoice is None or credit.entitled_on is None or invoice.legal_entity is None:
            return Consequences(sentences=["The invoice is not known any more."])
        now = clock.now()
        shown = preview(
            invoice=invoice, lines=billed(invoice), number=credit.number,
            credit_type=credit.credit_type, amount=content["amount"],
            entitled_on=credit.entitled_on, today=local_date(now, invoice.legal_entity.zone),
            at=now, otherwise=content["settles"],
        )  # fmt: skip
        if shown.problem or not shown.entries:
            return Consequences(sentences=[f"The books cannot take it now: {shown.problem}"])
        memo = shown.entries[-1]
        lines = [
            Line.of(side.account, side.name, side.amount, memo.currency) for side in memo.sides
        ]
        return Consequences(
            sentences=[
                f"Billing is asked anew: {WAYS[content['settles']]} "
                f"instead of {WAYS[content['before']]}.",
                "The amount and the kind of credit stay as they were approved.",
            ],
            lines=lines,
            entity=invoice.legal_entity.code,
            currency=memo.currency,
            day=memo.on,
            period=memo.period,
            period_open=memo.open,
        )

    def makers(self, content: Content) -> Mapping[int, str]:
        asked = ServiceCredit.objects.values_list("asked_by", flat=True).get(pk=content["credit"])
        return {} if asked is None else {asked: "asked for the credit"}

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        if content["settles"] == "refund":
            return [Flag("warn", "Money leaves", "The customer gets it back at once.")]
        return [Flag("ok", "Amount unchanged", "Only the account on the other side differs.")]

    def link(self, request: ApprovalRequest) -> str:
        number = request.subject_id.removeprefix("CR-")
        return reverse("credits:one", args=[int(number)]) if number.isdigit() else ""

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        return otherwise.agree(request, content, by=by)

    def refused(self, request: ApprovalRequest, content: Content, verdict: Verdict | str) -> None:
        if str(verdict) != "send_back":
            otherwise.refuse(request, content["credit"])


def _money(content: Content) -> Money:
    return Money(content["amount"], content["currency"])
