"""Commands as tests need them."""

from __future__ import annotations

from typing import Any

from connectors import commands
from connectors.contract import Command
from revops.kernel.keys import idempotency_key


def customer(number: int, /, *, revision: int = 1, **changes: Any) -> Command:
    """``success.customer`` of the party ``party-<number>``."""
    payload = {
        "customer_id": f"party-{number}",
        "name": f"Customer {number}",
        "other_ids": [{"system": "stripe", "id": f"cus_{number}"}],
        "currency": "USD",
        "arr": 1_200_000,
        "renews_on": "2027-01-31",
        "version": 1000 + revision,
    } | changes
    return _command("success.customer", f"party-{number}", payload, revision)


def entitlement(number: int, /, *, revision: int = 1, **changes: Any) -> Command:
    payload = {
        "customer": {"customer_id": "party-1"},
        "entitlement_id": f"ent-{number}",
        "feature": "Seats",
        "quantity": "40",
        "used": "31.5",
        "unit": "seats",
        "starts_on": "2026-01-01",
        "ends_on": None,
        "state": "active",
        "version": 1000 + revision,
    } | changes
    return _command("success.entitlements", f"ent-{number}", payload, revision)


def signal(number: int, /, *, revision: int = 1, **changes: Any) -> Command:
    payload = {
        "customer": {"customer_id": "party-1"},
        "signal_id": f"sig-{number}",
        "kind": "payment_failed",
        "currency": "USD",
        "amount": 1_299_000,
        "happened_on": "2026-03-31",
        "document": f"INV-{number}",
        "detail": "The card was declined.",
        "version": 1000 + revision,
    } | changes
    return _command("success.payment_signal", f"sig-{number}", payload, revision)


def _command(kind: str, business_key: str, payload: dict[str, Any], revision: int) -> Command:
    key = idempotency_key(
        lane="success",
        legal_entity="US-INC",
        document_type=kind,
        business_key=business_key,
        revision=revision,
    )
    return commands.by_hand(kind, key, payload, story=f"story-{business_key}")
