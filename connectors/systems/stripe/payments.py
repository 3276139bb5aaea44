"""
Charges, payment intents and their balance transactions, as business events.

One payment has one identity whichever object tells of it: the payment intent's id, or the
charge's when there is no intent. Every charge, refund and invoice payment of an intent names the
intent (a charge's ``payment_intent``), while since API 2025-03-31 invoice payments name no
charge; so the intent is the only identity on which all of them agree.

What an event does not know stays empty and is told by a later one: the invoice (charges name
none since 2025-03-31), the fee (webhooks carry the balance transaction's id only). A fee is known
when ``balance_transaction_id`` is given.
"""

from __future__ import annotations

from typing import Any, Final

from connectors.contract import PayloadUnreadable
from connectors.systems.stripe import wire
from connectors.systems.stripe.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData

# The balance transaction of a charge that failed after it had succeeded.
REVERSAL: Final = "payment_failure_refund"


def payment_id(charge: Json) -> str:
    """The identity of the payment that a charge (or a refund, or a dispute) belongs to."""
    return wire.ref(charge.get("payment_intent")) or (
        wire.ref(charge) if charge.get("object") == "charge" else wire.ref(charge.get("charge"))
    )


def charge_applied(obj: Json, zone: str, created: int) -> EventData:
    """``charge.succeeded`` and ``charge.captured``; ``created`` is the event's."""
    captured = obj.get("amount_captured")
    amount = wire.first(captured if captured else None, obj.get("amount"))
    return _applied(
        payment=payment_id(obj),
        obj=obj,
        amount=amount,
        zone=zone,
        created=created,
        method=wire.text(wire.part(obj.get("payment_method_details")).get("type")),
        transaction=wire.part(obj.get("balance_transaction")),
    )


def intent_applied(obj: Json, zone: str, created: int) -> EventData:
    """``payment_intent.succeeded``; the charge may be expanded, listed, or a mere id."""
    charge = _latest_charge(obj)
    return _applied(
        payment=wire.ref(obj),
        obj=obj,
        amount=wire.first(obj.get("amount_received"), obj.get("amount")),
        zone=zone,
        created=created,
        method=wire.text(wire.part(charge.get("payment_method_details")).get("type")),
        transaction=wire.part(charge.get("balance_transaction")),
    )


def invoice_payment_applied(obj: Json, zone: str, created: int) -> EventData:
    """``invoice_payment.paid`` (since 2025-03-31): the link between a payment and its invoice."""
    payment = wire.part(obj.get("payment"))
    identity = wire.ref(payment.get("payment_intent")) or wire.ref(payment.get("charge"))
    return _applied(
        payment=identity,
        obj=obj,
        amount=wire.first(obj.get("amount_paid"), obj.get("amount_requested")),
        zone=zone,
        created=created,
    )


def is_of_charge(transaction: Json) -> bool:
    """
    Whether a balance transaction is a payment or its reversal; the others are carried by a
    payout's items.
    """
    return (
        transaction.get("type") in ("charge", "payment", REVERSAL)
        and wire.part(transaction.get("source")).get("object") == "charge"
    )


def transaction_told(obj: Json, zone: str) -> EventData:
    """A charge's balance transaction, found by polling with its charge: it knows the fee."""
    created = obj.get("created")
    if type(created) is not int:
        raise PayloadUnreadable("The balance transaction has no time.")
    charge = wire.part(obj.get("source"))
    if obj.get("type") == REVERSAL:
        return returned({**charge, "failure_balance_transaction": obj}, zone, created)
    return charge_applied({**charge, "balance_transaction": obj}, zone, created)


def came_back(charge: Json) -> bool:
    """
    A charge that had succeeded and then failed, as direct debits do: the reversal of the balance
    names the difference to an attempt that never brought money.
    """
    return bool(wire.ref(charge.get("failure_balance_transaction")))


def returned(obj: Json, zone: str, created: int) -> EventData:
    """A charge that came back; its fee is known when the transaction stands in it whole."""
    code = wire.currency(obj.get("currency"))
    transaction = wire.part(obj.get("failure_balance_transaction"))
    fee = 0
    if transaction:
        fee = wire.minor(transaction.get("fee"), code, field="fee")
        if wire.currency(transaction.get("currency")) != code:
            raise PayloadUnreadable("The returned payment was settled in another currency.")
    return registry.read(
        "payment.returned/1",
        {
            "payment_id": payment_id(obj),
            "currency": code,
            "amount": wire.minor(obj.get("amount"), code),
            "fee": fee,
            "returned_on": wire.day(created, zone, field="created"),
            "reason": wire.text(obj.get("failure_message")) or "The bank returned the payment.",
            "balance_transaction_id": wire.ref(obj.get("failure_balance_transaction")),
        },
    )


def _applied(
    *,
    payment: str,
    obj: Json,
    amount: Any,
    zone: str,
    created: int,
    method: str = "",
    transaction: Json | None = None,
) -> EventData:
    code = wire.currency(obj.get("currency"))
    data: dict[str, Any] = {
        "payment_id": payment,
        "customer_id": wire.ref(obj.get("customer")),
        "invoice_id": wire.ref(obj.get("invoice")),
        "currency": code,
        "amount": wire.minor(amount, code),
        "received_on": wire.day(created, zone, field="created"),
        "method": method,
    }
    if transaction:
        settled = wire.currency(transaction.get("currency"))
        data["fee"] = wire.minor(transaction.get("fee"), settled, field="fee")
        data["fee_currency"] = settled
        data["balance_transaction_id"] = wire.ref(transaction)
    return registry.read("payment.applied/1", data)


def charge_failed(obj: Json, zone: str, created: int) -> EventData:
    """An attempt that failed, or a payment that came back."""
    if came_back(obj):
        return returned(obj, zone, created)
    outcome = wire.part(obj.get("outcome"))
    return _failed(
        payment_id(obj),
        obj,
        zone,
        created,
        _declined(
            wire.text(obj.get("failure_message")) or wire.text(outcome.get("seller_message"))
        ),
    )


def intent_failed(obj: Json, zone: str, created: int) -> EventData:
    error = wire.part(obj.get("last_payment_error"))
    return _failed(wire.ref(obj), obj, zone, created, _declined(wire.text(error.get("message"))))


def invoice_payment_failed(obj: Json, zone: str, created: int) -> EventData | None:
    """``invoice.payment_failed``; None since 2025-03-31, when the invoice names no payment."""
    charge = wire.part(obj.get("charge"))
    identity = wire.ref(obj.get("payment_intent")) or wire.ref(obj.get("charge"))
    if not identity:
        return None
    told = {**obj, "invoice": wire.ref(obj), "amount": obj.get("amount_due")}
    return _failed(identity, told, zone, created, wire.text(charge.get("failure_message")))


def _declined(said: str) -> str:
    return said or "The payment was declined."


def _failed(payment: str, obj: Json, zone: str, created: int, reason: str) -> EventData:
    code = wire.currency(obj.get("currency"))
    return registry.read(
        "payment.failed/1",
        {
            "payment_id": payment,
            "customer_id": wire.ref(obj.get("customer")),
            "invoice_id": wire.ref(obj.get("invoice")),
            "currency": code,
            "amount": wire.minor(obj.get("amount"), code),
            "failed_on": wire.day(created, zone, field="created"),
            "reason": reason,
        },
    )


def _latest_charge(intent: Json) -> Json:
    expanded = wire.part(intent.get("latest_charge"))
    return expanded or next(iter(wire.items(intent.get("charges"))), {})
