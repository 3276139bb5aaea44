"""
Items and item prices (Product Catalog 2.0). Prices keep fractions of a minor unit exactly
(``price_in_decimal``). A stairstep price charges one amount for all units up to a bound: a volume
price whose tiers have no unit price.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from connectors.contract import PayloadUnreadable
from connectors.systems.chargebee import wire
from connectors.systems.chargebee.heard import Heard
from connectors.systems.chargebee.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData

_MODELS: Final = {"tiered": "tiered", "volume": "volume", "stairstep": "volume"}
_MONTHS: Final = {"month": 1, "year": 12}
_TIER_PRICES: Final = ("", "per_unit", "flat_fee")


def product(heard: Heard) -> Sequence[EventData]:
    obj = heard.of("item")
    identity = wire.text(obj.get("id"))
    return [
        registry.read(
            "product.updated/1",
            {
                "product_id": identity,
                "name": wire.text(obj.get("external_name"))
                or wire.text(obj.get("name"))
                or identity,
                "active": _active(heard, obj),
            },
        )
    ]


def price(heard: Heard) -> Sequence[EventData]:
    obj = heard.of("item_price")
    code = wire.currency(obj.get("currency_code"))
    data: dict[str, Any] = {
        "price_id": wire.text(obj.get("id")),
        "product_id": wire.text(obj.get("item_id")),
        "label": wire.text(obj.get("external_name")) or wire.text(obj.get("name")),
        "currency": code,
        # Which usage it charges stands nowhere in Chargebee: people note it.
        "meter": wire.noted(obj, "meter"),
        "interval_months": _months(obj),
        "included": wire.count(
            obj.get("free_quantity_in_decimal"), obj.get("free_quantity", 0), field="free_quantity"
        ),
        "active": _active(heard, obj),
    }
    return [registry.read("price.updated/1", data | _priced(obj, code))]


def _active(heard: Heard, obj: Json) -> bool:
    if heard.kind.endswith("_deleted") or obj.get("deleted") is True:
        return False
    return wire.text(obj.get("status")) in ("active", "")


def _months(obj: Json) -> int:
    """0 for what is charged once. Raises PayloadUnreadable for days and weeks."""
    unit = wire.text(obj.get("period_unit"))
    if not unit:
        return 0
    often, months = obj.get("period", 1), _MONTHS.get(unit)
    if months is None or type(often) is not int:
        raise PayloadUnreadable(
            f"The item price recurs every {often} “{unit}”; the catalogue counts in months."
        )
    return months * often


def _priced(obj: Json, code: str) -> dict[str, Any]:
    model = wire.text(obj.get("pricing_model"))
    if model in ("flat_fee", "per_unit"):
        unit = wire.exact(obj.get("price_in_decimal"), obj.get("price"), code, field="price")
        return {"model": "flat" if model == "flat_fee" else "per_unit", "unit_price": unit}
    if model not in _MODELS:
        raise PayloadUnreadable(f"The item price's “pricing_model” “{model}” is not known.")
    tiers = [
        _tier(tier, code, stairs=model == "stairstep") for tier in wire.items(obj.get("tiers"))
    ]
    return {"model": _MODELS[model], "tiers": tiers}


def _tier(tier: Json, code: str, *, stairs: bool) -> dict[str, Any]:
    kind = wire.text(tier.get("pricing_type"))
    if kind not in _TIER_PRICES:
        raise PayloadUnreadable(f"A tier of the item price is priced by “{kind}”.")
    ends = wire.first(tier.get("ending_unit_in_decimal"), tier.get("ending_unit"))
    amount = wire.exact(tier.get("price_in_decimal"), tier.get("price"), code, field="tiers.price")
    flat = stairs or kind == "flat_fee"
    if flat and amount != int(amount):
        raise PayloadUnreadable("A tier's flat price is a fraction of a minor unit.")
    return {
        "up_to": None if ends is None else wire.count(ends, None, field="tiers.ending_unit"),
        "unit_price": Decimal(0) if flat else amount,
        "flat_amount": int(amount) if flat else 0,
    }
