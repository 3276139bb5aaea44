"""
What a subscription entitles to (https://apidocs.chargebee.com/docs/api/subscription_entitlements).

Chargebee's events only name the subscription, so its entitlements are asked for. The list holds
what stands now: what is gone is what its items, as far as they were ever billed, entitle to and the
list does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from connectors.contract import NeedsFetch, PayloadUnreadable
from connectors.systems.chargebee import listing, wire
from connectors.systems.chargebee.answers import Chargebee
from connectors.systems.chargebee.heard import Heard
from connectors.systems.chargebee.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData

NAME: Final = "subscription_entitlement"
NAMED: Final = ("subscription_entitlements_created", "subscription_entitlements_updated")
_RUNNING: Final = ("active", "non_renewing")
_OF_SUBSCRIPTION: Final = (
    "id", "customer_id", "status", "started_at", "current_term_start", "cancelled_at",
)  # fmt: skip
_OF_ITEM: Final = ("item_id", "feature_id", "feature_name", "feature_unit", "value", "name")
_PAGES: Final = 5
# Prices that were billed, the newest first; what was billed before these is not looked at.
_MOST_PRICES: Final = 25


def subscription_of(kind: str, content: Json) -> str:
    """Whose entitlements an event is about; empty when it does not say."""
    if kind in NAMED:
        return wire.text(wire.part(content.get(f"{kind}_detail")).get("subscription_id"), 120)
    return wire.text(wire.part(content.get("subscription")).get("id"), 120)


def named(heard: Heard) -> Sequence[EventData]:
    if not subscription_of(heard.kind, heard.content):
        raise PayloadUnreadable("The event names no “subscription_id”.")
    raise NeedsFetch("The event names a subscription; what it entitles to is asked for.")


def standing(heard: Heard) -> Sequence[EventData]:
    """Each feature as it is, granted or revoked, in one order. Raises PayloadUnreadable."""
    subscription = heard.of("subscription")
    runs = wire.text(subscription.get("status")) in _RUNNING
    told = []
    held: set[str] = set()
    for row in wire.items(heard.content.get("entitlements")):
        if wire.text(row.get("schedule_status")) in ("scheduled", "failed"):
            continue
        feature = _feature(row)
        held.add(feature)
        if runs and _holds(row):
            told.append(_granted(heard, subscription, feature, row))
        else:
            told.append(_revoked(heard, subscription, feature, row))
    for row in wire.items(heard.content.get("billed")):
        feature = _feature(row)
        if feature not in held:
            held.add(feature)
            told.append(_revoked(heard, subscription, feature, row))
    return sorted(told, key=lambda event: (event.contract, event.subject_id))


async def read(site: Chargebee, subscription: str) -> Json | None:
    """The content of an event that tells them all; None for what is gone. Raises Problem."""
    told = await site.maybe(f"/subscriptions/{subscription}")
    if told is None:
        return None
    path = f"/subscriptions/{subscription}/subscription_entitlements"
    return {
        "subscription": _kept(wire.part(told.get("subscription")), _OF_SUBSCRIPTION),
        "entitlements": await listing.everything(site, path, NAME, pages=_PAGES),
        "billed": await _billed(site, subscription),
    }


async def _billed(site: Chargebee, subscription: str) -> list[Json]:
    """What the items entitle to that the newest invoices name. Raises Problem."""
    query = [("subscription_id[is]", subscription), ("sort_by[desc]", "date")]
    invoices, _ = await listing.page(site, "/invoices", "invoice", query)
    prices = dict.fromkeys(
        wire.text(line.get("entity_id"))
        for invoice in invoices
        for line in wire.items(invoice.get("line_items"))
        if wire.text(line.get("entity_type")).endswith("_item_price")
    )
    items: dict[str, None] = {}
    for price in list(prices)[:_MOST_PRICES]:
        told = await site.maybe(f"/item_prices/{quote(price, safe='')}") if price else None
        item = wire.text(wire.part((told or {}).get("item_price")).get("item_id"))
        if item:
            items[item] = None
    found: list[Json] = []
    for item in items:
        path = f"/items/{quote(item, safe='')}/item_entitlements"
        rows = await listing.everything(site, path, "item_entitlement", pages=_PAGES)
        found += [_kept(row, _OF_ITEM) for row in rows]
    return found


def _kept(obj: Json, members: Sequence[str]) -> Json:
    return {name: obj[name] for name in members if name in obj}


def _feature(row: Json) -> str:
    feature = wire.text(row.get("feature_id"), 60)
    if not feature:
        raise PayloadUnreadable("An entitlement names no “feature_id”.")
    return feature


def _holds(row: Json) -> bool:
    """A switch that is off is no entitlement, nor is what somebody has disabled."""
    on = row.get("is_enabled")
    if not isinstance(on, bool):
        raise PayloadUnreadable("“is_enabled” is neither true nor false.")
    return on and wire.text(row.get("value")).casefold() != "false"


def _granted(heard: Heard, subscription: Json, feature: str, row: Json) -> EventData:
    begins = wire.first(
        row.get("effective_from"), subscription.get("current_term_start"),
        subscription.get("started_at"), heard.occurred,
    )  # fmt: skip
    ends = row.get("expires_at")
    last = None if ends is None else wire.minor(ends, field="expires_at") - 1
    more = {
        "effective_on": heard.day(begins, field="effective_from"),
        "ends_on": None if last is None else heard.day(last, field="expires_at"),
    }
    return _told("entitlement.granted/1", subscription, feature, row, **more)


def _revoked(heard: Heard, subscription: Json, feature: str, row: Json) -> EventData:
    """From the end of a subscription that has one on; else from when its term began."""
    ended = wire.first(subscription.get("cancelled_at"), subscription.get("current_term_start"))
    day = heard.day(wire.first(ended, heard.occurred), field="cancelled_at")
    return _told("entitlement.revoked/1", subscription, feature, row, effective_on=day)


def _told(contract: str, subscription: Json, feature: str, row: Json, **more: Any) -> EventData:
    quantity, level = _value(row)
    called = wire.text(row.get("feature_name"), 200) or feature
    identity = wire.text(subscription.get("id"), 50)
    return registry.read(
        contract,
        {
            "entitlement_id": f"{identity}:{feature}",
            "customer_id": wire.text(subscription.get("customer_id")),
            "subscription_id": identity,
            "feature": f"{called}: {level}" if level else called,
            "quantity": quantity,
            "unit": wire.text(row.get("feature_unit"), 40) if quantity is not None else "",
            **more,
        },
    )


def _value(row: Json) -> tuple[Decimal | None, str]:
    """How much of it, None without limit; and which level, of a feature that has levels."""
    value = wire.text(row.get("value"), 100).strip()
    if value.casefold() in ("", "true", "false", "unlimited"):
        return None, ""
    try:
        found = Decimal(value)
    except ArithmeticError:
        return None, wire.text(row.get("name"), 100) or value
    if not found.is_finite() or abs(found.adjusted()) > 12:
        raise PayloadUnreadable("“value” of an entitlement is no number that we can keep.")
    return found, ""
