"""
Subscriptions: that one started to run, each way in which it changed, and its end.

Chargebee's event of a change tells the subscription as it is, and not what it was. When the change
was credited for the rest of the term, the credit notes that come with the event name what was
billed before: from them follows whether it was an upgrade, a downgrade or other seats. Without
them the subscription is told again as it is now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from connectors.contract import PayloadUnreadable
from connectors.systems.chargebee import wire
from connectors.systems.chargebee.heard import Heard
from connectors.systems.chargebee.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData

_RUNNING: Final = ("active", "non_renewing")
_RECURRING: Final = ("plan", "addon")


def ignored(kind: str, obj: Json) -> str:
    """Why an event of a subscription needs nothing done; empty when it does."""
    status = wire.text(obj.get("status"))
    if kind in _ENDS or kind in ("subscription_paused",) or not status or status in _RUNNING:
        return ""
    return f"The subscription is {status.replace('_', ' ')}: it does not run."


def activated(heard: Heard) -> Sequence[EventData]:
    return [_told("subscription.activated/1", heard)]


def changed(heard: Heard) -> Sequence[EventData]:
    contract = _direction(heard)
    if contract is None:
        return activated(heard)
    day = heard.day(heard.occurred, field="occurred_at")
    return [_told(contract, heard, effective_on=day)]


def renewed(heard: Heard) -> Sequence[EventData]:
    begins = heard.of("subscription").get("current_term_start")
    day = heard.day(begins, field="current_term_start")
    return [_told("subscription.renewed/1", heard, effective_on=day)]


def paused(heard: Heard) -> Sequence[EventData]:
    obj = heard.of("subscription")
    at, until = wire.first(obj.get("pause_date"), heard.occurred), obj.get("resume_date")
    more = {
        "effective_on": heard.day(at, field="pause_date"),
        "resumes_on": None if until is None else heard.day(until, field="resume_date"),
    }
    return [_told("subscription.paused/1", heard, **more)]


def resumed(heard: Heard) -> Sequence[EventData]:
    day = heard.day(heard.occurred, field="occurred_at")
    return [_told("subscription.resumed/1", heard, effective_on=day)]


def cancelled(heard: Heard) -> Sequence[EventData]:
    """``cancelled_at`` is the end of the term for one that was left to run out."""
    obj = heard.of("subscription")
    at = wire.first(obj.get("cancelled_at"), heard.occurred)
    said = wire.text(obj.get("cancel_reason_code")) or wire.text(obj.get("cancel_reason"))
    more = {
        "effective_on": heard.day(at, field="cancelled_at"),
        "reason": said.replace("_", " "),
    }
    return [_told("subscription.cancelled/1", heard, **more)]


_ENDS: Final = (
    "subscription_cancelled",
    "subscription_canceled_with_backdating",
    "subscription_deleted",
)


def _direction(heard: Heard) -> str | None:
    """The contract of a change, when the credit notes say what was billed before."""
    before = [
        line
        for note in wire.items(heard.content.get("credit_notes"))
        for line in wire.items(note.get("line_items"))
        if wire.text(line.get("entity_type")) in ("plan_item_price", "addon_item_price")
    ]
    if not before:
        return None
    after = _recurring(heard.of("subscription"))
    old = {wire.text(line.get("entity_id")): _quantity(line) for line in before}
    new = {wire.text(item.get("item_price_id")): _quantity(item) for item in after}
    if old.keys() <= new.keys():
        added = new.keys() - old.keys()
        return "subscription.upgraded/1" if added else "subscription.seats_changed/1"
    # What was not credited has not changed, and stands on both sides alike.
    gone = _worth([line for line in before if wire.text(line.get("entity_id")) not in new])
    come = _worth([item for item in after if wire.text(item.get("item_price_id")) not in old])
    # Of two plans for the same money the new one counts as the better one.
    return "subscription.upgraded/1" if come >= gone else "subscription.downgraded/1"


def _worth(members: Sequence[Json]) -> Fraction:
    """What a term of them costs. Only for comparing, and blind to a change of the term's length."""
    total = Fraction(0)
    for item in members:
        price = wire.first(item.get("unit_price"), item.get("unit_amount"))
        total += wire.maybe_minor(price, field="unit_price") * Fraction(_quantity(item))
    return total


def _quantity(item: Json) -> Any:
    return wire.count(item.get("quantity_in_decimal"), item.get("quantity"), field="quantity")


def _recurring(obj: Json) -> Sequence[Json]:
    """Charges of one time are no part of what is subscribed to."""
    return [
        item
        for item in wire.items(obj.get("subscription_items"))
        if wire.text(item.get("item_type")) in _RECURRING
    ]


def _told(contract: str, heard: Heard, **more: Any) -> EventData:
    obj = heard.of("subscription")
    if not obj:
        raise PayloadUnreadable("The event holds no “subscription”.")
    started = wire.first(obj.get("started_at"), obj.get("start_date"), obj.get("created_at"))
    renews = wire.first(obj.get("next_billing_at"), obj.get("current_term_end"))
    runs_on = wire.text(obj.get("status")) == "active" and renews is not None
    data: dict[str, Any] = {
        "subscription_id": wire.text(obj.get("id")),
        "customer_id": wire.text(obj.get("customer_id")),
        "currency": wire.currency(obj.get("currency_code")),
        "items": [_item(item) for item in _recurring(obj)],
        "started_on": heard.day(started, field="started_at"),
        "renews_on": heard.day(renews, field="next_billing_at") if runs_on else None,
        "legal_entity": heard.entity(obj, heard.of("customer")),
        "contract_ref": heard.noted(obj, "contract_keys"),
    }
    return registry.read(contract, data | more)


def _item(item: Json) -> Mapping[str, Any]:
    quantity = _quantity(item)
    if quantity != int(quantity):
        raise PayloadUnreadable("“subscription_items.quantity” is no whole number.")
    price = item.get("unit_price")
    return {
        "sku": wire.text(item.get("item_price_id")),
        "quantity": int(quantity),
        "unit_amount": None
        if price is None
        else wire.minor(price, field="subscription_items.unit_price"),
    }
