"""Customers, subscriptions and the states of an invoice, as business events."""

from __future__ import annotations

from typing import Any, Final

from connectors.systems.stripe import lines, wire
from connectors.systems.stripe.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData

FINAL: Final = ("open", "paid", "void", "uncollectible")


def customer(contract: str, obj: Json) -> EventData:
    """``customer.created/1`` or ``customer.updated/1``; both give every field."""
    address = wire.part(obj.get("address"))
    country = wire.text(address.get("country")).upper()
    tax_ids = [wire.text(item.get("value")) for item in wire.items(obj.get("tax_ids"))]
    code = wire.text(obj.get("currency")).upper()
    return registry.read(
        contract,
        {
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
        },
    )


def subscription_activated(obj: Json, zone: str) -> EventData:
    """
    Since API 2025-03-31 the period stands on the items and no longer on the subscription; plans
    stand where prices do in the oldest versions.
    """
    members = list(wire.items(obj.get("items")))
    prices = [wire.part(wire.first(item.get("price"), item.get("plan"))) for item in members]
    code = wire.currency(wire.first(obj.get("currency"), *(p.get("currency") for p in prices)))
    renews = wire.first(
        obj.get("current_period_end"), *(item.get("current_period_end") for item in members)
    )
    started = wire.first(obj.get("start_date"), obj.get("created"))
    return registry.read(
        "subscription.activated/1",
        {
            "subscription_id": wire.ref(obj),
            "customer_id": wire.ref(obj.get("customer")),
            "currency": code,
            "items": [
                _subscription_item(item, price, code)
                for item, price in zip(members, prices, strict=True)
            ],
            "started_on": wire.day(started, zone, field="start_date"),
            "renews_on": None
            if renews is None
            else wire.day(renews, zone, field="current_period_end"),
            "legal_entity": wire.entity(obj),
        },
    )


def _subscription_item(item: Json, price: Json, code: str) -> dict[str, Any]:
    amount = wire.first(price.get("unit_amount"), price.get("amount"))
    return {
        "sku": wire.ref(price) or wire.ref(price.get("product")),
        "quantity": wire.first(item.get("quantity"), 1),
        "unit_amount": None if amount is None else wire.minor(amount, code, field="unit_amount"),
    }


def invoice_issued(obj: Json, zone: str) -> EventData:
    """
    The invoice as it was made final. Every later event of the invoice carries the same content,
    so that it may announce the invoice again (localstripe and lost webhooks never announce it
    otherwise).
    """
    code = wire.currency(obj.get("currency"))
    due = obj.get("due_date")
    identity = wire.ref(obj)
    return registry.read(
        "invoice.issued/1",
        {
            "invoice_id": identity,
            # Versions of old and some fakes give no number; the id is then what people can quote.
            "number": wire.text(obj.get("number")) or identity,
            "customer_id": wire.ref(obj.get("customer")),
            "subscription_id": _subscription(obj),
            "currency": code,
            "issued_on": wire.day(finalized(obj), zone, field="status_transitions.finalized_at"),
            "due_on": None if due is None else wire.day(due, zone, field="due_date"),
            "lines": lines.read(obj, code, zone),
            "total": wire.minor(obj.get("total"), code, field="total"),
            "legal_entity": wire.entity(
                obj,
                obj.get("subscription_details"),
                wire.part(obj.get("parent")).get("subscription_details"),
            ),
        },
    )


def is_cut_short(obj: Json) -> bool:
    """Events hold the first lines of a long invoice only; our poll reads the others."""
    return wire.part(obj.get("lines")).get("has_more") is True


def invoice_paid(obj: Json, zone: str, created: int) -> EventData:
    code = wire.currency(obj.get("currency"))
    paid_at = wire.first(_transition(obj, "paid_at"), created)
    return registry.read(
        "invoice.paid/1",
        {
            "invoice_id": wire.ref(obj),
            "paid_on": wire.day(paid_at, zone, field="status_transitions.paid_at"),
            "amount_paid": wire.minor(obj.get("amount_paid"), code, field="amount_paid"),
            "currency": code,
        },
    )


def invoice_voided(obj: Json, zone: str, created: int) -> EventData:
    voided_at = wire.first(_transition(obj, "voided_at"), created)
    return registry.read(
        "invoice.voided/1",
        {
            "invoice_id": wire.ref(obj),
            "voided_on": wire.day(voided_at, zone, field="status_transitions.voided_at"),
            "reason": "Voided in Stripe.",
        },
    )


def _transition(obj: Json, name: str) -> Any:
    return wire.part(obj.get("status_transitions")).get(name)


def finalized(obj: Json) -> Any:
    """``effective_at`` is the date printed on the invoice and follows finalization if not set."""
    return wire.first(
        obj.get("effective_at"),
        _transition(obj, "finalized_at"),
        obj.get("created"),
    )


def _subscription(obj: Json) -> str:
    details = wire.part(wire.part(obj.get("parent")).get("subscription_details"))
    return wire.ref(obj.get("subscription")) or wire.ref(details.get("subscription"))
