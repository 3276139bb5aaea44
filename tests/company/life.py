"""
Twenty-four months of a company that nobody planned: who signs up, grows, leaves, contests, and does
not pay. Each turn of a life is told twice: to the console as business events, and to the oracle.

Seeded, so that a failure can be looked at again. Amounts are minor units.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tests.company.oracle import DAY, Chain, Oracle, half_up, month_end

FIRST = date(2024, 1, 1)
LAST = date(2025, 12, 31)
# country, currency, tax code, tax in hundredths of a percent, size of a price in minor units
COMPANY = (
    ("US", "USD", "sim_us", 825, 100_00),
    ("JP", "JPY", "sim_jp", 1000, 15_000),
    ("KW", "KWD", "sim_kw", 500, 30_000),
)
TERMS = {"year": 12, "quarter": 3, "month": 1}


@dataclass(order=True)
class Told:
    """One event for the console; ``order`` keeps a day's events in their sequence."""

    day: date
    order: int
    contract: str = field(compare=False)
    data: dict[str, Any] = field(compare=False)


@dataclass
class Invoice:
    """An issued invoice as the world outside sees it."""

    id: str
    line: str
    net: int
    tax: int
    chain: Chain
    paid_by: str = ""
    used: int = 0

    @property
    def total(self) -> int:
        return self.net + self.tax


def add_months(day: date, months: int) -> date:
    """The same day of a later month; callers keep to days that every month has."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, day.day)


class Company:
    """All lives together. ``told`` in order after ``live``; ``oracle`` knows the books."""

    def __init__(self, *, customers: int, seed: int, name: str = "SIM") -> None:
        self.name = name
        self.oracle = Oracle()
        self.told: list[Told] = []
        self._customers = customers
        self._chance = random.Random(seed)
        self._cash: dict[tuple[str, str], list[tuple[date, dict[str, Any]]]] = {}
        self._tax_of: dict[str, tuple[str, str]] = {}

    def live(self) -> list[Told]:
        """Everything that happened, oldest first."""
        for number in range(self._customers):
            _Life(self, number, random.Random(self._chance.getrandbits(64))).run()
        self._pay_out()
        self._remit()
        self.told.sort()
        return self.told

    def tell(self, day: date, contract: str, **data: Any) -> None:
        self.told.append(Told(day, len(self.told), contract, data))

    def taxed(self, entity: str, code: str, currency: str) -> None:
        self._tax_of[entity] = (code, currency)

    def cleared(
        self, entity: str, currency: str, day: date, source: str, gross: int, fee: int = 0,
        kind: str = "charge",
    ) -> None:  # fmt: skip
        """Money moved through the processor; the next payout carries it."""
        held = self._cash.setdefault((entity, currency), [])
        own = source if kind == "charge" else f"{kind}_{source}"
        item = {
            "balance_transaction_id": f"txn_{own}",
            "kind": kind, "source_id": source, "amount": gross, "fee": fee,
        }  # fmt: skip
        held.append((day, item))

    def at_processor(self, entity: str, upto: date) -> int:
        """What the processor itself says that it holds for us at the end of a day."""
        paid_out = sum(
            one.data["amount"]
            for one in self.told
            if one.contract == "payout.settled/1"
            and one.data["legal_entity"] == entity
            and one.day <= upto
        )
        moved = sum(
            item["amount"] - item["fee"]
            for (owner, _), items in self._cash.items()
            for day, item in items
            if owner == entity and day <= upto
        )
        return moved - paid_out

    def _pay_out(self) -> None:
        """At the end of each month, everything since the payout before; never less than nothing."""
        for (entity, currency), moved in sorted(self._cash.items()):
            waiting = sorted(moved, key=lambda one: one[0])
            day = month_end(FIRST)
            while day <= LAST:
                items = [item for moved_on, item in waiting if moved_on <= day]
                amount = sum(item["amount"] - item["fee"] for item in items)
                if amount > 0:
                    waiting = waiting[len(items) :]
                    self.tell(
                        day, "payout.settled/1", payout_id=f"po_{entity}_{day:%Y_%m}",
                        currency=currency, amount=amount, arrived_on=day, items=items,
                        legal_entity=entity,
                    )  # fmt: skip
                    self.oracle.move(entity, day, a1000=amount, a1050=-amount)
                day = month_end(day + DAY)

    def _remit(self) -> None:
        """Each quarter's tax goes to its authority on the twentieth of the next month."""
        for entity, (code, currency) in sorted(self._tax_of.items()):
            quarter = month_end(add_months(FIRST, 2))
            while quarter + 20 * DAY <= LAST:
                owed, day = -self.oracle.moved(entity, quarter, "2100"), quarter + 20 * DAY
                if owed > 0:
                    self.tell(
                        day, "tax.remitted/1", remittance_id=f"rm_{entity}_{quarter:%Y_%m}",
                        code=code, currency=currency, amount=owed, remitted_on=day,
                        legal_entity=entity,
                    )  # fmt: skip
                    self.oracle.move(entity, day, a2100=owed, a1000=-owed)
                quarter = month_end(add_months(quarter.replace(day=1), 3))


