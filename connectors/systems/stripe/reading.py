"""
An object as it is now, in the form of an event: asked for when events of one second disagree.

Stripe's events carry whole seconds, and its objects do not say when they changed. What is read
shows everything that happened before the reading, so it counts as the state at the end of a second
that is surely over: newer than whatever was told of that second, older than whatever comes next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from connectors.contract import Settings
from connectors.http import Client
from connectors.systems.stripe import billing, catalogue, listing, payments, types, wire
from connectors.systems.stripe import customers as accounts
from connectors.systems.stripe import subscriptions as running
from connectors.systems.stripe.heard import Heard
from connectors.systems.stripe.wire import Json
from revops.contracts.base import EventData
from revops.kernel import strict_json
from revops.kernel.clock import now
from revops.kernel.keys import sha256

# Stripe's clock and ours differ by less; the manifest's fetch_after_s is longer.
SURELY_OVER: Final = 5

_Query = Sequence[tuple[str, str]]


async def fetch(
    client: Client, settings: Settings, object_type: str, object_id: str
) -> bytes | None:
    """As ``ObjectSource.fetch``; also None for what has no address of its own."""
    if object_type not in _PATHS or not object_id:
        return None
    path, query = _PATHS[object_type]
    second = int(now().timestamp()) - SURELY_OVER
    found = await listing.one(client, settings, f"/v1/{path}/{object_id}", query)
    if found is None:
        return None
    # Tiers are told an hour later than the price itself (told.py), and so is their end.
    later = types.TOLD_LATER if found.get("tiers") else 0
    digest = sha256(strict_json.dumps(found))[:16]
    return strict_json.dumps(
        {
            "id": f"{object_id}:{second}:{digest}",
            "object": "event",
            "type": f"{object_type}{types.READ}",
            "created": second,
            "object_version": second + later,
            "account": settings.parameters.get("account") or None,
            "api_version": listing.API_VERSION,
            "livemode": found.get("livemode") is True,
            "data": {"object": found},
        }
    ).encode()


def ignored(kind: str, obj: Json) -> str:
    """Why an object that was read needs nothing done; empty when it does."""
    kind = kind.removesuffix(types.READ)
    status = wire.text(obj.get("status"))
    if kind == "price":
        return catalogue.ignored("price.updated", obj)
    if kind == "subscription":
        if obj.get("pause_collection") or status not in ("active", "past_due"):
            return "The subscription does not run now; that is told by an event of its own."
        return ""
    if kind == "invoice":
        return "" if status in billing.FINAL else "Only final invoices are journalized."
    if kind == "charge" and status == "succeeded" and obj.get("captured") is False:
        return "The charge is authorised, not captured; no money has moved yet."
    if kind == "payment_intent" and status not in ("succeeded", "requires_payment_method"):
        return "No money has moved yet."
    return "" if kind in _MEANS else "What was told of it does not change."


def _charge(heard: Heard) -> Sequence[EventData]:
    created = heard.obj.get("created")
    at = created if type(created) is int else heard.created
    if payments.came_back(heard.obj):
        return ()  # the return has its own day, which the charge does not hold
    tell = (
        payments.charge_failed if heard.obj.get("status") == "failed" else payments.charge_applied
    )
    return [tell(heard.obj, heard.zone, at)]


def _intent(heard: Heard) -> Sequence[EventData]:
    latest = wire.part(heard.obj.get("latest_charge")).get("created")
    at = latest if type(latest) is int else heard.created
    succeeded = heard.obj.get("status") == "succeeded"
    tell = payments.intent_applied if succeeded else payments.intent_failed
    return [tell(heard.obj, heard.zone, at)]


_PATHS: Final[Mapping[str, tuple[str, _Query]]] = {
    "charge": ("charges", ()),
    "credit_note": ("credit_notes", ()),
    "customer": ("customers", ()),
    "dispute": ("disputes", ()),
    "invoice": ("invoices", ()),
    "payment_intent": ("payment_intents", [("expand[]", "latest_charge")]),
    "payout": ("payouts", ()),
    "price": ("prices", [("expand[]", "tiers")]),
    "product": ("products", ()),
    "refund": ("refunds", ()),
    "subscription": ("subscriptions", ()),
}
_MEANS: Final[Mapping[str, Callable[[Heard], Sequence[EventData]]]] = {
    "charge": _charge,
    "customer": lambda heard: [accounts.told("customer.updated/1", heard)],
    "payment_intent": _intent,
    "price": catalogue.price,
    "product": catalogue.product,
    "subscription": running.activated,
}
TRANSLATORS: Final[Mapping[str, Callable[[Heard], Sequence[EventData]]]] = {
    f"{kind}{types.READ}": tell for kind, tell in _MEANS.items()
}
