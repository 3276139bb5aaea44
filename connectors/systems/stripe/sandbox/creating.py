"""What a POST to ``/v1`` makes, from the forms that callers send."""

from __future__ import annotations

from typing import Any

from connectors.systems.stripe.sandbox import objects
from connectors.systems.stripe.sandbox.business import Business
from connectors.systems.stripe.sandbox.cash import Refused
from connectors.systems.stripe.sandbox.world import Obj, World, moment

Given = dict[str, Any]


class Creating:
    def __init__(self, world: World, business: Business) -> None:
        self._world = world
        self._business = business

    def customer(self, given: Given) -> Obj:
        return self._business.create_customer(**given)

    def product(self, given: Given) -> Obj:
        return self._business.create_product(name=given["name"], metadata=given.get("metadata"))

    def price(self, given: Given) -> Obj:
        recurring = given.get("recurring", {})
        return self._business.create_price(
            currency=given["currency"],
            unit_amount=int(given["unit_amount"]) if "unit_amount" in given else None,
            unit_amount_decimal=given.get("unit_amount_decimal"),
            interval=recurring.get("interval"),
            usage_type=recurring.get("usage_type"),
            meter=recurring.get("meter"),
            product=given.get("product"),
            nickname=given.get("nickname"),
            metadata=given.get("metadata"),
        )

    def subscription(self, given: Given) -> Obj:
        """Invoices that are sent stay open; others are charged at once."""
        items = [(item["price"], int(item.get("quantity", 1))) for item in given["items"]]
        return self._business.subscribe(
            customer=given["customer"],
            items=items,
            pays=None if given.get("collection_method") == "send_invoice" else True,
            metadata=given.get("metadata"),
        )

    def item(self, given: Given) -> Obj:
        """A line that waits for the customer's next invoice."""
        when = moment()
        self._world.get("customer", given["customer"])
        if given.get("subscription"):
            self._world.get("subscription", given["subscription"])
        period = given.get("period", {})
        item = objects.line(
            amount=int(given["amount"]),
            currency=given["currency"],
            description=given.get("description", ""),
            start=int(period.get("start", when)),
            end=int(period.get("end", when)),
            metadata=given.get("metadata"),
            tax_rates=[self._world.get("tax_rate", rate) for rate in given.get("tax_rates", [])],
        )
        return self._world.add(
            {
                **item,
                "id": item["id"].replace("il_", "ii_"),
                "object": "invoiceitem",
                "created": when,
                "customer": given["customer"],
                "invoice": None,
                "subscription": given.get("subscription"),
            }
        )

    def invoice(self, given: Given) -> Obj:
        return self._business.draft(
            customer=given["customer"],
            lines=self._business.waiting(given["customer"]),
            metadata=given.get("metadata"),
        )

    def credit_note(self, given: Given) -> Obj:
        self._says_where(given)
        return self._business.credit(
            given["invoice"],
            lines=_lines(given),
            refunds="refund_amount" in given,
            memo=given.get("memo"),
            metadata=given.get("metadata"),
        )

    def preview(self, given: Given) -> Obj:
        """The credit note that it would be; nothing is kept."""
        return self._business.note_of(given["invoice"], lines=_lines(given), at=moment())

    def _says_where(self, given: Given) -> None:
        """Of what is paid Stripe wants to hear, to the cent, where it goes."""
        if self._world.get("invoice", given["invoice"])["status"] != "paid":
            return
        total = self.preview(given)["total"]
        named = sum(int(given.get(name, 0)) for name in ("credit_amount", "refund_amount"))
        if named != total:
            raise Refused(
                f"The sum of credit amount, refund amount and out of band amount ({named}) must "
                f"equal the credit note amount ({total}).",
                code="credit_note_amount_invalid",
            )

    def intent(self, given: Given) -> Obj:
        made = self._business.create_intent(
            amount=int(given["amount"]),
            currency=given["currency"],
            customer=given.get("customer"),
            metadata=given.get("metadata"),
        )
        return self.confirm(made["id"]) if given.get("confirm") == "true" else made

    def confirm(self, identity: str) -> Obj:
        self._business.capture(identity)
        return self._world.get("payment_intent", identity)

    def refund(self, given: Given) -> Obj:
        charge = given.get("charge")
        if not charge:
            charge = self._world.get("payment_intent", given["payment_intent"])["latest_charge"]
        amount = int(given["amount"]) if "amount" in given else None
        return self._business.refund(
            charge, amount=amount, reason=given.get("reason"), metadata=given.get("metadata")
        )


def _lines(given: Given) -> list[tuple[str, int]]:
    return [(line["invoice_line_item"], int(line["amount"])) for line in given.get("lines", [])]
