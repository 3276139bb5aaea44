"""
Subscriptions: that one started to run, each way in which it changed, and its end.

An update names what changed in ``previous_attributes``; what a change is called follows from the
items and periods before and after. One update may hold several changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from connectors.contract import PayloadUnreadable
from connectors.systems.stripe import wire
from connectors.systems.stripe.heard import Heard
from connectors.systems.stripe.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData

ACTIVATED: Final = "subscription.activated/1"
_UPGRADED: Final = "subscription.upgraded/1"
_DOWNGRADED: Final = "subscription.downgraded/1"
_SEATS: Final = "subscription.seats_changed/1"
_RENEWED: Final = "subscription.renewed/1"
_PAUSED: Final = "subscription.paused/1"
_RESUMED: Final = "subscription.resumed/1"
_CANCELLED: Final = "subscription.cancelled/1"

# Of an update that is no change of its own, but changes what the subscription says.
_RESTATED: Final = frozenset(("currency", "customer", "metadata", "start_date"))
# How often an interval comes round in a month.
_MONTHLY: Final = {
    "day": Fraction(365, 12),
    "week": Fraction(365, 84),
    "month": Fraction(1),
    "year": Fraction(1, 12),
}


def ignored(kind: str, obj: Json, previous: Json) -> str:
    """Why an event of a subscription needs nothing done; empty when it does."""
    status = wire.text(obj.get("status"))
    if kind == "customer.subscription.deleted":
        return "The subscription never ran." if status == "incomplete_expired" else ""
    if kind == "customer.subscription.paused":
        return ""
    running = ("active",) if kind == "customer.subscription.created" else ("active", "past_due")
    if status not in running:
        return f"The subscription is {status.replace('_', ' ')}: it does not run."
    if kind == "customer.subscription.updated" and not changes(obj, previous):
        return "Nothing that counts has changed."
    return ""


def activated(heard: Heard) -> Sequence[EventData]:
    return [_told(ACTIVATED, heard)]


def updated(heard: Heard) -> Sequence[EventData]:
    return [_changed(contract, heard) for contract in changes(heard.obj, heard.previous)]


def paused(heard: Heard) -> Sequence[EventData]:
    """A trial ended without a payment method, and the subscription rests."""
    return [_changed(_PAUSED, heard)]


def resumed(heard: Heard) -> Sequence[EventData]:
    return [_changed(_RESUMED, heard)]


def deleted(heard: Heard) -> Sequence[EventData]:
    """The end: now, or the end of the period for which it was cancelled."""
    ended = wire.first(heard.obj.get("ended_at"), heard.obj.get("canceled_at"), heard.created)
    details = wire.part(heard.obj.get("cancellation_details"))
    said = (wire.text(details.get(name)) for name in ("comment", "feedback", "reason"))
    reason = next((text for text in said if text), "")
    return [
        _told(
            _CANCELLED,
            heard,
            effective_on=wire.day(ended, heard.zone, field="ended_at"),
            reason=reason.replace("_", " "),
        )
    ]


def changes(obj: Json, previous: Json) -> list[str]:
    """The contracts that an update leads to, in the order in which they hold."""
    if not previous or previous.get("status") in ("incomplete", "trialing"):
        # Nothing is known of what was before (localstripe), or it has only begun to run.
        return [ACTIVATED] if obj.get("status") == "active" else []
    found = []
    if _period_moved(obj, previous):
        found.append(_RENEWED)
    if "items" in previous:
        before, after = wire.items(previous["items"]), wire.items(obj.get("items"))
        found += _items_changed(list(before), list(after))
    resting = bool(obj.get("pause_collection"))
    if "pause_collection" in previous and resting != bool(previous["pause_collection"]):
        found.append(_PAUSED if resting else _RESUMED)
    if not found and not resting and _RESTATED & previous.keys():
        return [ACTIVATED] if obj.get("status") == "active" else []
    return found


def _period_moved(obj: Json, previous: Json) -> bool:
    """The new period begins where the old one ended; a change of anchor begins elsewhere."""
    ended = _period(previous, "current_period_end")
    begins = _period(obj, "current_period_start")
    return ended is not None and ended == begins and _period(obj, "current_period_end") != ended


def _period(obj: Json, name: str) -> Any:
    """Since API 2025-03-31 the period stands on the items and no longer on the subscription."""
    return wire.first(obj.get(name), *(item.get(name) for item in wire.items(obj.get("items"))))


def _items_changed(before: Sequence[Json], after: Sequence[Json]) -> list[str]:
    old, new = _quantities(before), _quantities(after)
    if old == new:
        return []
    if old.keys() == new.keys():
        return [_SEATS]
    # Of two plans for the same money the new one counts as the better one.
    return [_UPGRADED if _monthly(after) >= _monthly(before) else _DOWNGRADED]


def _quantities(members: Sequence[Json]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for item in members:
        sku = wire.ref(_price(item))
        found[sku] = found.get(sku, 0) + _quantity(item)
    return found


def _monthly(members: Sequence[Json]) -> Fraction:
    """What the items cost in a month; tiers and meters count as nothing. Only for comparing."""
    total = Fraction(0)
    for item in members:
        price = _price(item)
        amount = wire.first(price.get("unit_amount_decimal"), price.get("unit_amount"))
        recurring = wire.part(price.get("recurring")) or price
        count = recurring.get("interval_count")
        often = _MONTHLY.get(wire.text(recurring.get("interval")), Fraction(1))
        often *= Fraction(1, count if type(count) is int and count > 0 else 1)
        if amount is not None:
            exact = wire.exact(amount, "USD", field="unit_amount_decimal")
            total += Fraction(exact) * _quantity(item) * often
    return total


def _price(item: Json) -> Json:
    """Plans stand where prices do in the oldest versions."""
    return wire.part(wire.first(item.get("price"), item.get("plan")))


def _quantity(item: Json) -> int:
    """Metered items have none."""
    count = wire.first(item.get("quantity"), 1)
    if type(count) is not int:
        raise PayloadUnreadable("“items.quantity” is no whole number.")
    return count


def _changed(contract: str, heard: Heard) -> EventData:
    if contract == ACTIVATED:
        return _told(contract, heard)
    at = heard.created
    if contract == _RENEWED:
        at = _period(heard.obj, "current_period_start")
    more: dict[str, Any] = {"effective_on": wire.day(at, heard.zone, field="current_period_start")}
    if contract == _PAUSED:
        resumes = wire.part(heard.obj.get("pause_collection")).get("resumes_at")
        more["resumes_on"] = _day(resumes, heard.zone, "pause_collection.resumes_at")
    return _told(contract, heard, **more)


def _told(contract: str, heard: Heard, **more: Any) -> EventData:
    obj = heard.obj
    members = list(wire.items(obj.get("items")))
    prices = [_price(item) for item in members]
    code = wire.currency(wire.first(obj.get("currency"), *(p.get("currency") for p in prices)))
    started = wire.first(obj.get("start_date"), obj.get("created"))
    renews = _period(obj, "current_period_end")
    data: dict[str, Any] = {
        "subscription_id": wire.ref(obj),
        "customer_id": wire.ref(obj.get("customer")),
        "currency": code,
        "items": [_item(item, price, code) for item, price in zip(members, prices, strict=True)],
        "started_on": wire.day(started, heard.zone, field="start_date"),
        "renews_on": _day(renews, heard.zone, "current_period_end"),
        "legal_entity": wire.entity(obj),
        "contract_ref": heard.noted("contract_keys"),
    }
    return registry.read(contract, data | more)


def _day(value: Any, zone: str, field: str) -> Any:
    return None if value is None else wire.day(value, zone, field=field)


def _item(item: Json, price: Json, code: str) -> dict[str, Any]:
    amount = wire.first(price.get("unit_amount"), price.get("amount"))
    return {
        "sku": wire.ref(price) or wire.ref(price.get("product")),
        "quantity": wire.first(item.get("quantity"), 1),
        "unit_amount": None if amount is None else wire.minor(amount, code, field="unit_amount"),
    }
