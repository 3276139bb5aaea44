"""Customers, prices, and invoices from draft to payment or its end."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from connectors.systems.stripe.sandbox import money, objects
from connectors.systems.stripe.sandbox.cash import Refused
from connectors.systems.stripe.sandbox.claims import Claims
from connectors.systems.stripe.sandbox.world import Missing, Obj, moment
from revops.kernel.money import round_half_up

# The taxes of the demo company; their ids are mapped to accounts.
RATES: Final = {
    "8.25": "txr_us_ny",
    "7.25": "txr_us_ca",
    "20": "txr_uk_vat",
    "19": "txr_de_ust",
}


class Invoicing(Claims):
    """Operations on invoices; ``at`` as in ``business``."""

    def create_customer(self, *, at: int | None = None, **given: Any) -> Obj:
        found = self.world.add(objects.customer(moment(at), **given))
        self.world.tell("customer.created", found, at=found["created"])
        return found

    def update_customer(self, identity: str, *, at: int | None = None, **given: Any) -> Obj:
        found = self.world.get("customer", identity)
        changed = {key: value for key, value in given.items() if key in found}
        previous = {key: found[key] for key in changed}
        found.update(changed)
        self.world.tell("customer.updated", found, at=moment(at), previous=previous)
        return found

    def create_product(self, *, at: int | None = None, **given: Any) -> Obj:
        found = self.world.add(objects.product(moment(at), **given))
        self.world.tell("product.created", found, at=found["created"])
        return found

    def create_price(self, *, at: int | None = None, **given: Any) -> Obj:
        """The price, of a product of its own unless ``product`` names one."""
        if not given.get("product"):
            name = given.get("nickname") or "Plan"
            given["product"] = self.create_product(name=name, at=at)["id"]
        found = self.world.add(objects.price(moment(at), **given))
        self.world.tell("price.created", found, at=found["created"])
        return found

    def update_price(self, identity: str, *, at: int | None = None, **given: Any) -> Obj:
        """Name, metadata and whether it is active; amounts of a price never change."""
        found = self.world.get("price", identity)
        changed = {
            key: value for key, value in given.items() if key in ("active", "metadata", "nickname")
        }
        previous = {key: found[key] for key in changed}
        found.update(changed)
        self.world.tell("price.updated", found, at=moment(at), previous=previous)
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

    def waiting(self, customer: str, *, subscription: str = "") -> list[Obj]:
        """Lines that wait for the customer's next invoice; they are taken by it."""
        lines = []
        for item in self.world.all("invoiceitem"):
            meant = item["subscription"] or subscription
            if item["customer"] != customer or item["invoice"] or meant != subscription:
                continue
            item["invoice"] = "taken"
            hidden = ("created", "customer", "invoice")
            line = {key: value for key, value in item.items() if key not in hidden}
            line |= {"id": item["id"].replace("ii_", "il_"), "object": "line_item"}
            lines.append({**line, "invoice_item": item["id"]})
        return lines

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
                if line["tax_amounts"]:
                    continue
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
        self._use_balance(found, who, when)
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
        found = self._invoice(invoice, "open", "uncollectible")
        if found["payment_intent"] and found["amount_remaining"]:
            found["charge"] = self.capture(found["payment_intent"], at=when)["id"]
        # Of an invoice that gives back more than it asks for, nothing is paid.
        due = max(0, found["amount_due"])
        found.update(status="paid", paid=True, attempted=True, amount_paid=due)
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

    def overdue(self, invoice: str, *, at: int | None = None) -> Obj:
        """Its due day passed, and it is open. A final invoice is a fact: nothing of it changes."""
        when = moment(at)
        found = self._invoice(invoice, "open")
        self.world.tell("invoice.overdue", found, at=when)
        return found

    def write_off(self, invoice: str, *, at: int | None = None) -> Obj:
        """Marked uncollectible."""
        when = moment(at)
        found = self._invoice(invoice, "open")
        found["status"] = "uncollectible"
        found["status_transitions"]["marked_uncollectible_at"] = when
        self.world.tell("invoice.marked_uncollectible", found, at=when)
        return found

    def change_balance(
        self, customer: str, amount: int, *, kind: str, at: int | None = None, **given: Any
    ) -> Obj:
        """What the customer is owed (below zero) or owes."""
        who = self.world.get("customer", customer)
        who["balance"] += amount
        return self.world.add(
            money.balance_change(moment(at), customer=who, amount=amount, kind=kind, **given)
        )

    def _use_balance(self, invoice: Obj, who: Obj, when: int) -> None:
        """What the customer is owed settles the invoice first."""
        invoice["starting_balance"] = who["balance"]
        used = max(0, min(-who["balance"], invoice["total"]))
        if used:
            self.change_balance(
                who["id"],
                used,
                kind="applied_to_invoice",
                invoice=invoice["id"],
                currency=invoice["currency"],
                at=when,
            )
            invoice["amount_due"] -= used
            invoice["amount_remaining"] -= used
        invoice["ending_balance"] = who["balance"]

    def _invoice(self, identity: str, *status: str) -> Obj:
        found = self.world.get("invoice", identity)
        if found["status"] not in status:
            raise Refused(
                f"This invoice is {found['status']}; it must be {' or '.join(status)} for that.",
                code="invoice_not_editable",
            )
        return found
