"""A subscription of forty seats, and each way in which it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_SEATS: Final = [{"sku": "price_pro_annual", "quantity": 40, "unit_amount": 30000}]

_SUBSCRIPTION: Final[Mapping[str, Any]] = {
    "subscription_id": "sub_northwind_pro",
    "customer_id": "cus_northwind",
    "currency": "USD",
    "items": _SEATS,
    "started_on": "2025-01-01",
    "renews_on": "2026-01-01",
    "legal_entity": "us",
}
_SIGNED: Final = {**_SUBSCRIPTION, "contract_ref": "800Ax000001CtrPIAS"}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "subscription.activated/1": _SUBSCRIPTION,
    "subscription.upgraded/1": {
        **_SIGNED,
        "items": [{"sku": "price_scale_annual", "quantity": 40, "unit_amount": 45000}],
        "effective_on": "2025-07-01",
    },
    "subscription.downgraded/1": {
        **_SIGNED,
        "items": [{"sku": "price_starter_annual", "quantity": 40, "unit_amount": 12000}],
        "effective_on": "2025-07-01",
    },
    "subscription.seats_changed/1": {
        **_SIGNED,
        "items": [{"sku": "price_pro_annual", "quantity": 55, "unit_amount": 30000}],
        "effective_on": "2025-07-01",
    },
    "subscription.renewed/1": {
        **_SIGNED,
        "renews_on": "2027-01-01",
        "effective_on": "2026-01-01",
    },
    "subscription.paused/1": {
        **_SIGNED,
        "effective_on": "2025-04-01",
        "resumes_on": "2025-06-01",
    },
    "subscription.resumed/1": {**_SIGNED, "effective_on": "2025-06-01"},
    "subscription.cancelled/1": {
        **_SIGNED,
        "renews_on": None,
        "effective_on": "2025-10-01",
        "reason": "The team moved to the parent company's contract.",
    },
}
