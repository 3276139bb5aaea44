"""
The states of an invoice, as business events.

An invoice is announced by every one of its final states with the same content, so that a lost
webhook leaves no payment without its invoice. Void and deletion are the same in the books.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.contract import NeedsFetch, PayloadUnreadable
from connectors.systems.chargebee import lines, wire
from connectors.systems.chargebee.heard import Heard
from connectors.systems.chargebee.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData

_UNPAID: Final = ("payment_due", "not_paid")
FINAL: Final = ("posted", "paid", "voided", *_UNPAID)


def ignored(obj: Json) -> str:
    if wire.text(obj.get("status")) == "pending":
        return "The invoice is pending; it counts once it is closed."
    return ""


def standing(heard: Heard) -> Sequence[EventData]:
    """
    That it was issued, and whatever its state says beyond that. Raises NeedsFetch when the event
    holds only some of its lines.
    """
    obj = heard.of("invoice")
    status = wire.text(obj.get("status"))
    if status not in FINAL:
        raise PayloadUnreadable(f"The invoice's “status” “{status}” is not one that is known.")
    told = [issued(heard)]
    if status == "voided" or heard.kind == "invoice_deleted" or obj.get("deleted") is True:
        return [*told, _voided(heard)]
    if status == "paid" and not is_written_off(obj):
        return [*told, _paid(heard)]
    if status in _UNPAID and obj.get("due_date") is not None:
        due = heard.day(obj.get("due_date"), field="due_date")
        if due < heard.day(heard.occurred, field="occurred_at"):
            told.append(_overdue(heard))
    return told


def issued(heard: Heard) -> EventData:
    obj = heard.of("invoice")
    if lines.is_cut_short(obj):
        raise NeedsFetch("The event holds only the first lines of the invoice.")
    due = obj.get("due_date")
    identity = wire.text(obj.get("id"))
    read = lines.read(obj, heard.zone)
    for line in read:
        line.setdefault("sku", lines.ROUNDING)
    return registry.read(
        "invoice.issued/1",
        {
            # Chargebee's id is the number that is printed on the invoice.
            "invoice_id": identity,
            "number": identity,
            "customer_id": wire.text(obj.get("customer_id")),
            "subscription_id": wire.text(obj.get("subscription_id")),
            "currency": wire.currency(obj.get("currency_code")),
            "issued_on": heard.day(obj.get("date"), field="date"),
            "due_on": None if due is None else heard.day(due, field="due_date"),
            "lines": read,
            "total": wire.minor(obj.get("total"), field="total"),
            "legal_entity": heard.entity(obj),
        },
    )


def is_written_off(obj: Json) -> bool:
    """Chargebee calls an invoice paid, too, of which the rest was written off."""
    return wire.maybe_minor(obj.get("write_off_amount"), field="write_off_amount") > 0


def _paid(heard: Heard) -> EventData:
    obj = heard.of("invoice")
    return registry.read(
        "invoice.paid/1",
        {
            "invoice_id": wire.text(obj.get("id")),
            "paid_on": heard.day(wire.first(obj.get("paid_at"), heard.occurred), field="paid_at"),
            "amount_paid": wire.maybe_minor(obj.get("amount_paid"), field="amount_paid"),
            "currency": wire.currency(obj.get("currency_code")),
        },
    )


def _voided(heard: Heard) -> EventData:
    obj = heard.of("invoice")
    deleted = wire.text(obj.get("status")) != "voided"
    at = wire.first(obj.get("voided_at"), heard.occurred)
    said = wire.text(obj.get("void_reason_code")).replace("_", " ")
    return registry.read(
        "invoice.voided/1",
        {
            "invoice_id": wire.text(obj.get("id")),
            "voided_on": heard.day(at, field="voided_at"),
            "reason": said or f"{'Deleted' if deleted else 'Voided'} in Chargebee.",
        },
    )


def _overdue(heard: Heard) -> EventData:
    obj = heard.of("invoice")
    return registry.read(
        "invoice.overdue/1",
        {
            "invoice_id": wire.text(obj.get("id")),
            "due_on": heard.day(obj.get("due_date"), field="due_date"),
            "open_amount": wire.minor(obj.get("amount_due"), field="amount_due"),
            "currency": wire.currency(obj.get("currency_code")),
        },
    )


def written_off(heard: Heard) -> EventData:
    """
    A credit note that Chargebee itself makes when an invoice is written off. What that is in the
    books it does not ask: the connection says it.
    """
    note = heard.of("credit_note")
    return registry.read(
        "invoice.written_off/1",
        {
            "invoice_id": wire.text(note.get("reference_invoice_id")),
            "written_off_on": heard.day(note.get("date"), field="date"),
            "cause": heard.said("write_off_cause"),
            "tax_relief": heard.said("write_off_relief"),
            "reason": "Written off in Chargebee.",
        },
    )
