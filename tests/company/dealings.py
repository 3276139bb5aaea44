"""What one customer deals in, each told twice: to the console as events, and to the oracle."""

from __future__ import annotations

import random
from datetime import date
from typing import TYPE_CHECKING, Any

from tests.company.facts import COMPANY, FIRST, TERMS, Invoice, add_months
from tests.company.oracle import Chain, half_up

if TYPE_CHECKING:
    from tests.company.world import Company


class Dealings:
    """A customer with a subscription; ``balance`` is what they may still use of credits."""

    def __init__(self, company: Company, number: int, chance: random.Random) -> None:
        self.company, self.chance, self.number = company, chance, number
        code, self.currency, self.tax_code, self.rate, self.size = chance.choice(COMPANY)
        self.entity, self.own = f"{company.name}-{code}", f"{company.name}_{number}"
        self.customer, self.sub = f"cus_{self.own}", f"sub_{self.own}"
        self.term = chance.choices(("year", "quarter", "month"), (70, 20, 10))[0]
        self.even = chance.random() < 0.4
        month = add_months(FIRST, chance.randrange(22))
        self.start = month if self.even else month.replace(day=chance.randint(1, 28))
        self.price = self.size * chance.randint(5, 900) * TERMS[self.term] + chance.randint(0, 99)
        self.sku = f"sim_{'even' if self.even else 'daily'}"
        self.invoices = 0
        company.taxed(self.entity, self.tax_code, self.currency)
        self.balance = 0  # what the customer may still use of credits
        self.balance_of = ""

    def _invoice(
        self, day: date, parts: list[tuple[str, int, date, date]], chain: Chain, *,
        proration: bool = False,
    ) -> Invoice:  # fmt: skip
        self.invoices += 1
        invoice_id = f"in_{self.own}_{self.invoices}"
        lines, net, tax = [], 0, 0
        for name, amount, first, last in parts:
            line_tax = self._tax(amount)
            net, tax = net + amount, tax + line_tax
            lines.append({
                "line_id": f"il_{invoice_id}{name}", "sku": self.sku, "amount": amount,
                "taxes": [{"code": self.tax_code, "amount": line_tax}],
                "service_period": {"start": first, "end": last}, "proration": proration,
            })  # fmt: skip
        self._tell(
            day, "invoice.issued/1", invoice_id=invoice_id, number=f"N-{invoice_id}",
            customer_id=self.customer, subscription_id=self.sub, currency=self.currency,
            issued_on=day, lines=lines, total=net + tax, legal_entity=self.entity,
        )  # fmt: skip
        self._move(day, a1100=net + tax, a2100=-tax)
        invoice = Invoice(invoice_id, lines[-1]["line_id"], net, tax, chain)
        if self.balance and net > 0:
            self._use_balance(day, invoice)
        return invoice

    def _use_balance(self, day: date, invoice: Invoice) -> None:
        used = min(self.balance, invoice.total)
        self._tell(
            day, "credit.applied/1", credit_id=self.balance_of, currency=self.currency,
            application_id=f"ap_{invoice.id}", invoice_id=invoice.id, amount=used, applied_on=day,
        )  # fmt: skip
        self.balance -= used
        invoice.used = used
        self._move(day, a2400=used, a1100=-used)

    def _pay(self, day: date, invoice: Invoice) -> None:
        amount = invoice.total - invoice.used
        if amount <= 0:
            return
        fee = amount * 29 // 1000
        invoice.paid_by = f"py_{invoice.id}"
        self._tell(
            day, "payment.applied/1", payment_id=invoice.paid_by, customer_id=self.customer,
            invoice_id=invoice.id, currency=self.currency, amount=amount, fee=fee,
            fee_currency=self.currency, received_on=day,
            balance_transaction_id=f"txn_{invoice.paid_by}",
        )  # fmt: skip
        self._move(day, a1050=amount - fee, a1100=-amount, a6100=fee)
        self.company.cleared(self.entity, self.currency, day, invoice.paid_by, amount, fee)

    def _refund(self, day: date, invoice: Invoice, amount: int, **more: Any) -> None:
        refund_id = f"re_{invoice.id}_{day:%y%m%d}"
        self._tell(
            day, "payment.refunded/1", refund_id=refund_id, payment_id=invoice.paid_by,
            currency=self.currency, amount=amount, refunded_on=day, **more,
        )  # fmt: skip
        self._move(day, a2410=amount, a1050=-amount)
        self._cleared(day, refund_id, -amount, "refund")

    def _cleared(self, day: date, source: str, amount: int, kind: str) -> None:
        self.company.cleared(self.entity, self.currency, day, source, amount, kind=kind)

    def _credit(
        self, day: date, invoice: Invoice, kind: str, settles: str, net: int, tax: int
    ) -> None:
        self._tell(
            day, "credit.issued/1", credit_id=f"cn_{invoice.id}", customer_id=self.customer,
            invoice_id=invoice.id, credit_type=kind, settles=settles, currency=self.currency,
            issued_on=day, effective_on=day, lines=[self._credit_line(invoice, net, tax)],
            total=net + tax, legal_entity=self.entity,
        )  # fmt: skip
        if settles == "balance":
            self.balance, self.balance_of = net + tax, f"cn_{invoice.id}"

    def _credit_line(self, invoice: Invoice, net: int, tax: int) -> dict[str, Any]:
        return {
            "line_id": f"cl_{invoice.id}", "invoice_line_id": invoice.line, "sku": self.sku,
            "amount": net, "taxes": [{"code": self.tax_code, "amount": tax}],
        }  # fmt: skip

    def _owe(self, day: date, total: int, **against: int) -> None:
        self._move(day, a2400=-total, **against)

    def _tax(self, net: int) -> int:
        return half_up(net * self.rate, 10_000)

    def _subscription(self, what: str, day: date, **more: Any) -> None:
        self._tell(
            day, f"subscription.{what}/1", subscription_id=self.sub, customer_id=self.customer,
            currency=self.currency, legal_entity=self.entity,
            items=[{"sku": self.sku, "quantity": 1, "unit_amount": self.price}], **more,
        )  # fmt: skip

    def _tell(self, day: date, contract: str, **data: Any) -> None:
        self.company.tell(day, contract, **data)

    def _move(self, day: date, **accounts: int) -> None:
        self.company.oracle.move(self.entity, day, **accounts)
