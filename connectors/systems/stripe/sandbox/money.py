"""Payment objects in Stripe's wire form (API 2025-02-24)."""

from __future__ import annotations

from typing import Any

from connectors.systems.stripe.sandbox.objects import listed
from connectors.systems.stripe.sandbox.world import Obj, new_id


def payment_intent(at: int, *, amount: int, currency: str, **given: Any) -> Obj:
    return {
        "id": new_id("pi"),
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "capture_method": "automatic",
        "created": at,
        "currency": currency,
        "customer": given.get("customer"),
        "description": given.get("description"),
        "invoice": given.get("invoice"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "payment_method_types": ["card"],
        "status": "requires_confirmation",
    }


def charge(at: int, *, intent: Obj, declined: str = "") -> Obj:
    """``declined`` holds the reason in the words that a cardholder would see."""
    identity = new_id("ch")
    return {
        "id": identity,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0 if declined else intent["amount"],
        "amount_refunded": 0,
        "balance_transaction": None,
        "captured": not declined,
        "created": at,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": "card_declined" if declined else None,
        "failure_message": declined or None,
        "invoice": intent["invoice"],
        "livemode": False,
        "metadata": {},
        "outcome": {
            "network_status": "declined_by_network" if declined else "approved_by_network",
            "reason": "generic_decline" if declined else None,
            "risk_level": "normal",
            "seller_message": declined or "Payment complete.",
            "type": "issuer_declined" if declined else "authorized",
        },
        "paid": not declined,
        "payment_intent": intent["id"],
        "payment_method_details": {"card": {"brand": "visa", "last4": "4242"}, "type": "card"},
        "refunded": False,
        "refunds": listed(f"/v1/charges/{identity}/refunds", []),
        "status": "failed" if declined else "succeeded",
    }


def refund(
    at: int, *, charge: Obj, amount: int, reason: str | None, metadata: Obj | None = None
) -> Obj:
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": at,
        "currency": charge["currency"],
        "failure_balance_transaction": None,
        "metadata": metadata or {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "succeeded",
    }


def dispute(at: int, *, charge: Obj, amount: int, reason: str) -> Obj:
    return {
        "id": new_id("dp"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": at,
        "currency": charge["currency"],
        "evidence_details": {"due_by": None, "has_evidence": False, "past_due": False},
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }


def balance_change(at: int, *, customer: Obj, amount: int, kind: str, **given: Any) -> Obj:
    """``amount`` below zero is in the customer's favour; the balance holds it already."""
    return {
        "id": new_id("cbtxn"),
        "object": "customer_balance_transaction",
        "amount": amount,
        "created": at,
        "credit_note": given.get("credit_note"),
        "currency": given["currency"],
        "customer": customer["id"],
        "ending_balance": customer["balance"],
        "invoice": given.get("invoice"),
        "livemode": False,
        "metadata": {},
        "type": kind,
    }


def payout(at: int, *, amount: int, currency: str, arrives: int) -> Obj:
    return {
        "id": new_id("po"),
        "object": "payout",
        "amount": amount,
        "arrival_date": arrives,
        "automatic": True,
        "balance_transaction": None,
        "created": at,
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": new_id("ba"),
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "reconciliation_status": "in_progress",
        "source_type": "card",
        "status": "in_transit",
        "type": "bank_account",
    }


def balance_transaction(
    at: int, *, kind: str, source: str, amount: int, currency: str, fee: int = 0
) -> Obj:
    details = [
        {
            "amount": fee,
            "currency": currency,
            "description": "Processing fees",
            "type": "stripe_fee",
        }
    ]
    return {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": at + 2 * 86400,
        "created": at,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": details if fee else [],
        "net": amount - fee,
        "reporting_category": kind,
        "source": source,
        "status": "available",
        "type": kind,
    }
