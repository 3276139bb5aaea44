"""Refunds, as business events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from connectors.contract import PayloadUnreadable
from connectors.systems.stripe import wire
from connectors.systems.stripe.payments import payment_id
from connectors.systems.stripe.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData
from revops.kernel import strict_json

# How a refund ends that does not reach the customer.
OVER: Final = ("failed", "canceled")


def refunded(obj: Json, zone: str, *, charge: Json | None = None) -> EventData:
    """
    One refund; ``charge`` when the refund stands inside of it. Its metadata may say what of it was
    price and what tax: ``gives_back``, a JSON list of the lines of ``payment.refunded/1``.
    """
    code = wire.currency(obj.get("currency"))
    return registry.read(
        "payment.refunded/1",
        {
            "refund_id": wire.ref(obj),
            "payment_id": payment_id(obj if charge is None else charge),
            "currency": code,
            "amount": wire.minor(obj.get("amount"), code),
            "refunded_on": wire.day(obj.get("created"), zone, field="created"),
            "reason": wire.noted(obj, "reason") or wire.text(obj.get("reason")),
            "gives_back": _gives_back(wire.noted(obj, "gives_back")),
        },
    )


def _gives_back(noted: str) -> Any:
    try:
        return strict_json.loads(noted.encode()) if noted else []
    except strict_json.JsonRefused as error:
        raise PayloadUnreadable(f"The refund's “gives_back” cannot be read: {error}") from error


def never_left(obj: Json) -> str:
    """Why a refund that failed needs nothing done; empty when its money had left and is back."""
    if wire.ref(obj.get("failure_balance_transaction")):
        return ""
    return "The refund never succeeded; no money has left."


def returned(obj: Json, zone: str, created: int) -> EventData:
    """The money of a failed refund is in the balance again; the customer is still owed it."""
    code = wire.currency(obj.get("currency"))
    transaction = wire.part(obj.get("failure_balance_transaction"))
    at = wire.first(transaction.get("created"), created)
    said = wire.text(obj.get("failure_reason")).replace("_", " ")
    return registry.read(
        "refund.returned/1",
        {
            "refund_id": wire.ref(obj),
            "currency": code,
            "amount": wire.minor(obj.get("amount"), code),
            "returned_on": wire.day(at, zone, field="created"),
            "reason": said or "The bank sent the refund back.",
            "balance_transaction_id": wire.ref(obj.get("failure_balance_transaction")),
        },
    )


def of_charge(obj: Json, zone: str) -> Sequence[EventData]:
    """
    The refunds that ``charge.refunded`` lists. Since API 2022-11-15 it lists none, and each
    refund has its own event.
    """
    return [
        refunded(item, zone, charge=obj)
        for item in wire.items(obj.get("refunds"))
        if item.get("status") in ("succeeded", None)
    ]
