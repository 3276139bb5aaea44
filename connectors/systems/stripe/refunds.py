"""Refunds, as business events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.contract import PayloadUnreadable, TypeUnknown
from connectors.systems.stripe import wire
from connectors.systems.stripe.payments import payment_id
from connectors.systems.stripe.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData
from revops.kernel import strict_json


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


def failed(obj: Json) -> str:
    """Why a failed refund needs nothing done. Raises TypeUnknown when its money had left."""
    if wire.ref(obj.get("failure_balance_transaction")):
        raise TypeUnknown(
            f"Refund {wire.ref(obj)} failed after its money had left: the customer still has to "
            "be paid. No event of the console says that; undo the refund's entry by hand."
        )
    return "The refund never succeeded; no money has left."


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
