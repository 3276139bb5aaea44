"""
Disputes: the bank takes a payment back until it is decided who keeps it.

What counts is the money: a dispute is opened when Stripe withdrew its amount, and won when it is
back. Both are balance transactions on the dispute, which also carry the fee. An inquiry (status
``warning_…``) withdraws nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.contract import PayloadUnreadable
from connectors.systems.stripe import wire
from connectors.systems.stripe.heard import Heard
from connectors.systems.stripe.payments import payment_id
from connectors.systems.stripe.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData

_CLOSING = ("charge.dispute.closed", "charge.dispute.funds_reinstated")


def ignored(kind: str, obj: Json) -> str:
    """Why an event of a dispute needs nothing done; empty when it does."""
    status = wire.text(obj.get("status"))
    if status.startswith("warning_") or status == "prevented":
        return "An inquiry; no money was withdrawn."
    if kind in _CLOSING:
        if status == "won" and _moved(obj, back=True) is None:
            if _moved(obj, back=False) is None:
                return "Nothing was ever withdrawn for this dispute."
            return "The money's return is announced by an event of its own."
        return ""
    if _moved(obj, back=False) is None:
        return "The withdrawal is announced by an event of its own."
    return ""


def opened(heard: Heard) -> Sequence[EventData]:
    return [_opened(heard)]


def _opened(heard: Heard) -> EventData:
    obj = heard.obj
    code, withdrawn = wire.currency(obj.get("currency")), _moved(obj, back=False)
    assert withdrawn is not None
    due = wire.part(obj.get("evidence_details")).get("due_by")
    day = wire.day(withdrawn.get("created"), heard.zone, field="balance_transactions.created")
    return registry.read(
        "dispute.opened/1",
        {
            "dispute_id": wire.ref(obj),
            "payment_id": payment_id(obj),
            "currency": code,
            "amount": wire.minor(obj.get("amount"), code),
            "fee": _fee(withdrawn, code),
            "opened_on": day,
            "reason": wire.text(obj.get("reason")).replace("_", " "),
            "evidence_due_on": None
            if due is None
            else wire.day(due, heard.zone, field="evidence_details.due_by"),
        },
    )


def closed(heard: Heard) -> Sequence[EventData]:
    """The end, and the beginning before it, in case nothing told of that."""
    obj = heard.obj
    outcome = wire.text(obj.get("status"))
    code, returned = wire.currency(obj.get("currency")), _moved(obj, back=True)
    if outcome not in ("won", "lost"):
        raise PayloadUnreadable(
            f"Money moved for dispute {wire.ref(obj)}, which is neither won nor lost."
        )
    at = heard.created if returned is None else returned.get("created")
    data: dict[str, Any] = {
        "dispute_id": wire.ref(obj),
        "payment_id": payment_id(obj),
        "outcome": outcome,
        "currency": code,
        "amount": wire.minor(obj.get("amount"), code),
        "fee_returned": 0 if returned is None else -_fee(returned, code),
        "closed_on": wire.day(at, heard.zone, field="created"),
        "service_ended": _ends_service(heard),
    }
    before = [] if _moved(obj, back=False) is None else [_opened(heard)]
    return [*before, registry.read("dispute.closed/1", data)]


def _moved(obj: Json, *, back: bool) -> Json | None:
    """The balance transaction of the withdrawal, or of the return."""
    for item in wire.items(obj.get("balance_transactions")):
        amount = item.get("amount")
        if type(amount) is int and amount and (amount > 0) == back:
            return item
    return None


def _fee(transaction: Json, code: str) -> int:
    """What was charged for it; negative when it came back. Raises PayloadUnreadable."""
    settled = wire.currency(transaction.get("currency"))
    fee = wire.minor(transaction.get("fee"), settled, field="balance_transactions.fee")
    if fee and settled != code:
        raise PayloadUnreadable(
            f"The dispute is in {code}, its fee of {fee} minor units in {settled}."
        )
    return fee


def _ends_service(heard: Heard) -> bool:
    noted = wire.noted(heard.obj, "service_ended").lower()
    if noted in ("true", "false"):
        return noted == "true"
    return heard.said("dispute_ends_service") is True
