"""
Transactions, as business events. Chargebee records what a gateway did, and knows neither the
gateway's fee nor its payouts: those are told by the processor's own connection.

A payment that settles several invoices is told in parts: the first part has the transaction's id,
the others that id and a number. One that is applied in part and kept in part is refused in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from connectors.contract import PayloadUnreadable
from connectors.systems.chargebee import wire
from connectors.systems.chargebee.heard import Heard
from connectors.systems.chargebee.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData

_PAYMENT: Final = "payment"
_FAILED: Final = ("failure", "timeout")
_CAME_BACK: Final = ("late_failure", "voided")


def ignored(obj: Json) -> str:
    kind, status = wire.text(obj.get("type")), wire.text(obj.get("status"))
    if kind == "authorization":
        return "The amount is reserved; no money has moved yet."
    if status in ("in_progress", "needs_attention"):
        return f"The {kind.replace('_', ' ')} is {status.replace('_', ' ')}; no money moved yet."
    if kind == "refund" and status != "success":
        return "The refund did not succeed; no money has left."
    return ""


def standing(heard: Heard) -> Sequence[EventData]:
    """What a transaction says, whichever event brings it. Raises PayloadUnreadable."""
    obj = heard.of("transaction")
    kind, status = wire.text(obj.get("type")), wire.text(obj.get("status"))
    if kind == "payment_reversal" and status == "success":
        amount = wire.minor(obj.get("amount"), field="amount")
        return [_returned(heard, reversed_id(obj), amount, "The bank took the payment back.")]
    if kind == "refund" and status == "success":
        return [_refunded(heard)]
    if kind != _PAYMENT:
        raise PayloadUnreadable(f"The transaction is a “{kind}” that is “{status}”.")
    if heard.kind == "transaction_deleted" or obj.get("deleted") is True:
        return [*_applied(heard), *_came_back(heard, "Deleted in Chargebee.")]
    if status == "success":
        return _applied(heard)
    if status in _FAILED:
        return [_failed(heard)]
    if status in _CAME_BACK:
        said = wire.text(obj.get("error_text")) or "The payment came back unpaid."
        return [*_applied(heard), *_came_back(heard, said)]
    raise PayloadUnreadable(f"The payment's “status” “{status}” is not one that is known.")


def reversed_id(obj: Json) -> str:
    """The payment that a refund or a reversal gives back."""
    linked = next(iter(wire.items(obj.get("linked_payments"))), {})
    return (
        wire.text(obj.get("refunded_txn_id"))
        or wire.text(obj.get("reference_transaction_id"))
        or wire.text(linked.get("id"))
    )


def parts(obj: Json) -> Sequence[tuple[str, str, int]]:
    """(id, invoice, amount) of each part of a payment. Raises PayloadUnreadable."""
    amount = wire.minor(obj.get("amount"), field="amount")
    linked = [
        (
            wire.text(one.get("invoice_id")),
            wire.minor(one.get("applied_amount"), field="linked_invoices.applied_amount"),
        )
        for one in wire.items(obj.get("linked_invoices"))
    ]
    linked = [(invoice, applied) for invoice, applied in linked if applied]
    if not linked:
        return [(_id(obj), "", amount)]
    if len(linked) == 1 and linked[0][1] == amount:
        return [(_id(obj), linked[0][0], amount)]
    if sum(applied for _, applied in linked) != amount:
        raise PayloadUnreadable(
            f"Payment {_id(obj)} settles invoices in part and is kept in part: say in Chargebee "
            "what the rest is for, or enter it by hand."
        )
    return [
        (_id(obj) if place == 0 else f"{_id(obj)}-{place + 1}", invoice, applied)
        for place, (invoice, applied) in enumerate(linked)
    ]


def _id(obj: Json) -> str:
    return wire.text(obj.get("id"))


def _applied(heard: Heard) -> list[EventData]:
    obj = heard.of("transaction")
    return [
        registry.read(
            "payment.applied/1",
            {
                "payment_id": identity,
                "customer_id": wire.text(obj.get("customer_id")),
                "invoice_id": invoice,
                "currency": wire.currency(obj.get("currency_code")),
                "amount": amount,
                "received_on": heard.day(obj.get("date"), field="date"),
                "method": wire.text(obj.get("payment_method")).replace("_", " "),
            },
        )
        for identity, invoice, amount in parts(obj)
    ]


def _failed(heard: Heard) -> EventData:
    obj = heard.of("transaction")
    linked = list(wire.items(obj.get("linked_invoices")))
    named = wire.text(linked[0].get("invoice_id")) if len(linked) == 1 else ""
    return registry.read(
        "payment.failed/1",
        {
            "payment_id": _id(obj),
            "customer_id": wire.text(obj.get("customer_id")),
            "invoice_id": named or wire.text(heard.of("invoice").get("id")),
            "currency": wire.currency(obj.get("currency_code")),
            "amount": wire.minor(obj.get("amount"), field="amount"),
            "failed_on": heard.day(obj.get("date"), field="date"),
            "reason": wire.text(obj.get("error_text")) or "The payment was declined.",
        },
    )


def _refunded(heard: Heard) -> EventData:
    obj = heard.of("transaction")
    notes = list(wire.items(obj.get("linked_credit_notes")))
    said = wire.text(notes[0].get("cn_create_reason_code")) if notes else ""
    return registry.read(
        "payment.refunded/1",
        {
            "refund_id": _id(obj),
            "payment_id": reversed_id(obj),
            "currency": wire.currency(obj.get("currency_code")),
            "amount": wire.minor(obj.get("amount"), field="amount"),
            "refunded_on": heard.day(obj.get("date"), field="date"),
            "reason": said.replace("_", " ").lower(),
        },
    )


def _came_back(heard: Heard, reason: str) -> list[EventData]:
    found = parts(heard.of("transaction"))
    return [_returned(heard, identity, amount, reason) for identity, _, amount in found]


def _returned(heard: Heard, payment: str, amount: int, reason: str) -> EventData:
    obj = heard.of("transaction")
    came: Any = obj.get("date") if wire.text(obj.get("type")) != _PAYMENT else None
    at = wire.first(came, obj.get("voided_at"), heard.occurred)
    return registry.read(
        "payment.returned/1",
        {
            "payment_id": payment,
            "currency": wire.currency(obj.get("currency_code")),
            "amount": amount,
            "returned_on": heard.day(at, field="date"),
            "reason": reason,
        },
    )
