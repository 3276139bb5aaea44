"""The stage of the period ends, with the words that the worked examples need."""

from __future__ import annotations

import calendar
from datetime import date
from typing import Any

from revops.ledger import books
from revops.ledger.models import JournalEntry, RevenueSchedule
from revops.mappings.models import AccountingPeriod
from revops.pipeline.recognize import recognize
from tests.ledger.expected import ENTRIES
from tests.pipeline.period_end.stage import SOURCE, Stage, minor, moved

YEAR = ("2025-01-01", "2025-12-31")


class Told(Stage):
    """Tells what happens to the contract of 12,000.00 for 2025 (accounting.md, 5.2)."""

    def annual(self, *, sku: str = "even", pays: bool = False, number: str = "in_1") -> None:
        """J1, of the subscription ``sub_1``; paid on 5 January when it is."""
        self.bill(number, YEAR[0], [("il_1", "12000.00", "990.00", YEAR)], sku=sku)
        if pays:
            self.pay(number, "2025-01-05", "12990.00")

    def bill(
        self,
        number: str,
        on: str,
        lines: list[tuple[str, str, str, tuple[str, str] | None]],
        *,
        sku: str = "even",
        proration: bool = False,
        subscription: str = "sub_1",
        **more: Any,
    ) -> None:
        """An invoice of lines of (id, net, tax, service)."""
        made = [
            {
                "line_id": line_id, "sku": sku, "amount": minor(net), "proration": proration,
                "taxes": [{"code": "us-ca", "amount": minor(tax)}] if minor(tax) else [],
                "service_period": dict(zip(("start", "end"), service, strict=True))
                if service else None,
                **more,
            }
            for line_id, net, tax, service in lines
        ]  # fmt: skip
        total = sum(line["amount"] + sum(tax["amount"] for tax in line["taxes"]) for line in made)
        self.tell(
            "invoice.issued/1", on, invoice_id=number, number=number, customer_id="cus_1",
            subscription_id=subscription, currency="USD", issued_on=on, lines=made, total=total,
        )  # fmt: skip

    def credit(
        self,
        kind: str,
        on: str,
        net: str,
        tax: str,
        *,
        settles: str = "balance",
        invoice: str = "in_1",
        line: str = "il_1",
        number: str = "cn_1",
        **more: Any,
    ) -> None:
        """A credit memo of one line on the annual invoice."""
        taxes = [{"code": "us-ca", "amount": minor(tax)}] if minor(tax) else []
        self.tell(
            "credit.issued/1", on, credit_id=number, customer_id="cus_1", invoice_id=invoice,
            credit_type=kind, settles=settles, currency="USD", issued_on=on,
            total=minor(net) + minor(tax),
            lines=[{
                "line_id": "cl_1", "invoice_line_id": line, "amount": minor(net), "taxes": taxes,
            }],
            **more,
        )  # fmt: skip

    def subscription(self, what: str, on: str, **more: Any) -> None:
        self.tell(
            f"subscription.{what}/1", on, subscription_id="sub_1", customer_id="cus_1",
            currency="USD", items=[{"sku": "even"}], started_on=YEAR[0], **more,
        )  # fmt: skip

    def refund(self, on: str, amount: str, payment: str = "pay_in_1_2025-01-05", **more) -> None:
        self.tell(
            "payment.refunded/1", on, refund_id=f"re_{on}", payment_id=payment, currency="USD",
            amount=minor(amount), refunded_on=on, **more,
        )  # fmt: skip

    def void_credit(self, on: str, number: str = "cn_1") -> None:
        self.tell("credit.voided/1", on, credit_id=number, voided_on=on)

    def dispute(self, what: str, on: str, **more: Any) -> None:
        self.tell(
            f"dispute.{what}/1", on, dispute_id="dp_1", payment_id="pay_in_1_2025-01-05",
            currency="USD", amount=minor("12990.00"), **more,
        )  # fmt: skip

    def recognised(self, *codes: str) -> int:
        """Recognition up to each period; how many entries were made."""
        return sum(recognize(entity_id=self.entity.pk, period_code=code) for code in codes)

    def close(self, upto: str) -> None:
        """Everything up to a day belongs to closed periods."""
        AccountingPeriod.objects.filter(ends__lte=upto).update(state="closed")
        books.forget()

    def deferred(self, upto: str = "2099-01-01") -> int:
        """What is deferred on a day, positive."""
        return -self.on("2300", upto)

    def on(self, account: str, upto: str = "2099-01-01") -> int:
        entries = JournalEntry.objects.filter(accounting_date__lte=upto).prefetch_related("lines")
        return moved(*entries).get(account, 0)

    def revenue(self, year: int = 2025, account: str = "4000") -> list[int]:
        """What was recognised in each month of a year."""
        found = []
        for month in range(1, 13):
            last = date(year, month, calendar.monthrange(year, month)[1])
            entries = JournalEntry.objects.filter(
                accounting_date__gte=last.replace(day=1), accounting_date__lte=last,
                document_type="recognition",
            ).prefetch_related("lines")  # fmt: skip
            found.append(-moved(*entries).get(account, 0))
        return found

    def schedules(self) -> list[RevenueSchedule]:
        return list(RevenueSchedule.objects.order_by("pk"))

    def is_(self, case: str, *entries: JournalEntry) -> None:
        """The entry is the worked example: date, accounts, sides and amounts, line by line."""
        day, lines = ENTRIES[case]
        (entry,) = entries
        assert entry.accounting_date.isoformat() == day
        found = sorted((line.account, line.amount) for line in entry.lines.all())
        assert found == sorted((account, minor(amount)) for account, amount in lines.items())


__all__ = ["SOURCE", "YEAR", "Told", "minor"]
