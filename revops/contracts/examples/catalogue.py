"""A plan, and what a million calls cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "product.updated/1": {"product_id": "prod_pro", "name": "Pro", "active": True},
    "price.updated/1": {
        "price_id": "price_api_calls",
        "product_id": "prod_pro",
        "label": "API calls beyond the plan",
        "currency": "USD",
        "model": "tiered",
        "tiers": [
            {"up_to": "100000", "unit_price": "0.5", "flat_amount": 0},
            {"up_to": None, "unit_price": "0.35", "flat_amount": 2500},
        ],
        "package_size": "1",
        "included": "10000",
        "meter": "api_calls",
        "interval_months": 1,
        "valid_from": "2025-01-01",
        "active": True,
    },
}