class _Life:
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

    # -- what happens ---------------------------------------------------------------------------
    def run(self) -> None:
        self._tell(
            self.start, "customer.created/1", customer_id=self.customer,
            name=f"Customer {self.number}", legal_entity=self.entity,
        )  # fmt: skip
        self._subscription("activated", self.start, started_on=self.start)
        start = self.start
        while start <= LAST:
            end = add_months(start, TERMS[self.term]) - DAY
            if not self._a_term(start, end):
                return
            start = end + DAY

    def _a_term(self, start: date, end: date) -> bool:
        """Whether the customer stays."""
        chain = self.company.oracle.chain(self.entity)
        invoice = self._invoice(start, [("", self.price, start, end)], chain)
        chain.bill(self.price, start, end, even=self.even)
        fate = self.chance.random()
        if fate < 0.01:
            self._void(start + DAY if start.day < 28 else start, invoice)
            return False
        if fate < 0.03 and self.term == "year" and not invoice.used:
            return self._never_pays(start, end, invoice)
        paid_on = start + timedelta(days=self.chance.randint(0, 20))
        if paid_on > LAST:
            return True
        self._pay(paid_on, invoice)
        later = [day for day in self._days(start, end) if day > paid_on]
        if self.term == "year" and later and not invoice.used:
            return self._turn(self.chance.choice(later), end, invoice)
        if fate > 0.9 and not self.balance:
            self._sla_credit(min(paid_on + 3 * DAY, LAST), invoice)
        return True

    def _days(self, start: date, end: date) -> list[date]:
        """Days within the term on which something may change: the first of months when even."""
        if self.even:
            firsts = [add_months(start, index) for index in range(1, 12)]
            return [day for day in firsts if day < end and day <= LAST]
        middle = [start + timedelta(days=index) for index in range(21, (end - start).days - 30)]
        return [day for day in middle if day <= LAST]

    def _turn(self, day: date, end: date, invoice: Invoice) -> bool:
        turn = self.chance.random()
        if turn < 0.30 or self.balance:
            self._upgrade(day, end, invoice)
        elif turn < 0.42:
            return self._cancel(day, end, invoice)
        elif turn < 0.50:
            self._concession(day, invoice)
        elif turn < 0.56:
            self._price_cut(day, invoice)
        elif turn < 0.62:
            self._sla_credit(day, invoice)
        elif turn < 0.67:
            self._goodwill(day, invoice)
        elif turn < 0.73:
            return self._dispute(day, invoice)
        elif turn < 0.76:
            self._returned(day, invoice)
        return True

    def _upgrade(self, day: date, end: date, invoice: Invoice) -> None:
        """Two lines by the day, whatever the revenue convention (the month_even trap)."""
        term_start = add_months(end + DAY, -12)
        days, rest = (end - term_start).days + 1, (end - day).days + 1
        dearer = self.price + self.price * self.chance.randint(10, 90) // 100
        back, charge = half_up(self.price * rest, days), half_up(dearer * rest, days)
        self.price = dearer
        self._subscription("upgraded", day, started_on=self.start, effective_on=day)
        self._invoice(
            day,
            [("back", -back, day, end), ("new", charge, day, end)],
            invoice.chain,
            proration=True,
        )
        invoice.chain.change(day, charge - back)

    def _cancel(self, day: date, end: date, invoice: Invoice) -> bool:
        term_start = add_months(end + DAY, -12)
        unused = half_up(invoice.net * ((end - day).days + 1), (end - term_start).days + 1)
        self._subscription("cancelled", day, started_on=self.start, effective_on=day)
        tax = self._tax(unused)
        self._credit(day, invoice, "cancellation", "refund", unused, tax)
        given_up = invoice.chain.finish(day, unused)
        self._move(
            day, a2300=0, a4910=unused - given_up, a2100=tax, a2410=-(unused + tax),
        )  # fmt: skip
        self._refund(day + DAY if day < LAST else day, invoice, unused + tax)
        return False

    def _concession(self, day: date, invoice: Invoice) -> None:
        net = invoice.net // self.chance.randint(8, 20)
        tax = self._tax(net)
        satisfied = half_up(net * (invoice.net - invoice.chain.rest(day)), invoice.net)
        self._credit(day, invoice, "contract_concession", "balance", net, tax)
        invoice.chain.change(day, -(net - satisfied))
        self._owe(day, net + tax, a4900=satisfied, a2100=tax)

    def _price_cut(self, day: date, invoice: Invoice) -> None:
        net = min(invoice.net // self.chance.randint(8, 20), invoice.chain.rest(day))
        tax = self._tax(net)
        self._credit(day, invoice, "future_price_cut", "balance", net, tax)
        invoice.chain.change(day, -net)
        self._owe(day, net + tax, a2100=tax)

    def _sla_credit(self, day: date, invoice: Invoice) -> None:
        net = invoice.net // self.chance.randint(15, 40) + 1
        tax = self._tax(net)
        self._credit(day, invoice, "sla_period", "balance", net, tax)
        self._owe(day, net + tax, a4900=net, a2100=tax)

    def _goodwill(self, day: date, invoice: Invoice) -> None:
        net = invoice.net // 30 + 1
        tax = self._tax(net)
        self._refund(day, invoice, net + tax, gives_back=[self._credit_line(invoice, net, tax)])
        self._move(day, a4910=net, a2100=tax, a2410=-(net + tax))

    def _dispute(self, day: date, invoice: Invoice) -> bool:
        fee = self.size // 6
        common = {
            "dispute_id": f"dp_{invoice.id}", "payment_id": invoice.paid_by,
            "currency": self.currency, "amount": invoice.total,
        }  # fmt: skip
        self._tell(day, "dispute.opened/1", **common, fee=fee, opened_on=day)
        self._move(day, a1060=invoice.total, a6110=fee, a1050=-(invoice.total + fee))
        self._cleared(day, common["dispute_id"], -(invoice.total + fee), "dispute")
        closed = add_months(day.replace(day=1), 1)
        if closed > LAST:
            return False
        won = self.chance.random() < 0.5
        self._tell(
            closed, "dispute.closed/1", **common, outcome="won" if won else "lost", closed_on=closed
        )
        if won:
            self._move(closed, a1050=invoice.total, a1060=-invoice.total)
            self._cleared(closed, common["dispute_id"], invoice.total, "dispute_reversal")
            return True
        given_up = invoice.chain.finish(closed, invoice.net)
        self._move(closed, a4910=invoice.net - given_up, a2100=invoice.tax, a1060=-invoice.total)
        return False

    def _returned(self, day: date, invoice: Invoice) -> None:
        fee = self.size // 25
        self._tell(
            day, "payment.returned/1", payment_id=invoice.paid_by, currency=self.currency,
            amount=invoice.total, fee=fee, returned_on=day,
        )  # fmt: skip
        self._move(day, a1100=invoice.total, a6100=fee, a1050=-(invoice.total + fee))
        self._cleared(day, invoice.paid_by, -(invoice.total + fee), "payment_failure_refund")

    def _never_pays(self, start: date, end: date, invoice: Invoice) -> bool:
        day = start + timedelta(days=95) if not self.even else add_months(start, 4)
        if day > LAST:
            return False
        self._tell(
            day, "invoice.written_off/1", invoice_id=invoice.id, written_off_on=day,
            cause="credit_loss", service_ended=True, tax_relief="all",
        )  # fmt: skip
        given_up = invoice.chain.finish(day, invoice.net)
        self._move(day, a1190=invoice.net - given_up, a2100=invoice.tax, a1100=-invoice.total)
        return False

    def _void(self, day: date, invoice: Invoice) -> None:
        self._tell(day, "invoice.voided/1", invoice_id=invoice.id, voided_on=day)
        invoice.chain.undo()
        # What a credit had settled of it is the customer's again.
        self._move(day, a1100=invoice.used - invoice.total, a2100=invoice.tax, a2400=-invoice.used)

    # -- documents ------------------------------------------------------------------------------
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
