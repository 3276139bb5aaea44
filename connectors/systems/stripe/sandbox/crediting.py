"""Credit notes, and what customers are entitled to."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from connectors.systems.stripe.sandbox import objects
from connectors.systems.stripe.sandbox.cash import Refused
from connectors.systems.stripe.sandbox.invoicing import Invoicing
from connectors.systems.stripe.sandbox.world import Obj, moment, new_id
from revops.kernel.money import round_half_up

_SUMMARY = "entitlements.active_entitlement_summary"
_HOLD = "hold"


class Crediting(Invoicing):
    """Operations on credits; ``at`` as in ``business``."""

    def credit(
        self,
        invoice: str,
        *,
        lines: Sequence[tuple[str, int]] = (),
        refunds: bool = False,
        reason: str | None = None,
        memo: str | None = None,
        metadata: Obj | None = None,
        at: int | None = None,
    ) -> Obj:
        """
        A credit note over (invoice line, net amount), all of the invoice when none is given. It
        lowers an open invoice; of a paid one it becomes the customer's balance, or a refund.
        """
        when = moment(at)
        note = self.note_of(
            invoice, lines=lines, reason=reason, memo=memo, metadata=metadata, at=when
        )
        found = self.world.get("invoice", invoice)
        self.world.add(note)
        refund = self._settle(found, note, refunds=refunds, at=when)
        self.world.tell("credit_note.created", note, at=when)
        if refund is not None:
            self.tell_refund(refund, at=when)
        if found["status"] == "open" and not found["amount_remaining"]:
            found.update(status="paid", paid=True)
            found["status_transitions"]["paid_at"] = when
            self.world.tell("invoice.paid", found, at=when)
        return note

    def note_of(
        self, invoice: str, *, lines: Sequence[tuple[str, int]], at: int, **given: Any
    ) -> Obj:
        """The note that would be made; nothing is kept yet."""
        found = self._invoice(invoice, "open", "paid")
        if invoice in self.world.objects.get(_HOLD, {}):
            raise Refused(f"Invoice {found['number']} is under review: nothing can be credited.")
        known = {line["id"]: line for line in found["lines"]["data"]}
        wanted = lines or [(line["id"], line["amount"]) for line in known.values()]
        if any(line not in known for line, _ in wanted):
            raise Refused("There is no such line on the invoice.", code="resource_missing")
        number = sum(1 for note in self.world.all("credit_note") if note["invoice"] == invoice) + 1
        note = objects.credit_note(
            at,
            invoice=found,
            lines=[_credited(known[line], int(amount)) for line, amount in wanted],
            number=f"{found['number']}-CN-{number:02d}",
            **given,
        )
        self._check(found, note)
        return note

    def hold(self, invoice: str) -> Obj:
        """Nothing is credited of the invoice until ``release``; stands for any refusal of notes."""
        return self.world.add({"object": _HOLD, "id": self._invoice(invoice, "open", "paid")["id"]})

    def release(self, invoice: str) -> None:
        self.world.get(_HOLD, invoice)
        del self.world.objects[_HOLD][invoice]
        self.world.changed = True

    def void_credit(self, note: str, *, at: int | None = None) -> Obj:
        when = moment(at)
        found = self.world.get("credit_note", note)
        if found["status"] == "void" or not found["pre_payment_amount"]:
            raise Refused("You can only void a credit note of an open invoice.")
        invoice = self._invoice(found["invoice"], "open")
        invoice["amount_remaining"] += found["total"]
        invoice["amount_due"] += found["total"]
        found.update(status="void", voided_at=when)
        self.world.tell("credit_note.voided", found, at=when)
        return found

    def entitle(self, customer: str, features: Sequence[str], *, at: int | None = None) -> Obj:
        """What the customer may use from now on, by lookup key."""
        summary = self.world.objects.get(_SUMMARY, {}).get(customer)
        if summary is None:
            url = f"/v1/entitlements/active_entitlements?customer={customer}"
            summary = {
                "id": customer,
                "object": _SUMMARY,
                "customer": customer,
                "entitlements": objects.listed(url, []),
                "livemode": False,
            }
            self.world.add(summary)
        before = copy.deepcopy(summary["entitlements"])
        held = {item["lookup_key"]: item for item in before["data"]}
        summary["entitlements"]["data"] = [
            held.get(feature)
            or {
                "id": new_id("ent"),
                "object": "entitlements.active_entitlement",
                "feature": f"feat_{feature}",
                "livemode": False,
                "lookup_key": feature,
            }
            for feature in features
        ]
        told = {key: value for key, value in summary.items() if key != "id"}
        self.world.tell(
            f"{_SUMMARY}.updated", told, at=moment(at), previous={"entitlements": before}
        )
        return summary

    def _check(self, invoice: Obj, note: Obj) -> None:
        total = note["total"]
        credited = sum(
            other["total"]
            for other in self.world.all("credit_note")
            if other["invoice"] == invoice["id"] and other["status"] == "issued"
        )
        if total <= 0 or credited + total > invoice["total"]:
            raise Refused(
                f"The amount of the credit note ({total}) exceeds what is left of the invoice "
                f"({invoice['total'] - credited}).",
                code="credit_note_amount_invalid",
            )
        if invoice["status"] == "open" and total > invoice["amount_remaining"]:
            raise Refused("Part of this invoice is paid; the sandbox credits one part at a time.")

    def _settle(self, invoice: Obj, note: Obj, *, refunds: bool, at: int) -> Obj | None:
        """Where the credit goes; the refund when it is one."""
        total = note["total"]
        if invoice["status"] == "open":
            note.update(type="pre_payment", pre_payment_amount=total)
            invoice["amount_remaining"] -= total
            invoice["amount_due"] -= total
            return None
        note["post_payment_amount"] = total
        if refunds:
            refund = self.give_back(invoice["charge"], amount=total, at=at)
            note["refund"] = refund["id"]
            return refund
        change = self.change_balance(
            invoice["customer"],
            -total,
            kind="credit_note",
            credit_note=note["id"],
            currency=note["currency"],
            at=at,
        )
        note["customer_balance_transaction"] = change["id"]
        return None


def _credited(line: Obj, amount: int) -> Obj:
    """A line of the note; its taxes at the rates of the invoice, all of them for all of it."""
    if not 0 < amount <= line["amount"]:
        raise Refused(
            f"The line has {line['amount']} to credit.", code="credit_note_amount_invalid"
        )
    taxes = [
        {
            **tax,
            "amount": round_half_up(Decimal(tax["amount"]) * amount / line["amount"]),
            "taxable_amount": amount,
        }
        for tax in line["tax_amounts"]
    ]
    return objects.credit_line(line=line, amount=amount, taxes=taxes)
