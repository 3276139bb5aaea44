"""Calls of one customer: a record, a month's billable line, and a limit that was passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "usage.recorded/1": {
        "usage_id": "use-20250114-000871",
        "customer_id": "cus_northwind",
        "subscription_id": "sub_northwind_pro",
        "meter": "api_calls",
        "quantity": "125",
        "used_at": "2025-01-14T09:30:00Z",
    },
    "usage.rated/1": {
        "line_id": "RL-2025-01-northwind-calls",
        "customer_id": "cus_northwind",
        "subscription_id": "sub_northwind_pro",
        "meter": "api_calls",
        "price_id": "price_api_calls",
        "currency": "USD",
        "quantity": "84000",
        "billable": "74000",
        "amount": 37000,
        "prepaid": 0,
        "period_start": "2025-01-01",
        "period_end": "2025-01-31",
        "late_for": "2024-12",
        "legal_entity": "us",
    },
    "usage.threshold_crossed/1": {
        "subscription_id": "sub_northwind_pro",
        "customer_id": "cus_northwind",
        "meter": "api_calls",
        "threshold": "0.8",
        "used": "80250",
        "entitled": "100000",
        "crossed_on": "2025-01-27",
        "legal_entity": "us",
    },
}
