"""Features that a customer may use, from the summary that Stripe sends when they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.contract import PayloadUnreadable
from connectors.systems.stripe import wire
from connectors.systems.stripe.heard import Heard
from connectors.systems.stripe.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData

CHANGED = "entitlements.active_entitlement_summary.updated"


def ignored(obj: Json, previous: Json) -> str:
    before, now = previous.get("entitlements"), obj.get("entitlements")
    if not list(wire.items(now)) and not list(wire.items(before)):
        return "The customer is entitled to nothing, as before."
    return "" if _held(now).keys() != _held(before).keys() else "Nothing that counts has changed."


def changed(heard: Heard) -> Sequence[EventData]:
    """
    What is there now and was not, and the reverse. Raises PayloadUnreadable when the summary holds
    the first ten only, because what is missing there may still be held.
    """
    for held in (heard.obj.get("entitlements"), heard.previous.get("entitlements")):
        if wire.part(held).get("has_more") is True:
            raise PayloadUnreadable("The customer has more entitlements than the event tells.")
    before, now = _held(heard.previous.get("entitlements")), _held(heard.obj.get("entitlements"))
    gone = [_told("entitlement.revoked/1", heard, before[name]) for name in before.keys() - now]
    new = [_told("entitlement.granted/1", heard, now[name]) for name in now.keys() - before]
    return sorted([*gone, *new], key=lambda event: (event.contract, event.subject_id))


def _held(value: object) -> Mapping[str, Json]:
    return {wire.ref(item): item for item in wire.items(value)}


def _told(contract: str, heard: Heard, item: Json) -> EventData:
    return registry.read(
        contract,
        {
            "entitlement_id": wire.ref(item),
            "customer_id": wire.ref(heard.obj.get("customer")),
            "feature": wire.text(item.get("lookup_key")) or wire.ref(item.get("feature")),
            "effective_on": wire.day(heard.created, heard.zone, field="created"),
        },
    )
