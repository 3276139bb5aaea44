"""
A company that gives service credits: its books (``Told``), people who ask and decide, what billing
is asked for and tells, and what its plans promise.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.operations.setting import MONEY, begin_with
from revops.canonical.models import Invoice, SupportCase
from revops.credits.models import ServiceCredit
from revops.credits.operations import drafting, sending, terms
from revops.credits.queries.sheet import SUBJECT, Draft, Sheet
from revops.credits.tasks import turn
from revops.delivery.models import OutboundCommand
from revops.kernel import clock, strict_json
from revops.kernel.actor import system
from tests.cast import person
from tests.pipeline.journals.told import Told

BY = system("test", "Test")


class Desk(Told):
    """Today is the machine's; contracts of the year around it are billed by ``year``."""

    def __init__(self) -> None:
        super().__init__()
        self.customer()
        self.sue = person("sue")
        self.ana = person("ana")
        self.mona = person("mona")
        with transaction.atomic():
            begin_with(subject=SUBJECT, tiers=MONEY, since=date(2024, 1, 1), made_by="test")

    def promised(self, **more: Any) -> None:
        """A tenth of the month's fee for availability, up to 30 % of a year."""
        given: dict[str, Any] = {
            "label": "Even plan", "plan": "even", "promise": "availability",
            "target": "99.9 % a month", "gives": 1000, "most": 3000, "since": date(2024, 1, 1),
        }  # fmt: skip
        terms.promise(by=BY, **(given | more))

    def ruled(self, **more: Any) -> None:
        given: dict[str, Any] = {
            "name": "Severity 1 over SLA", "reason_code": "uptime", "severities": ["1"],
            "since": date(2024, 1, 1),
        }  # fmt: skip
        terms.rule(by=BY, **(given | more))

    def case(self, number: str = "ZD-1", *, days_ago: int = 1, **more: Any) -> SupportCase:
        """A case of severity 1 that missed availability so many days ago."""
        day = (self.today - timedelta(days=days_ago)).isoformat()
        given: dict[str, Any] = {
            "case_id": number, "customer_ref": "cus_1", "title": "The API does not answer",
            "severity": "1", "status": "open", "opened_on": day, "promise": "availability",
            "breached_on": day,
        }  # fmt: skip
        self.tell("sla.breached/1", day, **(given | more))
        return SupportCase.objects.get(source_id=number)

    def year(self, *, pays: bool = False, number: str = "in_1", days_ago: int = 1) -> Invoice:
        """
        12,000.00 and 990.00 tax for the calendar year in which cases happened, so many days
        ago, issued on its first day.
        """
        year = (self.today - timedelta(days=days_ago)).year
        first, last = f"{year}-01-01", f"{year}-12-31"
        self.bill(number, first, [("il_1", "12000.00", "990.00", (first, last))])
        if pays:
            self.pay(number, f"{year}-01-05", "12990.00")
        return Invoice.objects.get(source_id=number)

    @property
    def today(self) -> date:
        return clock.now().date()

    def draft(self, **more: Any) -> tuple[ServiceCredit, Sheet]:
        return drafting.save(by=self.sue, draft=Draft(**more))

    def ask(self, amount: str = "90.00", **more: Any) -> ServiceCredit:
        """Sue asks for a credit of the invoice; of ``case`` when one is given."""
        credit, sheet = self.draft(amount=amount, **more)
        assert not sheet.problems, sheet.problems
        return sending.send(by=self.sue, credit_id=credit.pk)

    def decide(
        self, credit: ServiceCredit, verdict: str = "approve", *, by: User | None = None,
        reason: str = "Looked at it.", settle: bool = True,
    ) -> ServiceCredit:  # fmt: skip
        """Mona decides; with ``settle``, the line then does what follows."""
        request = ApprovalRequest.objects.get(pk=credit.approval_id)
        approvals.decide(
            request_id=request.pk, verdict=verdict, by=by or self.mona, seen=request.sha256,
            reason=reason,
        )  # fmt: skip
        if settle:
            self.advance()
            turn()
        credit.refresh_from_db()
        return credit

    def issue(self, credit: ServiceCredit, **more: Any) -> ServiceCredit:
        """Billing makes the note that it was asked for, and tells of it."""
        command = OutboundCommand.objects.get(
            kind="billing.credit_note.create", subject_kind="credit", subject_id=credit.record_id
        )
        asked = strict_json.loads(command.payload)
        lines = [
            {
                "line_id": f"cnl_{place}", "invoice_line_id": line["invoice_line_id"],
                "amount": line["amount"],
                "taxes": [{"code": "us-ca", "amount": round(line["amount"] * 825 / 10_000)}],
            }
            for place, line in enumerate(asked["lines"])
        ]  # fmt: skip
        self.tell(
            "credit.issued/1", self.today.isoformat(), credit_id=f"cn_{credit.pk}",
            number=f"CN-{credit.pk}", customer_id="cus_1", invoice_id=asked["invoice_id"],
            credit_type=asked["credit_type"], settles=asked["settles"], currency=asked["currency"],
            issued_on=self.today.isoformat(), lines=lines,
            total=sum(one["amount"] + one["taxes"][0]["amount"] for one in lines),
            request_ref=asked["credit_request_id"], **more,
        )  # fmt: skip
        turn()
        credit.refresh_from_db()
        return credit
