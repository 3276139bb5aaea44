"""Customers as Chargebee has them."""

from __future__ import annotations

from typing import Any

from connectors.contract import PayloadUnreadable
from connectors.systems.chargebee import wire
from connectors.systems.chargebee.heard import Heard
from revops.contracts import registry
from revops.contracts.base import EventData


def told(contract: str, heard: Heard) -> EventData:
    """``customer.created/1`` or ``customer.updated/1``; both give every field."""
    obj = heard.of("customer")
    if not obj:
        raise PayloadUnreadable("The event holds no “customer”.")
    address = wire.part(obj.get("billing_address"))
    country = wire.text(address.get("country")).upper()
    data: dict[str, Any] = {
        "customer_id": wire.text(obj.get("id")),
        "name": name_of(obj),
        "email": wire.text(obj.get("email")),
        "currency": wire.text(obj.get("preferred_currency_code")).upper() or None,
        "tax_id": wire.text(obj.get("vat_number_prefix")) + wire.text(obj.get("vat_number")),
        "address": {
            "line1": wire.text(address.get("line1")),
            "line2": wire.text(address.get("line2")),
            "postal_code": wire.text(address.get("zip")),
            "city": wire.text(address.get("city")),
            "region": wire.text(address.get("state_code")) or wire.text(address.get("state")),
            "country": country if len(country) == 2 and country.isalpha() else None,
        },
        "legal_entity": heard.entity(obj),
        "parent_id": wire.text(wire.part(obj.get("relationship")).get("parent_id")),
        "domain": wire.noted(obj, "domain").lower(),
        "region": wire.noted(obj, "region"),
        "other_ids": [
            {"system": system, "id": identity}
            for key, system in heard.pairs("customer_ids").items()
            if (identity := wire.noted(obj, key))
        ],
    }
    return registry.read(contract, data)


def name_of(obj: wire.Json) -> str:
    """The company, else the person, else the e-mail address, else the id."""
    person = f"{wire.text(obj.get('first_name'))} {wire.text(obj.get('last_name'))}".strip()
    return (
        wire.text(obj.get("company"))
        or person
        or wire.text(obj.get("email"))
        or wire.text(obj.get("id"))
    )
