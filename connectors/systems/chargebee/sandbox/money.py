"""Payments, refunds and credit notes of the sandbox."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.systems.chargebee.sandbox.world import Obj, Refused, World, moment, new_id
from revops.kernel.money import allocate, round_half_up


class Money:
    def __init__(self, world: World) -> None:
        self.world = world

    def pay(self, invoice: str, *, amount: int | None = None, at: int | None = None) -> Obj:
        when, found = moment(at), self.world.get("invoice", invoice)
        if not found["amount_due"]:
            raise Refused("There is nothing due on the invoice.", "invalid_state_for_request")
        paid = found["amount_due"] if amount is None else min(int(amount), found["amount_due"])
        made = self._transaction(found, "payment", paid, at=when)
        made["linked_invoices"] = [link(found, paid, when)]
        self._settled(found, paid=paid, at=when)
        found["linked_payments"].append({"txn_id": made["id"], "applied_amount": paid})
        self.world.tell("payment_succeeded", at=when, transaction=made, invoice=found)
        self.world.tell("invoice_updated", at=when, invoice=found)
        return made

    def decline(self, invoice: str, *, at: int | None = None) -> Obj:
        when, found = moment(at), self.world.get("invoice", invoice)
        made = self._transaction(found, "payment", found["amount_due"], at=when, status="failure")
        made.update(error_code="card_declined", error_text="Your card was declined.")
        made["linked_invoices"] = [link(found, 0, when)]
        self.world.tell("payment_failed", at=when, transaction=made, invoice=found)
        return made

    def come_back(self, payment: str, *, at: int | None = None) -> Obj:
        """A direct debit that had counted fails late, and the invoice is owed again."""
        when, found = moment(at), self.world.get("transaction", payment)
        self.world.touch(found, at=when).update(
            status="late_failure", error_text="Insufficient funds.", voided_at=when
        )
        for one in found["linked_invoices"]:
            invoice = self.world.get("invoice", one["invoice_id"])
            self.world.touch(invoice, at=when).update(status="not_paid")
            invoice["amount_paid"] -= one["applied_amount"]
            invoice["amount_due"] += one["applied_amount"]
            invoice.pop("paid_at", None)
        self.world.tell("payment_failed", at=when, transaction=found)
        return found

    def credit(
        self,
        invoice: str,
        *,
        lines: list[tuple[str, int, str]],
        kind: str = "",
        reason: str = "product_unsatisfactory",
        refunds: bool = False,
        at: int | None = None,
    ) -> Obj:
        """``lines``: invoice line, net amount, text. Of a paid invoice it is refundable."""
        when, found = moment(at), self.world.get("invoice", invoice)
        unpaid = found["status"] in ("posted", "payment_due", "not_paid")
        wanted = "adjustment" if unpaid else "refundable"
        if (kind or wanted) != wanted or found["status"] in ("voided", "pending"):
            said = f"Credit notes of type {kind} cannot be created for this invoice."
            raise Refused(said, "invalid_state_for_request", param="type")
        made = self._note(found, lines, wanted, reason, at=when)
        if unpaid and made["total"] > found["amount_due"]:
            said = "The credit note's total is more than the amount due."
            raise Refused(said, "param_wrong_value", param="line_items[amount]")
        self.world.add("credit_note", made, at=when)
        if unpaid:
            made.update(status="adjusted", amount_allocated=made["total"], amount_available=0)
            made["allocations"] = [allocation(found, made["total"], when)]
            self._settled(found, adjusted=made["total"], at=when)
            if reason == "write_off":
                found["write_off_amount"] += made["total"]
        paid = self._refund(found, made, at=when) if refunds and not unpaid else None
        self.world.tell("credit_note_created", at=when, credit_note=made)
        self.world.tell("invoice_updated", at=when, invoice=found)
        if paid is not None:
            self.world.tell("payment_refunded", at=when, transaction=paid, credit_note=made)
        return made

    def void_credit(self, note: str, *, at: int | None = None) -> Obj:
        when, found = moment(at), self.world.get("credit_note", note)
        if found["amount_refunded"] or found["status"] == "voided":
            raise Refused("The credit note cannot be voided.", "invalid_state_for_request")
        for one in found["allocations"]:
            invoice = self.world.get("invoice", one["invoice_id"])
            self.world.touch(invoice, at=when)
            invoice["amount_due"] += one["allocated_amount"]
            invoice["amount_adjusted"] -= one["allocated_amount"]
            invoice["status"] = "payment_due"
        self.world.touch(found, at=when).update(status="voided", voided_at=when)
        found.update(amount_available=0, amount_allocated=0)
        self.world.tell("credit_note_updated", at=when, credit_note=found)
        return found

    def use_balance(self, invoice: Obj, *, at: int) -> None:
        """A new invoice takes what the customer's refundable notes hold, the oldest first."""
        for note in self.world.all("credit_note"):
            left = note["amount_available"]
            mine = note["customer_id"] == invoice["customer_id"]
            if not left or not mine or note["currency_code"] != invoice["currency_code"]:
                continue
            used = min(left, invoice["amount_due"])
            if not used:
                return
            self.world.touch(note, at=at)
            note["amount_available"] -= used
            note["amount_allocated"] += used
            note["allocations"].append(allocation(invoice, used, at))
            if not note["amount_available"]:
                note["status"] = "adjusted"
            self._settled(invoice, credited=used, at=at)
            self.world.tell("credit_note_updated", at=at, credit_note=note)

    def _refund(self, invoice: Obj, note: Obj, *, at: int) -> Obj:
        payment = invoice["linked_payments"][-1]["txn_id"]
        made = self._transaction(invoice, "refund", note["total"], at=at)
        made.update(refunded_txn_id=payment, linked_credit_notes=[
            {"cn_id": note["id"], "applied_amount": note["total"],
             "cn_create_reason_code": note["create_reason_code"]},
        ])  # fmt: skip
        note.update(status="refunded", amount_refunded=note["total"], amount_available=0)
        paid = {"txn_id": made["id"], "applied_amount": note["total"], "applied_at": at}
        note["linked_refunds"] = [{**paid, "txn_date": at}]
        return made

    def _note(
        self, invoice: Obj, wanted: list[tuple[str, int, str]], kind: str, reason: str, *, at: int
    ) -> Obj:
        by_id = {line["id"]: line for line in invoice["line_items"]}
        taxes = {one["line_item_id"]: one for one in invoice["line_item_taxes"]}
        lines, told = [], []
        for identity, amount, text in wanted:
            source = by_id.get(identity)
            if source is None or amount > source["amount"]:
                raise Refused(
                    "The line's amount is more than what can be credited.",
                    "param_wrong_value", param="line_items[amount]",
                )  # fmt: skip
            tax = round_half_up(Decimal(amount) * Decimal(str(source["tax_rate"])) / 100)
            line: Obj = {
                **source, "id": new_id("cnli"), "reference_line_item_id": identity,
                "amount": amount, "tax_amount": tax, "description": text or source["description"],
            }  # fmt: skip
            lines.append(line)
            if tax:
                told.append({**taxes[identity], "line_item_id": line["id"], "tax_amount": tax})
        sub_total = sum(line["amount"] for line in lines)
        tax = sum(line["tax_amount"] for line in lines)
        return {
            "object": "credit_note",
            "id": f"CBN-{self.world.number('credit_note'):06d}",
            "customer_id": invoice["customer_id"],
            "reference_invoice_id": invoice["id"],
            **{name: invoice[name] for name in ("subscription_id", "business_entity_id")
               if name in invoice},
            "type": kind,
            "create_reason_code": reason,
            "status": "refund_due",
            "date": at,
            "generated_at": at,
            "price_type": "tax_exclusive",
            "currency_code": invoice["currency_code"],
            "sub_total": sub_total,
            "total": sub_total + tax,
            "amount_allocated": 0,
            "amount_refunded": 0,
            "amount_available": sub_total + tax,
            "round_off_amount": 0,
            "line_items": lines,
            "line_item_taxes": told,
            "line_item_discounts": [],
            "discounts": [],
            "taxes": [{"name": one["tax_name"], "amount": one["tax_amount"]} for one in told],
            "linked_refunds": [],
            "allocations": [],
            "deleted": False,
        }  # fmt: skip

    def write_off(self, invoice: str, *, at: int | None = None) -> Obj:
        """All that is due, over the lines in proportion."""
        found = self.world.get("invoice", invoice)
        due, lines = found["amount_due"], found["line_items"]
        share = Decimal(due) / Decimal(found["total"])
        net = round_half_up(Decimal(found["sub_total"]) * share)
        parts = allocate(net, [line["amount"] for line in lines])
        wanted = [(line["id"], part, "") for line, part in zip(lines, parts, strict=True)]
        return self.credit(invoice, lines=wanted, reason="write_off", at=at)

    def _settled(
        self, invoice: Obj, *, at: int, paid: int = 0, adjusted: int = 0, credited: int = 0
    ) -> None:
        self.world.touch(invoice, at=at)
        invoice["amount_paid"] += paid
        invoice["amount_adjusted"] += adjusted
        invoice["credits_applied"] += credited
        invoice["amount_due"] -= paid + adjusted + credited
        if not invoice["amount_due"]:
            invoice.update(status="paid", paid_at=at)

    def _transaction(
        self, invoice: Obj, kind: str, amount: int, *, at: int, status: str = "success"
    ) -> Obj:
        made: dict[str, Any] = {
            "object": "transaction",
            "id": new_id("txn"),
            "customer_id": invoice["customer_id"],
            **{name: invoice[name] for name in ("business_entity_id",) if name in invoice},
            "payment_method": "card",
            "gateway": "chargebee",
            "type": kind,
            "status": status,
            "date": at,
            "currency_code": invoice["currency_code"],
            "amount": amount,
            "amount_unused": 0,
            "linked_invoices": [],
            "deleted": False,
        }
        return self.world.add("transaction", made, at=at)


def link(invoice: Obj, amount: int, at: int) -> Obj:
    return {
        "invoice_id": invoice["id"], "applied_amount": amount, "applied_at": at,
        "invoice_date": invoice["date"], "invoice_total": invoice["total"],
        "invoice_status": invoice["status"],
    }  # fmt: skip


def allocation(invoice: Obj, amount: int, at: int) -> Obj:
    return {
        "invoice_id": invoice["id"], "allocated_amount": amount, "allocated_at": at,
        "invoice_date": invoice["date"], "invoice_status": invoice["status"],
    }  # fmt: skip
