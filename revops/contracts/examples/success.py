"""How Northwind fares, and what its renewal looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "health.changed/1": {
        "customer_id": "company-northwind",
        "score": "62",
        "band": "yellow",
        "measured_on": "2025-03-24",
        "reason": "Fewer people signed in since the outage.",
    },
    "onboarding.milestone_reached/1": {
        "customer_id": "company-northwind",
        "milestone": "First dashboard shared",
        "reached_on": "2025-01-22",
    },
    "renewal.forecast_updated/1": {
        "customer_id": "company-northwind",
        "renews_on": "2026-01-01",
        "currency": "USD",
        "amount": 1650000,
        "probability": "0.85",
        "risk": "medium",
        "forecast_on": "2025-09-30",
    },
}
