"""
What items entitle to, and so the subscriptions that hold them. Names of members are those of
Chargebee's own libraries (chargebee-node, ``SubscriptionEntitlement``, ``ItemEntitlement``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from connectors.systems.chargebee.sandbox.world import Obj, World

CREATED: Final = "subscription_entitlements_created"
_UPDATED: Final = "subscription_entitlements_updated"


def entitle(world: World, item: str, feature: str, value: str, *, unit: str, at: int) -> None:
    """Set what an item entitles to, and tell of each subscription that holds it."""
    world.get("item", item)
    held = world.held.setdefault("item_entitlement", {})
    held[f"{item}:{feature}"] = world.touch(
        {
            "object": "item_entitlement",
            "id": f"{item}:{feature}",
            "item_id": item,
            "item_type": "plan",
            "feature_id": feature,
            "feature_name": feature.replace("_", " ").capitalize(),
            "value": value,
            "name": value,
            **({"feature_unit": unit} if unit else {}),
        },
        at=at,
    )
    for subscription in world.all("subscription"):
        if item in _items(world, subscription):
            tell(world, subscription["id"], at=at)


def tell(world: World, subscription: str, *, at: int, kind: str = _UPDATED) -> None:
    detail = {"subscription_id": subscription, "has_next": False}
    world.tell(kind, at=at, **{f"{kind}_detail": detail})


def of_item(world: World, item: str) -> list[Obj]:
    """Raises Missing."""
    world.get("item", item)
    return [one for one in world.all("item_entitlement") if one["item_id"] == item]


def of_subscription(world: World, subscription: str) -> list[Obj]:
    """Raises Missing."""
    items = _items(world, world.get("subscription", subscription))
    return [
        {
            "object": "subscription_entitlement",
            "subscription_id": subscription,
            "feature_type": "switch" if one["value"] in ("true", "false") else "quantity",
            "is_overridden": False,
            "is_enabled": True,
            **{name: one[name] for name in _SHARED if name in one},
        }
        for one in world.all("item_entitlement")
        if one["item_id"] in items
    ]


def _items(world: World, subscription: Obj) -> set[str]:
    prices = (one["item_price_id"] for one in subscription["subscription_items"])
    return {world.get("item_price", price)["item_id"] for price in prices}


_SHARED: Final = ("feature_id", "feature_name", "feature_unit", "value", "name")
LISTS: Final[Mapping[tuple[str, str], Callable[[World, str], list[Obj]]]] = {
    ("items", "item_entitlements"): of_item,
    ("subscriptions", "subscription_entitlements"): of_subscription,
}
