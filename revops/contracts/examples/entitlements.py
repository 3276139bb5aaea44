"""What Northwind may use, from the first day to the last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_ENTITLEMENT: Final[Mapping[str, Any]] = {
    "entitlement_id": "ent_northwind_calls",
    "customer_id": "cus_northwind",
    "subscription_id": "sub_northwind_pro",
    "feature": "API access",
    "quantity": "100000",
    "unit": "calls",
    "meter": "api_calls",
    "effective_on": "2025-01-01",
    "ends_on": "2025-12-31",
}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "entitlement.granted/1": _ENTITLEMENT,
    "entitlement.changed/1": {
        **_ENTITLEMENT,
        "quantity": "250000",
        "effective_on": "2025-07-01",
    },
    "entitlement.revoked/1": {
        **_ENTITLEMENT,
        "effective_on": "2025-10-01",
        "ends_on": "2025-09-30",
        "reason": "The subscription was cancelled.",
    },
}
