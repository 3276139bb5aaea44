"""What the processor paid to the bank, and what the bank sent back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.systems.stripe import wire
from connectors.systems.stripe.payments import payment_id
from connectors.systems.stripe.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData


def settled(obj: Json) -> EventData:
    """
    A payout that reached the bank. ``balance_transactions`` stands on it when our poll added what
    is in it; without them the items are empty, which means *not known*.

    Stripe writes the arrival as midnight UTC of the bank's day.
    """
    code = wire.currency(obj.get("currency"))
    return registry.read(
        "payout.settled/1",
        {
            "payout_id": wire.ref(obj),
            "currency": code,
            "amount": wire.minor(obj.get("amount"), code),
            "arrived_on": wire.utc_day(obj.get("arrival_date"), field="arrival_date"),
            "items": [
                _item(item, code)
                for item in wire.items(obj.get("balance_transactions"))
                if item.get("type") != "payout"
            ],
            "legal_entity": wire.entity(obj),
        },
    )


def returned(obj: Json, zone: str, created: int) -> Sequence[EventData]:
    """
    A payout that the bank refused. It may have been told as paid before or not, so it is told here
    once more: the two then cancel out.
    """
    code = wire.currency(obj.get("currency"))
    said = wire.text(obj.get("failure_message")) or wire.text(obj.get("failure_code"))
    data = {
        "payout_id": wire.ref(obj),
        "currency": code,
        "amount": wire.minor(obj.get("amount"), code),
        "returned_on": wire.day(created, zone, field="created"),
        "reason": said or "The bank refused the payout.",
    }
    return [settled(obj), registry.read("payout.returned/1", data)]


def _item(item: Json, code: str) -> dict[str, Any]:
    source = wire.part(item.get("source"))
    kind = source.get("object")
    # A refund is named by its own id, everything that took money in by its payment.
    source_id = payment_id(source) if kind == "charge" else wire.ref(item.get("source"))
    return {
        "balance_transaction_id": wire.ref(item),
        "kind": wire.text(item.get("type")),
        "source_id": source_id,
        "amount": wire.minor(item.get("amount"), code),
        "fee": wire.minor(item.get("fee"), code, field="fee"),
    }
