"""One customer's life: who signs up, grows, leaves, contests, and does not pay."""

from __future__ import annotations

from datetime import date, timedelta

from tests.company.dealings import Dealings
from tests.company.facts import LAST, TERMS, Invoice, add_months
from tests.company.oracle import DAY, half_up


class Life(Dealings):
    """One customer, from the first day to the last or until they leave."""

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
