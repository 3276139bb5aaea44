"""A service credit, as the approvals engine sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from django.urls import reverse

from accounts.models import User
from approvals.models import ApprovalRequest, Verdict
from approvals.subjects import (
    NO_LIFT,
    Consequences,
    Content,
    Flag,
    Lift,
    Line,
    Moment,
    Row,
    Subject,
)
from revops.canonical.models import Invoice, SupportCase
from revops.credits import life
from revops.credits.models import ServiceCredit
from revops.credits.operations import deciding
from revops.credits.preview import Preview, preview
from revops.credits.queries.progress import stages_of
from revops.credits.queries.sheet import HIGHER, SUBJECT
from revops.credits.queries.situation import billed, past
from revops.kernel import clock
from revops.kernel.clock import local_date
from revops.kernel.money import Money
from revops.pipeline.period_end.credits import ACCRUED

_ACCRUAL: Final = (
    "If it was accrued at the end of a period, this uses that up. If it is rejected, it goes back."
)
_FIRST: Final = "first for this customer"


class ServiceCreditSubject(Subject):
    slug = SUBJECT
    label = "Service credit"
    request_action = "credits.request"

    def title(self, content: Content) -> str:
        return f"Service credit {_money(content)} for {content['customer']}"[:200]

    def describe(self, content: Content) -> Sequence[Row]:
        kind, effect = life.TYPES[content["credit_type"]]
        rows = [
            Row("Customer", content["customer"],
                link=reverse("console:customer", args=[content["party"]])),
            Row("Amount", _money(content), sub=f"plus tax {_money(content, 'tax')}, expected"),
            Row("Kind", kind, sub=effect),
            Row("Reason", life.REASONS[content["reason"]], sub=f"on {content['entitled_on']}"),
            Row("Invoice", content["invoice_number"],
                link=reverse("console:record", args=["invoice", content["invoice"]])),
        ]  # fmt: skip
        if content["ticket"]:
            rows.append(Row("Case", content["ticket"], link=_case(content["ticket"])))
        if content["rule"]:
            rows.append(Row("Raised by", content["rule"]))
        if content["beyond"]:
            rows.append(Row("Exception", content["beyond"]))
        if content["note"]:
            rows.append(Row("Note", content["note"]))
        return rows

    def consequences(self, content: Content) -> Consequences:
        shown = _preview(content)
        if shown is None or shown.problem or not shown.entries:
            why = shown.problem if shown else "The invoice is not known any more."
            return Consequences(sentences=[f"The books cannot take it now: {why}"])
        memo = shown.entries[-1]
        lines = [
            Line.of(side.account, side.name, side.amount, memo.currency) for side in memo.sides
        ]
        whole = Money(content["amount"] + shown.tax, content["currency"])
        where = (
            f"{content['customer']} owes {whole} less on {content['invoice_number']}."
            if shown.settles == "invoice"
            else f"{whole} becomes the balance of {content['customer']}."
        )
        entity = Invoice.objects.values_list("legal_entity__code", flat=True)
        return Consequences(
            sentences=["Billing issues the credit note; the ERP’s credit memo follows it.", where],
            lines=lines,
            entity=entity.get(pk=content["invoice"]) or "",
            currency=memo.currency,
            day=memo.on,
            period=memo.period,
            period_open=memo.open,
            note=_ACCRUAL if content["credit_type"] in ACCRUED else "",
        )

    def lift(self, content: Content) -> Lift:
        return HIGHER if content["beyond"] else NO_LIFT

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        earlier = [
            one
            for one in past(
                content["party"], since=_year_before(request), besides=content["credit"]
            )
            if one.state in life.STANDING
        ]
        same = [one for one in earlier if content["ticket"] and one.ticket == content["ticket"]]
        found = [
            Flag("warn", "Possible duplicate", f"{same[0].number} is for the same case.")
            if same
            else Flag("ok", "No duplicate", "No other credit is for the same case.")
        ]
        if content["beyond"]:
            found.append(Flag("warn", "Beyond policy", content["beyond"]))
        elif content["maximum"] is not None:
            most = Money(content["maximum"], content["currency"])
            found.append(Flag("ok", "Within policy", f"At most {most} may be asked."))
        if not earlier:
            found.append(Flag("ok", "First credit", "The customer had none in twelve months."))
        return found

    def raised(self, requests: Sequence[ApprovalRequest]) -> Mapping[int, Sequence[str]]:
        rows = ServiceCredit.objects.filter(approval_id__in=[one.pk for one in requests])
        found: dict[int, Sequence[str]] = {}
        for row in rows:
            words = []
            if row.beyond:
                words.append("beyond policy")
            if row.saw_duplicates:
                words.append("possible duplicate")
            if words and row.approval_id is not None:
                found[row.approval_id] = words
        return found

    def timeline(self, request: ApprovalRequest) -> Sequence[Moment]:
        credit = _of(request)
        if credit is None:
            return ()
        return [
            Moment(stage.title, stage.at, stage.note, tone=stage.tone)
            for stage in stages_of(credit)
            if stage.slug not in ("asked", "decided")
        ]

    def link(self, request: ApprovalRequest) -> str:
        credit = _of(request)
        return reverse("credits:one", args=[credit.pk]) if credit else ""

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        return deciding.approve(request, content["credit"], by=by)

    def refused(self, request: ApprovalRequest, content: Content, verdict: Verdict | str) -> None:
        deciding.refuse(request, content["credit"], str(verdict))


def _of(request: ApprovalRequest) -> ServiceCredit | None:
    number = request.subject_id.removeprefix("CR-")
    if not number.isdigit():
        return None
    return ServiceCredit.objects.filter(pk=int(number)).select_related("memo", "record").first()


def _money(content: Content, field: str = "amount") -> Money:
    return Money(content[field], content["currency"])


def _case(ticket: str) -> str:
    """Where the support case is shown; nothing when the desk has not told of it."""
    known = SupportCase.objects.filter(source_id=ticket).values_list("pk", flat=True).first()
    return reverse("console:record", args=["support_case", known]) if known else ""


def _preview(content: Content) -> Preview | None:
    invoice = (
        Invoice.objects.select_related("customer", "connection", "legal_entity")
        .filter(pk=content["invoice"])
        .first()
    )
    if invoice is None:
        return None
    now = clock.now()
    zone = invoice.legal_entity.zone if invoice.legal_entity else "UTC"
    return preview(
        invoice=invoice, lines=billed(invoice), number=content["number"],
        credit_type=content["credit_type"], amount=content["amount"],
        entitled_on=date.fromisoformat(content["entitled_on"]), today=local_date(now, zone), at=now,
    )  # fmt: skip


def _year_before(request: ApprovalRequest) -> date:
    day = request.requested_at.date()
    return day.replace(year=day.year - 1, day=min(day.day, 28))
