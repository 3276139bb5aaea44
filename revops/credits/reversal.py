"""Taking back an issued credit, as the approvals engine sees it."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from accounts.models import User
from approvals.models import ApprovalRequest, Verdict
from approvals.subjects import Consequences, Content, Flag, Line, Moment, Row, Subject
from revops.credits.models import ServiceCredit
from revops.credits.operations import reversing
from revops.credits.queries.progress import stages_of
from revops.credits.queries.reversible import hindrance
from revops.kernel import clock
from revops.kernel.clock import local_date
from revops.kernel.money import Money
from revops.ledger.books import all_books
from revops.ledger.models import JournalEntry
from revops.ledger.schedules import PeriodMissing
from revops.lineage.queries import entries


class CreditReversal(Subject):
    slug = reversing.REVERSAL
    label = "Credit taken back"
    request_action = "credits.request"
    decide_action = "credits.approve"
    fallback = ("manager",)

    def title(self, content: Content) -> str:
        return f"Take back {content['number']}, {_money(content)} for {content['customer']}"[:200]

    def describe(self, content: Content) -> Sequence[Row]:
        return [
            Row("Customer", content["customer"],
                link=reverse("console:customer", args=[content["party"]])),
            Row("Credit", content["number"], link=reverse("credits:one", args=[content["credit"]])),
            Row("Credit note", content["memo_number"],
                link=reverse("console:record", args=["credit", content["memo"]])),
            Row("Amount", _money(content), sub=f"{_money(content, 'total')} with tax"),
            Row("Invoice", content["invoice_number"],
                link=reverse("console:record", args=["invoice", content["invoice"]])),
            Row("Why", content["reason"]),
        ]  # fmt: skip

    def consequences(self, content: Content) -> Consequences:
        credit = _of(content)
        why = hindrance(credit) if credit else "The credit is not known any more."
        if credit is None or why:
            return Consequences(sentences=[f"It cannot be had now: {why}"])
        entity = credit.legal_entity
        books = all_books().get(credit.legal_entity_id or 0)
        today = local_date(clock.now(), entity.zone if entity else "UTC")
        try:
            period = books.period_of(today)[1] if books else None
        except PeriodMissing:
            period = None
        booked = JournalEntry.objects.filter(
            record_kind="credit", record_id=content["memo"], document_type="credit"
        )
        # The mirror: what the memo debited is credited, and the other way round.
        lines = [
            Line(side.account, side.name, debit=side.credit, credit=side.debit)
            for entry in booked
            for side in entries.lines(entry)
        ]
        return Consequences(
            sentences=[
                "Billing voids the credit note; the ERP gets the reversing journal.",
                f"{content['customer']} owes {_money(content, 'total')} again on "
                f"{content['invoice_number']}.",
                "The ticket, sales and customer success are told after that.",
            ],
            lines=lines,
            entity=entity.code if entity else "",
            currency=content["currency"],
            day=today,
            period=period.code if period else "",
            period_open=period.open if period else None,
        )

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        credit = _of(content)
        if credit is not None and credit.posted_at is not None and not hindrance(credit):
            return [
                Flag("ok", "Not applied yet", "The invoice is open."),
                Flag("warn", "The customer may have been told", "The memo was in the books."),
            ]
        return ()

    def timeline(self, request: ApprovalRequest) -> Sequence[Moment]:
        number = request.subject_id.removeprefix("CR-")
        credit = (
            ServiceCredit.objects.filter(pk=int(number)).select_related("memo", "record").first()
            if number.isdigit()
            else None
        )
        return [
            Moment(stage.title, stage.at, stage.note, tone=stage.tone)
            for stage in (stages_of(credit) if credit else ())
            if stage.slug in ("voided", "mirrored")
        ]

    def link(self, request: ApprovalRequest) -> str:
        number = request.subject_id.removeprefix("CR-")
        return reverse("credits:one", args=[int(number)]) if number.isdigit() else ""

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        return reversing.agree(request, content["credit"], by=by)

    def refused(self, request: ApprovalRequest, content: Content, verdict: Verdict | str) -> None:
        reversing.refuse(request, content["credit"], str(verdict))


def _of(content: Content) -> ServiceCredit | None:
    rows = ServiceCredit.objects.select_related("memo", "invoice", "legal_entity")
    return rows.filter(pk=content["credit"]).first()


def _money(content: Content, field: str = "amount") -> Money:
    return Money(content[field], content["currency"])
