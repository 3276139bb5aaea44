"""Customers as Stripe has them, with what people noted about them in metadata."""

from __future__ import annotations

from typing import Any

from connectors.systems.stripe import wire
from connectors.systems.stripe.heard import Heard
from revops.contracts import registry
from revops.contracts.base import EventData


def told(contract: str, heard: Heard) -> EventData:
    """``customer.created/1`` or ``customer.updated/1``; both give every field."""
    obj = heard.obj
    address = wire.part(obj.get("address"))
    country = wire.text(address.get("country")).upper()
    tax_ids = [wire.text(item.get("value")) for item in wire.items(obj.get("tax_ids"))]
    code = wire.text(obj.get("currency")).upper()
    keys = heard.pairs("customer_keys")
    data: dict[str, Any] = {
        "customer_id": wire.ref(obj),
        "name": wire.text(obj.get("name"))
        or wire.text(obj.get("description"))
        or wire.text(obj.get("email"))
        or wire.ref(obj),
        "email": wire.text(obj.get("email")),
        "currency": code or None,
        "tax_id": next(iter(tax_ids), "") or wire.text(obj.get("business_vat_id")),
        "address": {
            "line1": wire.text(address.get("line1")),
            "line2": wire.text(address.get("line2")),
            "postal_code": wire.text(address.get("postal_code")),
            "city": wire.text(address.get("city")),
            "region": wire.text(address.get("state")),
            "country": country if len(country) == 2 and country.isalpha() else None,
        },
        "legal_entity": wire.entity(obj),
        "parent_id": wire.noted(obj, keys.get("parent", "")),
        "domain": wire.noted(obj, keys.get("domain", "")).lower(),
        "region": wire.noted(obj, keys.get("region", "")),
        "other_ids": [
            {"system": system, "id": identity}
            for key, system in heard.pairs("customer_ids").items()
            if (identity := wire.noted(obj, key))
        ],
    }
    return registry.read(contract, data)
