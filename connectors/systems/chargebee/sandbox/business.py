"""
What a business does with Chargebee: customers, item prices, subscriptions, invoices. Each operation
changes the world and tells of it in events. ``at`` is the moment in epoch seconds (None: now).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from connectors.systems.chargebee.sandbox import entitling
from connectors.systems.chargebee.sandbox.money import Money
from connectors.systems.chargebee.sandbox.world import Obj, Refused, moment, new_id
from revops.kernel.money import round_half_up

_DAY: Final = 86400
_PERIODS: Final = {"month": 30 * _DAY, "year": 365 * _DAY}
_UNPAID: Final = ("posted", "payment_due", "not_paid")

# How a subscription is taxed: Chargebee works that out, the sandbox is told.
NOTED_TAX: Final = "_taxed"


class Business(Money):
    def create_customer(self, *, at: int | None = None, id: str = "", **given: Any) -> Obj:
        when = moment(at)
        made = self.world.add(
            "customer",
            {
                "object": "customer",
                "id": id or new_id("cb"),
                "created_at": when,
                "auto_collection": "on",
                "taxability": "taxable",
                "deleted": False,
                **{name: value for name, value in given.items() if value},
            },
            at=when,
        )
        self.world.tell("customer_created", at=when, customer=made)
        return made

    def change_customer(self, customer: str, *, at: int | None = None, **given: Any) -> Obj:
        when = moment(at)
        found = self.world.touch(self.world.get("customer", customer), at=when)
        found.update(given)
        self.world.tell("customer_changed", at=when, customer=found)
        return found

    def item_price(self, *, id: str, at: int | None = None, **given: Any) -> Obj:
        """The item price of that id, with its item; made when there is none."""
        if id in self.world.held.get("item_price", {}):
            return self.world.get("item_price", id)
        when, item = moment(at), given.pop("item", id.split("-")[0])
        if item not in self.world.held.get("item", {}):
            of = {"object": "item", "id": item, "name": item.title(), "status": "active"}
            made = self.world.add("item", of | {"type": given.get("item_type", "plan")}, at=when)
            self.world.tell("item_created", at=when, item=made)
        price = {
            "object": "item_price",
            "id": id,
            "name": id,
            "item_id": item,
            "status": "active",
            "item_type": "plan",
            "pricing_model": "per_unit",
            "currency_code": "USD",
            "period": 1,
            "period_unit": "month",
            **{name: value for name, value in given.items() if value is not None},
        }
        made = self.world.add("item_price", price, at=when)
        self.world.tell("item_price_created", at=when, item_price=made)
        return made

    def subscribe(
        self,
        customer: str,
        *,
        items: list[tuple[str, int]],
        tax_rate: str = "0",
        tax_name: str = "Sales tax",
        pays: bool | None = True,
        net_term_days: int = 0,
        at: int | None = None,
        id: str = "",
        **given: Any,
    ) -> Obj:
        """With its first invoice: paid, declined (False) or open (None)."""
        when, who = moment(at), self.world.get("customer", customer)
        prices = [self.world.get("item_price", price) for price, _ in items]
        span = _PERIODS[prices[0].get("period_unit", "month")]
        made = self.world.add(
            "subscription",
            {
                "object": "subscription",
                "id": id or new_id("sub"),
                "customer_id": who["id"],
                "status": "active",
                "currency_code": prices[0]["currency_code"],
                "billing_period": 1,
                "billing_period_unit": prices[0].get("period_unit", "month"),
                "created_at": when,
                "started_at": when,
                "activated_at": when,
                "current_term_start": when,
                "current_term_end": when + span,
                "next_billing_at": when + span,
                "subscription_items": self._items(items),
                "deleted": False,
                "net_term_days": net_term_days,
                NOTED_TAX: [tax_name, tax_rate],
                **({"business_entity_id": who["business_entity_id"]}
                   if who.get("business_entity_id") else {}),
                **{name: value for name, value in given.items() if value},
            },
            at=when,
        )  # fmt: skip
        self.world.tell("subscription_created", at=when, subscription=shown(made), customer=who)
        if entitling.of_subscription(self.world, made["id"]):
            entitling.tell(self.world, made["id"], at=when, kind=entitling.CREATED)
        self.bill(made, pays=pays, at=when)
        return made

    def bill(self, subscription: Obj, *, pays: bool | None, at: int) -> Obj:
        """The invoice of a term, with the charges that waited for it."""
        start, end = subscription["current_term_start"], subscription["current_term_end"]
        lines = [
            self.line(
                entity=item["item_price_id"], amount=item["amount"], quantity=item["quantity"],
                start=start, end=end, subscription=subscription["id"],
                kind=f"{item['item_type']}_item_price",
            )
            for item in subscription["subscription_items"]
        ]  # fmt: skip
        waiting = self.world.held.get("unbilled_charge", {})
        mine = [one for one in waiting.values() if one["subscription_id"] == subscription["id"]]
        for charge in mine:
            lines.append({**charge, "object": "line_item"})
            del waiting[charge["id"]]
        name, rate = subscription[NOTED_TAX]
        return self.invoice(
            subscription["customer_id"], lines=lines, tax_name=name, tax_rate=rate, pays=pays,
            subscription=subscription["id"], due_in=subscription["net_term_days"], at=at,
            currency=subscription["currency_code"],
        )  # fmt: skip

    def invoice(
        self,
        customer: str,
        *,
        lines: list[Obj],
        currency: str,
        tax_name: str = "Sales tax",
        tax_rate: str = "0",
        subscription: str = "",
        pays: bool | None = None,
        due_in: int = 0,
        at: int | None = None,
    ) -> Obj:
        when, who = moment(at), self.world.get("customer", customer)
        taxes = []
        for line in lines:
            line["tax_amount"] = round_half_up(Decimal(line["amount"]) * Decimal(tax_rate) / 100)
            line["tax_rate"] = float(tax_rate)
            if line["tax_amount"]:
                taxes.append(tax_of(line, tax_name))
        sub_total, tax = (sum(line[name] for line in lines) for name in ("amount", "tax_amount"))
        made = self.world.add(
            "invoice",
            {
                "object": "invoice",
                "id": f"CB-{self.world.number('invoice'):06d}",
                "customer_id": customer,
                **({"subscription_id": subscription} if subscription else {}),
                **({"business_entity_id": who["business_entity_id"]}
                   if who.get("business_entity_id") else {}),
                "recurring": bool(subscription),
                "status": "posted" if due_in else "payment_due",
                "price_type": "tax_exclusive",
                "date": when,
                "due_date": when + due_in * _DAY,
                "generated_at": when,
                "currency_code": currency,
                "sub_total": sub_total,
                "tax": tax,
                "total": sub_total + tax,
                "amount_due": sub_total + tax,
                "amount_paid": 0,
                "amount_adjusted": 0,
                "write_off_amount": 0,
                "credits_applied": 0,
                "round_off_amount": 0,
                "line_items": lines,
                "line_item_taxes": taxes,
                "line_item_discounts": [],
                "discounts": [],
                "linked_payments": [],
                "applied_credits": [],
                "billing_address": {"company": who.get("company", "")},
                "deleted": False,
            },
            at=when,
        )  # fmt: skip
        self.use_balance(made, at=when)
        self.world.tell("invoice_generated", at=when, invoice=made)
        if made["amount_due"] and pays is not None:
            (self.pay if pays else self.decline)(made["id"], at=when)
        return made

    def line(
        self, *, entity: str, amount: int, quantity: int = 1, start: int, end: int,
        subscription: str = "", kind: str = "charge_item_price", description: str = "",
    ) -> Obj:  # fmt: skip
        return {
            "object": "line_item",
            "id": new_id("li"),
            **({"subscription_id": subscription} if subscription else {}),
            "date_from": start,
            "date_to": end,
            "unit_amount": amount // (quantity or 1),
            "quantity": quantity,
            "amount": amount,
            "discount_amount": 0,
            "item_level_discount_amount": 0,
            "pricing_model": "per_unit",
            "is_taxed": True,
            "description": description or entity,
            "entity_type": kind if entity else "adhoc",
            **({"entity_id": entity} if entity else {}),
        }

    def change(
        self, subscription: str, *, items: list[tuple[str, int]], pays: bool | None = True,
        at: int | None = None,
    ) -> Obj:  # fmt: skip
        """At once, without credit for the rest of the term: the next term bills the new items."""
        when = moment(at)
        found = self.world.touch(self.world.get("subscription", subscription), at=when)
        found["subscription_items"] = self._items(items)
        self.world.tell("subscription_changed", at=when, subscription=shown(found))
        return found

    def renew(self, subscription: str, *, pays: bool | None = True, at: int | None = None) -> Obj:
        when = moment(at)
        found = self.world.touch(self.world.get("subscription", subscription), at=when)
        span = found["current_term_end"] - found["current_term_start"]
        begins = found["current_term_end"]
        found.update(current_term_start=begins, current_term_end=begins + span)
        found["next_billing_at"] = begins + span
        self.world.tell("subscription_renewed", at=when, subscription=shown(found))
        return self.bill(found, pays=pays, at=when)

    def turn(self, subscription: str, kind: str, *, at: int | None = None, **values: Any) -> Obj:
        """Pause, resume or cancel: the state in ``values``, the event in ``kind``."""
        when = moment(at)
        found = self.world.touch(self.world.get("subscription", subscription), at=when)
        found.update(values)
        self.world.tell(kind, at=when, subscription=shown(found))
        return found

    def void(self, invoice: str, *, at: int | None = None) -> Obj:
        when, found = moment(at), self.world.get("invoice", invoice)
        if found["status"] not in _UNPAID:
            raise Refused("Only unpaid invoices can be voided.", "invalid_state_for_request")
        self.world.touch(found, at=when).update(status="voided", voided_at=when, amount_due=0)
        self.world.tell("invoice_updated", at=when, invoice=found)
        return found

    def _items(self, items: list[tuple[str, int]]) -> list[Obj]:
        found = []
        for name, quantity in items:
            price = self.world.get("item_price", name)
            unit = price.get("price", 0)
            found.append(
                {
                    "object": "subscription_item",
                    "item_price_id": name,
                    "item_type": price.get("item_type", "plan"),
                    "quantity": quantity,
                    "unit_price": unit,
                    "amount": unit * quantity,
                }
            )
        return found


def tax_of(line: Obj, name: str) -> Obj:
    return {
        "object": "line_item_tax",
        "line_item_id": line["id"],
        "tax_name": name,
        "tax_rate": line["tax_rate"],
        "taxable_amount": line["amount"],
        "tax_amount": line["tax_amount"],
        "is_partial_tax_applied": False,
        "is_non_compliance_tax": False,
        "tax_juris_type": "state",
        "tax_juris_name": name,
    }


def shown(subscription: Obj) -> Obj:
    """Without what the sandbox notes for itself; what Chargebee itself calls tax stays."""
    return {name: value for name, value in subscription.items() if name != NOTED_TAX}
