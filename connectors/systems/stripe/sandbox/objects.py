"""Objects in Stripe's wire form (API 2025-02-24), as far as a finance system reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.systems.stripe.sandbox.world import Obj, new_id


def listed(url: str, data: Sequence[Obj], *, more: bool = False) -> Obj:
    return {"object": "list", "data": list(data), "has_more": more, "url": url}


def customer(at: int, **given: Any) -> Obj:
    return {
        "id": new_id("cus"),
        "object": "customer",
        "address": given.get("address"),
        "balance": 0,
        "created": at,
        "currency": given.get("currency"),
        "default_source": None,
        "delinquent": False,
        "description": given.get("description"),
        "email": given.get("email"),
        "invoice_prefix": new_id("x")[-8:].upper(),
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "name": given.get("name"),
        "next_invoice_sequence": 1,
        "phone": given.get("phone"),
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
    }


def product(at: int, **given: Any) -> Obj:
    return {
        "id": given.get("id") or new_id("prod"),
        "object": "product",
        "active": True,
        "created": at,
        "default_price": None,
        "description": None,
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "name": given["name"],
        "type": "service",
        "updated": at,
    }


def price(at: int, **given: Any) -> Obj:
    """``tiers`` with ``tiers_mode``, ``transform_quantity``, ``usage_type`` and ``meter`` too."""
    interval = given.get("interval")
    amount = given.get("unit_amount")
    tiers = {"tiers": given["tiers"]} if given.get("tiers") else {}
    return {
        "id": given.get("id") or new_id("price"),
        "object": "price",
        "active": True,
        "billing_scheme": "tiered" if tiers else "per_unit",
        "created": at,
        "currency": given["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "nickname": given.get("nickname"),
        "product": given["product"],
        "recurring": {
            "interval": interval,
            "interval_count": 1,
            "meter": given.get("meter"),
            "usage_type": given.get("usage_type") or "licensed",
        }
        if interval
        else None,
        **tiers,
        "tiers_mode": given.get("tiers_mode"),
        "transform_quantity": given.get("transform_quantity"),
        "type": "recurring" if interval else "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": given.get("unit_amount_decimal")
        or (None if amount is None else str(amount)),
    }


def subscription(at: int, *, customer: Obj, items: Sequence[Obj], end: int, **given: Any) -> Obj:
    identity = new_id("sub")
    return {
        "id": identity,
        "object": "subscription",
        "billing_cycle_anchor": at,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": at,
        "currency": items[0]["price"]["currency"],
        "current_period_end": end,
        "current_period_start": at,
        "customer": customer["id"],
        "ended_at": None,
        "items": listed(f"/v1/subscription_items?subscription={identity}", items),
        "latest_invoice": None,
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "pause_collection": None,
        "start_date": at,
        "status": given.get("status", "active"),
    }


def subscription_item(at: int, *, price: Obj, quantity: int) -> Obj:
    return {
        "id": new_id("si"),
        "object": "subscription_item",
        "created": at,
        "metadata": {},
        "price": {key: value for key, value in price.items() if key != "tiers"},
        "quantity": quantity,
    }


def line(
    *, amount: int, currency: str, description: str, start: int, end: int, **given: Any
) -> Obj:
    """``taxes`` are ``tax_amounts``; ``price`` is None for lines typed by hand."""
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "amount_excluding_tax": amount,
        "currency": currency,
        "description": description,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "period": {"start": start, "end": end},
        "price": given.get("price"),
        "proration": given.get("proration", False),
        "quantity": given.get("quantity", 1),
        "subscription": given.get("subscription"),
        "tax_amounts": given.get("taxes") or [],
        "tax_rates": given.get("tax_rates") or [],
        "type": "subscription" if given.get("subscription") else "invoiceitem",
    }


def tax_rate(at: int, *, identity: str, percentage: str) -> Obj:
    return {
        "id": identity,
        "object": "tax_rate",
        "active": True,
        "country": None,
        "created": at,
        "display_name": "Sales tax",
        "inclusive": False,
        "jurisdiction": None,
        "livemode": False,
        "metadata": {},
        "percentage": float(percentage),
    }


def credit_note(at: int, *, invoice: Obj, lines: Sequence[Obj], **given: Any) -> Obj:
    identity = new_id("cn")
    subtotal = sum(item["amount"] for item in lines)
    tax = sum(part["amount"] for item in lines for part in item["tax_amounts"])
    return {
        "id": identity,
        "object": "credit_note",
        "amount": subtotal + tax,
        "amount_shipping": 0,
        "created": at,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "customer_balance_transaction": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": at,
        "invoice": invoice["id"],
        "lines": listed(f"/v1/credit_notes/{identity}/lines", lines),
        "livemode": False,
        "memo": given.get("memo"),
        "metadata": given.get("metadata") or {},
        "number": given["number"],
        "out_of_band_amount": None,
        "post_payment_amount": 0,
        "pre_payment_amount": 0,
        "reason": given.get("reason"),
        "refund": None,
        "shipping_cost": None,
        "status": "issued",
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "tax_amounts": [part for item in lines for part in item["tax_amounts"]],
        "total": subtotal + tax,
        "total_excluding_tax": subtotal,
        "type": "post_payment",
        "voided_at": None,
    }


def credit_line(*, line: Obj, amount: int, taxes: Sequence[Obj]) -> Obj:
    return {
        "id": new_id("cnli"),
        "object": "credit_note_line_item",
        "amount": amount,
        "description": line["description"],
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": line["id"],
        "livemode": False,
        "quantity": None,
        "tax_amounts": list(taxes),
        "tax_rates": line["tax_rates"],
        "type": "invoice_line_item",
        "unit_amount": None,
        "unit_amount_decimal": None,
    }


def invoice(at: int, *, customer: Obj, currency: str, lines: Sequence[Obj], **given: Any) -> Obj:
    identity = new_id("in")
    subtotal = sum(item["amount"] for item in lines)
    tax = sum(part["amount"] for item in lines for part in item["tax_amounts"])
    return {
        "id": identity,
        "object": "invoice",
        "amount_due": subtotal + tax,
        "amount_paid": 0,
        "amount_remaining": subtotal + tax,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "billing_reason": "subscription_create" if given.get("subscription") else "manual",
        "charge": None,
        "collection_method": "charge_automatically",
        "created": at,
        "currency": currency,
        "customer": customer["id"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "discount": None,
        "discounts": [],
        "due_date": given.get("due_date"),
        "effective_at": None,
        "ending_balance": None,
        "lines": listed(f"/v1/invoices/{identity}/lines", lines),
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "number": None,
        "paid": False,
        "payment_intent": None,
        "period_end": at,
        "period_start": at,
        "starting_balance": 0,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subscription": given.get("subscription"),
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "tax": tax,
        "total": subtotal + tax,
        "total_discount_amounts": [],
        "total_excluding_tax": subtotal,
        "total_tax_amounts": [part for item in lines for part in item["tax_amounts"]],
    }
