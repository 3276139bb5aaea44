"""
Products and prices.

Prices keep fractions of a minor unit exactly (``unit_amount_decimal``). Tiers stand in no event:
Stripe gives them only to who asks (``expand[]=tiers``), so the poll reads such a price.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from connectors.contract import PayloadUnreadable
from connectors.systems.stripe import wire
from connectors.systems.stripe.heard import Heard
from connectors.systems.stripe.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData

_MODELS: Final = {"graduated": "tiered", "volume": "volume"}
_METER: Final = "meter"

_Tier = dict[str, Any]


def ignored(kind: str, obj: Json) -> str:
    """Why a price needs nothing done; empty when it does."""
    if not kind.startswith("price."):
        return ""
    if obj.get("custom_unit_amount"):
        return "The buyer says what to pay; there is no price."
    if is_without_tiers(obj):
        return "The price's tiers stand in no event; the next poll reads them."
    return ""


def is_without_tiers(obj: Json) -> bool:
    return obj.get("billing_scheme") == "tiered" and not obj.get("tiers")


def product(heard: Heard, *, deleted: bool = False) -> Sequence[EventData]:
    obj = heard.obj
    return [
        registry.read(
            "product.updated/1",
            {
                "product_id": wire.ref(obj),
                "name": wire.text(obj.get("name")) or wire.ref(obj),
                "active": not deleted and obj.get("active") is not False,
            },
        )
    ]


def price(heard: Heard, *, deleted: bool = False) -> Sequence[EventData]:
    obj = heard.obj
    code = wire.currency(obj.get("currency"))
    recurring = wire.part(obj.get("recurring"))
    data: dict[str, Any] = {
        "price_id": wire.ref(obj),
        "product_id": wire.ref(obj.get("product")),
        "label": wire.text(obj.get("nickname")) or wire.text(obj.get("lookup_key")),
        "currency": code,
        "meter": _meter(obj, recurring),
        "interval_months": _months(recurring),
        "active": not deleted and obj.get("active") is not False,
    }
    if obj.get("billing_scheme") == "tiered":
        data |= _tiered(obj, code, metered=recurring.get("usage_type") == "metered")
    else:
        data |= _per_unit(obj, code)
    return [registry.read("price.updated/1", data)]


def _meter(obj: Json, recurring: Json) -> str:
    """What people noted, else Stripe's meter, else (old metered prices have none) the price."""
    if recurring.get("usage_type") != "metered":
        return ""
    return wire.noted(obj, _METER) or wire.ref(recurring.get("meter")) or wire.ref(obj)


def _months(recurring: Json) -> int:
    """0 for what is charged once. Raises PayloadUnreadable for days and weeks."""
    if not recurring:
        return 0
    count, interval = recurring.get("interval_count", 1), wire.text(recurring.get("interval"))
    months = {"month": 1, "year": 12}.get(interval)
    if months is None or type(count) is not int:
        raise PayloadUnreadable(
            f"The price recurs every {count} “{interval}”; the catalogue counts in months."
        )
    return months * count


def _per_unit(obj: Json, code: str) -> dict[str, Any]:
    given = wire.first(obj.get("unit_amount_decimal"), obj.get("unit_amount"))
    found: dict[str, Any] = {
        "model": "per_unit",
        "unit_price": wire.exact(given, code, field="unit_amount_decimal"),
    }
    packed = wire.part(obj.get("transform_quantity"))
    if packed:
        if packed.get("round") != "up":
            raise PayloadUnreadable("The price counts full packages only; ours count begun ones.")
        found |= {"model": "package", "package_size": packed.get("divide_by")}
    return found


def _tiered(obj: Json, code: str, *, metered: bool) -> dict[str, Any]:
    """
    A free first tier of a metered, graduated price is what the price includes; the other tiers
    then count from its end. One open tier alone is a plain price.
    """
    model = _MODELS.get(wire.text(obj.get("tiers_mode")))
    if model is None:
        raise PayloadUnreadable("The price's tiers are neither graduated nor volume.")
    tiers = [_tier(tier, code) for tier in wire.items(obj.get("tiers"))]
    included = Decimal(0)
    if metered and model == "tiered" and len(tiers) > 1 and _is_free(tiers[0]):
        included = tiers[0]["up_to"]
        tiers = [
            {**tier, "up_to": None if tier["up_to"] is None else tier["up_to"] - included}
            for tier in tiers[1:]
        ]
    if len(tiers) == 1 and tiers[0]["up_to"] is None:
        unit, flat = tiers[0]["unit_price"], tiers[0]["flat_amount"]
        if not flat:
            return {"model": "per_unit", "unit_price": unit, "included": included}
        if not unit and not included:
            return {"model": "flat", "unit_price": Decimal(flat)}
    return {"model": model, "tiers": tiers, "included": included}


def _tier(tier: Json, code: str) -> _Tier:
    up_to = tier.get("up_to")
    if up_to is not None and type(up_to) is not int:
        raise PayloadUnreadable("“tiers.up_to” is no whole number.")
    unit = wire.first(tier.get("unit_amount_decimal"), tier.get("unit_amount"), 0)
    flat = wire.first(tier.get("flat_amount_decimal"), tier.get("flat_amount"), 0)
    amount = wire.exact(flat, code, field="tiers.flat_amount_decimal")
    if amount != int(amount):
        raise PayloadUnreadable("“tiers.flat_amount_decimal” is a fraction of a minor unit.")
    return {
        "up_to": None if up_to is None else Decimal(up_to),
        "unit_price": wire.exact(unit, code, field="tiers.unit_amount_decimal"),
        "flat_amount": int(amount),
    }


def _is_free(tier: _Tier) -> bool:
    return tier["up_to"] is not None and not tier["unit_price"] and not tier["flat_amount"]
