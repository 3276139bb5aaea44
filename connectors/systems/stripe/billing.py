"""The states of an invoice, as business events."""

from __future__ import annotations

from typing import Any, Final

from connectors.systems.stripe import lines, wire
from connectors.systems.stripe.heard import Heard
from connectors.systems.stripe.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData

FINAL: Final = ("open", "paid", "void", "uncollectible")


def invoice_issued(obj: Json, zone: str) -> EventData:
    """
    The invoice as it was made final. Every later event of the invoice carries the same content,
    so that it may announce the invoice again (localstripe and lost webhooks never announce it
    otherwise).
    """
    code = wire.currency(obj.get("currency"))
    due = obj.get("due_date")
    identity = wire.ref(obj)
    return registry.read(
        "invoice.issued/1",
        {
            "invoice_id": identity,
            # Versions of old and some fakes give no number; the id is then what people can quote.
            "number": wire.text(obj.get("number")) or identity,
            "customer_id": wire.ref(obj.get("customer")),
            "subscription_id": _subscription(obj),
            "currency": code,
            "issued_on": wire.day(finalized(obj), zone, field="status_transitions.finalized_at"),
            "due_on": None if due is None else wire.day(due, zone, field="due_date"),
            "lines": lines.read(obj, code, zone),
            "total": wire.minor(obj.get("total"), code, field="total"),
            "legal_entity": wire.entity(
                obj,
                obj.get("subscription_details"),
                wire.part(obj.get("parent")).get("subscription_details"),
            ),
        },
    )


def is_cut_short(obj: Json) -> bool:
    """Events hold the first lines of a long invoice only; our poll reads the others."""
    return wire.part(obj.get("lines")).get("has_more") is True


def invoice_paid(obj: Json, zone: str, created: int) -> EventData:
    code = wire.currency(obj.get("currency"))
    paid_at = wire.first(_transition(obj, "paid_at"), created)
    return registry.read(
        "invoice.paid/1",
        {
            "invoice_id": wire.ref(obj),
            "paid_on": wire.day(paid_at, zone, field="status_transitions.paid_at"),
            "amount_paid": wire.minor(obj.get("amount_paid"), code, field="amount_paid"),
            "currency": code,
        },
    )


def invoice_voided(obj: Json, zone: str, created: int) -> EventData:
    voided_at = wire.first(_transition(obj, "voided_at"), created)
    return registry.read(
        "invoice.voided/1",
        {
            "invoice_id": wire.ref(obj),
            "voided_on": wire.day(voided_at, zone, field="status_transitions.voided_at"),
            "reason": "Voided in Stripe.",
        },
    )


def invoice_overdue(obj: Json, zone: str) -> EventData:
    """An invoice that is charged at once has no due date: it was due on the day it was issued."""
    due = wire.first(obj.get("due_date"), finalized(obj))
    code = wire.currency(obj.get("currency"))
    return registry.read(
        "invoice.overdue/1",
        {
            "invoice_id": wire.ref(obj),
            "due_on": wire.day(due, zone, field="due_date"),
            "open_amount": wire.minor(obj.get("amount_remaining"), code, field="amount_remaining"),
            "currency": code,
        },
    )


def was_written_off(obj: Json) -> bool:
    return _transition(obj, "marked_uncollectible_at") is not None


def invoice_written_off(heard: Heard) -> EventData:
    """
    Marked uncollectible. What that is in the books Stripe does not ask: the invoice's metadata says
    it (``write_off_cause``, ``write_off_relief``, ``service_ended``), else the connection.
    """
    obj = heard.obj
    at = wire.first(_transition(obj, "marked_uncollectible_at"), heard.created)
    return registry.read(
        "invoice.written_off/1",
        {
            "invoice_id": wire.ref(obj),
            "written_off_on": wire.day(
                at, heard.zone, field="status_transitions.marked_uncollectible_at"
            ),
            "cause": wire.noted(obj, "write_off_cause") or heard.said("write_off_cause"),
            "tax_relief": wire.noted(obj, "write_off_relief") or heard.said("write_off_relief"),
            "service_ended": wire.noted(obj, "service_ended").lower() != "false",
            "reason": "Marked uncollectible in Stripe.",
        },
    )


def invoice_recovered(heard: Heard) -> EventData:
    """Paid after all, after it had been marked uncollectible."""
    obj = heard.obj
    code = wire.currency(obj.get("currency"))
    at = wire.first(_transition(obj, "paid_at"), heard.created)
    return registry.read(
        "invoice.recovered/1",
        {
            "invoice_id": wire.ref(obj),
            "recovery_id": f"{wire.ref(obj)}-paid",
            "currency": code,
            "amount": wire.minor(obj.get("amount_paid"), code, field="amount_paid"),
            "recovered_on": wire.day(at, heard.zone, field="status_transitions.paid_at"),
        },
    )


def _transition(obj: Json, name: str) -> Any:
    return wire.part(obj.get("status_transitions")).get(name)


def finalized(obj: Json) -> Any:
    """``effective_at`` is the date printed on the invoice and follows finalization if not set."""
    return wire.first(
        obj.get("effective_at"),
        _transition(obj, "finalized_at"),
        obj.get("created"),
    )


def _subscription(obj: Json) -> str:
    details = wire.part(wire.part(obj.get("parent")).get("subscription_details"))
    return wire.ref(obj.get("subscription")) or wire.ref(details.get("subscription"))
