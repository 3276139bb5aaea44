"""
What a business does with Stripe. Each operation changes the world and tells of it in events.

``at`` is the moment in epoch seconds (None: now), so that a demo company can have a past.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from connectors.systems.stripe.sandbox import money, objects
from connectors.systems.stripe.sandbox.cash import Cash, Refused
from connectors.systems.stripe.sandbox.world import Missing, Obj, moment
from revops.kernel.money import round_half_up

# The taxes of the demo company; their ids are mapped to accounts.
RATES: Final = {
    "8.25": "txr_us_ny",
    "7.25": "txr_us_ca",
    "20": "txr_uk_vat",
    "19": "txr_de_ust",
}


class Business(Cash):
    """Customers, subscriptions and invoices; and all that Cash does."""

    def create_customer(self, *, at: int | None = None, **given: Any) -> Obj:
        found = self.world.add(objects.customer(moment(at), **given))
        self.world.tell("customer.created", found, at=found["created"])
        return found

    def update_customer(self, identity: str, *, at: int | None = None, **given: Any) -> Obj:
        found = self.world.get("customer", identity)
        found.update({key: value for key, value in given.items() if key in found})
        self.world.tell("customer.updated", found, at=moment(at))
        return found

    def create_price(self, *, at: int | None = None, **given: Any) -> Obj:
        found = self.world.add(objects.price(moment(at), **given))
        self.world.tell("price.created", found, at=found["created"])
        return found

    def create_tax_rate(self, *, percentage: str, at: int | None = None) -> Obj:
        """The rate of that percentage, made once and called the same in every run."""
        identity = RATES.get(percentage, f"txr_{percentage.replace('.', '_')}")
        try:
            return self.world.get("tax_rate", identity)
        except Missing:
            return self.world.add(
                objects.tax_rate(moment(at), identity=identity, percentage=percentage)
            )

    def subscribe(
        self,
        *,
        customer: str,
        items: Sequence[tuple[str, int]],
        tax_percent: str = "",
        at: int | None = None,
        pays: bool | None = True,
        metadata: Obj | None = None,
    ) -> Obj:
        """
        A subscription to (price, quantity) items with its first invoice. ``pays``: True the card
        is charged, False it is declined, None the invoice stays open.
        """
        when = moment(at)
        who = self.world.get("customer", customer)
        members = [
            objects.subscription_item(when, price=self.world.get("price", price), quantity=count)
            for price, count in items
        ]
        if not members:
            raise Refused("A subscription needs at least one item.", code="parameter_missing")
        intervals = {(member["price"]["recurring"] or {}).get("interval") for member in members}
        if len(intervals) != 1 or None in intervals:
            raise Refused("All prices of a subscription must recur in the same interval.")
        found = self.world.add(
            objects.subscription(
                when,
                customer=who,
                items=members,
                end=_period_end(when, intervals.pop()),
                status="active" if pays is not False else "incomplete",
                metadata=metadata,
            )
        )
        self.world.tell("customer.subscription.created", found, at=when)
        self.renew(found["id"], at=when, tax_percent=tax_percent, pays=pays)
        return found

    def renew(
        self,
        subscription: str,
        *,
        at: int | None = None,
        tax_percent: str = "",
        pays: bool | None = True,
    ) -> Obj:
        """The invoice of a subscription's current period."""
        when = moment(at)
        found = self.world.get("subscription", subscription)
        lines = [
            objects.line(
                amount=item["price"]["unit_amount"] * item["quantity"],
                currency=found["currency"],
                description=item["price"]["nickname"] or "Subscription",
                start=found["current_period_start"],
                end=found["current_period_end"],
                price=item["price"],
                quantity=item["quantity"],
                subscription=subscription,
            )
            for item in found["items"]["data"]
        ]
        invoice = self.draft(
            customer=found["customer"],
            lines=lines,
            tax_percent=tax_percent,
            subscription=subscription,
            metadata=found["metadata"],
            at=when,
        )
        found["latest_invoice"] = invoice["id"]
        self.finalize(invoice["id"], at=when)
        if pays is True:
            self.pay(invoice["id"], at=when)
        elif pays is False:
            self.decline(invoice["id"], at=when)
        return invoice

    def draft(
        self,
        *,
        customer: str,
        lines: Sequence[Obj],
        tax_percent: str = "",
        at: int | None = None,
        **given: Any,
    ) -> Obj:
        """A draft invoice; exclusive tax is worked out per line and rounded half up."""
        when = moment(at)
        if not lines:
            raise Refused("Nothing to invoice for customer", code="invoice_no_customer_line_items")
        if tax_percent:
            rate = self.create_tax_rate(percentage=tax_percent, at=when)
            for line in lines:
                due = Decimal(line["amount"]) * Decimal(tax_percent) / 100
                line["tax_rates"] = [rate]
                line["tax_amounts"] = [
                    {
                        "amount": round_half_up(due),
                        "inclusive": False,
                        "tax_rate": rate["id"],
                        "taxability_reason": None,
                        "taxable_amount": line["amount"],
                    }
                ]
        found = self.world.add(
            objects.invoice(
                when,
                customer=self.world.get("customer", customer),
                currency=lines[0]["currency"],
                lines=lines,
                **given,
            )
        )
        self.world.tell("invoice.created", found, at=when)
        return found

    def finalize(self, invoice: str, *, at: int | None = None) -> Obj:
        when = moment(at)
        found = self._invoice(invoice, "draft")
        who = self.world.get("customer", found["customer"])
        found["number"] = f"{who['invoice_prefix']}-{who['next_invoice_sequence']:04d}"
        who["next_invoice_sequence"] += 1
        found["status"] = "open"
        found["effective_at"] = found["status_transitions"]["finalized_at"] = when
        if found["amount_due"] > 0:
            intent = self.world.add(
                money.payment_intent(
                    when,
                    amount=found["amount_due"],
                    currency=found["currency"],
                    customer=found["customer"],
                    invoice=invoice,
                    description=f"Payment for invoice {found['number']}",
                )
            )
            found["payment_intent"] = intent["id"]
        self.world.tell("invoice.finalized", found, at=when)
        return found

    def pay(self, invoice: str, *, at: int | None = None) -> Obj:
        when = moment(at)
        found = self._invoice(invoice, "open")
        if found["payment_intent"]:
            found["charge"] = self.capture(found["payment_intent"], at=when)["id"]
        found.update(status="paid", paid=True, attempted=True, amount_paid=found["amount_due"])
        found["amount_remaining"] = 0
        found["attempt_count"] += 1
        found["status_transitions"]["paid_at"] = when
        self.world.tell("invoice.paid", found, at=when)
        self.world.tell("invoice.payment_succeeded", found, at=when)
        return found

    def decline(self, invoice: str, *, at: int | None = None) -> Obj:
        when = moment(at)
        found = self._invoice(invoice, "open")
        charge = self.refuse(found["payment_intent"], at=when)
        found.update(attempted=True, charge=charge["id"])
        found["attempt_count"] += 1
        self.world.tell("invoice.payment_failed", found, at=when)
        return found

    def void(self, invoice: str, *, at: int | None = None) -> Obj:
        when = moment(at)
        found = self._invoice(invoice, "open")
        found["status"] = "void"
        found["status_transitions"]["voided_at"] = when
        self.world.tell("invoice.voided", found, at=when)
        return found

    def _invoice(self, identity: str, status: str) -> Obj:
        found = self.world.get("invoice", identity)
        if found["status"] != status:
            raise Refused(
                f"This invoice is {found['status']}; it must be {status} for that.",
                code="invoice_not_editable",
            )
        return found


def _period_end(start: int, interval: str | None) -> int:
    """The same day of the next month or year, or that month's last day."""
    moment_ = datetime.fromtimestamp(start, tz=UTC)
    months = {"month": 1, "year": 12}.get(interval or "")
    if months is None:
        days = {"day": 1, "week": 7}.get(interval or "", 30)
        return int((moment_ + timedelta(days=days)).timestamp())
    year, month = divmod(moment_.year * 12 + moment_.month - 1 + months, 12)
    for day in range(moment_.day, 27, -1):
        try:
            return int(moment_.replace(year=year, month=month + 1, day=day).timestamp())
        except ValueError:
            continue
    return int(moment_.replace(year=year, month=month + 1).timestamp())
