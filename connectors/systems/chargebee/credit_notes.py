"""
Credit notes, and what of them settled invoices.

An *adjustment* note lowers the unpaid invoice that it refers to. A *refundable* one is of a paid
invoice: paid back at once when it comes with its refunds, else the customer's balance, of which
Chargebee tells exactly which invoice it settled (``allocations``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.contract import NeedsFetch, PayloadUnreadable
from connectors.systems.chargebee import billing, lines, wire
from connectors.systems.chargebee.heard import Heard
from connectors.systems.chargebee.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData

_WRITE_OFF: Final = "write_off"
# A note that is made to pay back names its refund at once; the two are seconds apart.
_AT_ONCE_S: Final = 300


def ignored(obj: Json) -> str:
    return "The credit note is over nothing." if obj.get("total") == 0 else ""


def standing(heard: Heard) -> Sequence[EventData]:
    """That it was issued, and whatever its state says beyond that."""
    obj = heard.of("credit_note")
    gone = wire.text(obj.get("status")) == "voided" or heard.kind == "credit_note_deleted"
    gone = gone or obj.get("deleted") is True
    if reason_of(obj) == _WRITE_OFF:
        if gone:
            raise PayloadUnreadable(
                f"The write-off {_name(obj)} was taken back: enter by hand that the invoice is "
                "owed again."
            )
        return [billing.written_off(heard)]
    told = [_issued(heard), *_applied(heard)]
    return [*told, _voided(heard)] if gone else told


def reason_of(obj: Json) -> str:
    """``create_reason_code`` is what the site calls it; its form is that of a code here."""
    said = wire.text(obj.get("create_reason_code")) or wire.text(obj.get("reason_code"))
    return said.strip().lower().replace(" ", "_").replace("-", "_")


def _name(obj: Json) -> str:
    return wire.text(obj.get("id"))


def _issued(heard: Heard) -> EventData:
    obj = heard.of("credit_note")
    if lines.is_cut_short(obj):
        raise NeedsFetch("The event holds only the first lines of the credit note.")
    read = lines.credited(obj)
    refs = {lines.mark(line["description"]).ref for line in read} - {""}
    total = wire.minor(obj.get("total"), field="total")
    return registry.read(
        "credit.issued/1",
        {
            "credit_id": _name(obj),
            "number": _name(obj),
            "customer_id": wire.text(obj.get("customer_id")),
            "invoice_id": wire.text(obj.get("reference_invoice_id")),
            "credit_type": _type(heard),
            "settles": settles(obj, total),
            "currency": wire.currency(obj.get("currency_code")),
            "issued_on": heard.day(obj.get("date"), field="date"),
            "lines": read,
            "total": total,
            "request_ref": refs.pop() if len(refs) == 1 else "",
            "reason": reason_of(obj).replace("_", " "),
            "legal_entity": heard.entity(obj),
        },
    )


def _type(heard: Heard) -> str:
    obj = heard.of("credit_note")
    reason = reason_of(obj) or "none"
    found = heard.pairs("credit_types").get(reason)
    if not found:
        raise PayloadUnreadable(
            f"Credit note {_name(obj)} has the reason “{reason}”: say in the connection which type "
            "of credit that is."
        )
    return found


def settles(obj: Json, total: int) -> str:
    """``invoice``, ``balance`` or ``refund``. Raises PayloadUnreadable for several at once."""
    kind = wire.text(obj.get("type"))
    if kind == "adjustment":
        return "invoice"
    if kind != "refundable":
        raise PayloadUnreadable(f"Credit note {_name(obj)} is of the type “{kind}”.")
    made = wire.first(obj.get("generated_at"), obj.get("date"))
    at_once = sum(
        wire.minor(one.get("applied_amount"), field="linked_refunds.applied_amount")
        for one in wire.items(obj.get("linked_refunds"))
        if _same_moment(made, wire.first(one.get("applied_at"), one.get("txn_date")))
    )
    if at_once == total:
        return "refund"
    if not at_once:
        return "balance"
    raise PayloadUnreadable(
        f"Credit note {_name(obj)} is paid back in part and kept in part; issue one note for each, "
        "so that each can be booked by itself."
    )


def _same_moment(made: object, refunded: object) -> bool:
    return (
        isinstance(made, int) and isinstance(refunded, int) and abs(made - refunded) <= _AT_ONCE_S
    )


def _applied(heard: Heard) -> Sequence[EventData]:
    """What of a balance settled which invoice; an adjustment has no other than its own."""
    obj = heard.of("credit_note")
    if wire.text(obj.get("type")) != "refundable":
        return ()
    code = wire.currency(obj.get("currency_code"))
    found = []
    for one in wire.items(obj.get("allocations")):
        invoice, at = wire.text(one.get("invoice_id")), one.get("allocated_at")
        data = {
            "credit_id": _name(obj),
            "application_id": f"{_name(obj)}-{invoice}-{at}",
            "invoice_id": invoice,
            "currency": code,
            "amount": wire.minor(one.get("allocated_amount"), field="allocations.allocated_amount"),
            "applied_on": heard.day(at, field="allocations.allocated_at"),
        }
        found.append(registry.read("credit.applied/1", data))
    return found


def _voided(heard: Heard) -> EventData:
    obj = heard.of("credit_note")
    at = wire.first(obj.get("voided_at"), heard.occurred)
    return registry.read(
        "credit.voided/1",
        {
            "credit_id": _name(obj),
            "voided_on": heard.day(at, field="voided_at"),
            "reason": "Voided in Chargebee.",
        },
    )
