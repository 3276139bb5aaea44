"""An opportunity that was won, the quote and the contract that came of it, and one that was not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_ITEMS: Final = [{"sku": "price_pro_annual", "quantity": 40, "unit_amount": 30000}]

_OPPORTUNITY: Final[Mapping[str, Any]] = {
    "opportunity_id": "006Ax000009WonQIAS",
    "customer_id": "001Ax000003NwAbIAK",
    "name": "Northwind: Pro for analytics",
    "stage": "Negotiation",
    "currency": "USD",
    "amount": 1200000,
    "closes_on": "2024-12-20",
    "owner": "Dana Reyes",
    "kind": "New business",
    "legal_entity": "us",
}

_CONTRACT: Final[Mapping[str, Any]] = {
    "contract_id": "800Ax000001CtrPIAS",
    "customer_id": "001Ax000003NwAbIAK",
    "opportunity_id": "006Ax000009WonQIAS",
    "number": "C-00318",
    "currency": "USD",
    "items": _ITEMS,
    "total": 1200000,
    "starts_on": "2025-01-01",
    "ends_on": "2025-12-31",
    "terms": {"net_days": 30, "billing_months": 12},
    "legal_entity": "us",
}

_MORE: Final = [{"sku": "price_pro_annual", "quantity": 55, "unit_amount": 30000}]

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "opportunity.updated/1": _OPPORTUNITY,
    "opportunity.won/1": {
        **_OPPORTUNITY,
        "stage": "Closed Won",
        "won_on": "2024-12-18",
        "items": _ITEMS,
        "starts_on": "2025-01-01",
        "ends_on": "2025-12-31",
    },
    "opportunity.lost/1": {
        **_OPPORTUNITY,
        "opportunity_id": "006Ax000009LostIAS",
        "stage": "Closed Lost",
        "lost_on": "2024-12-19",
        "reason": "The budget went to another project.",
    },
    "quote.accepted/1": {
        "quote_id": "0Q0Ax00000AccQKAS",
        "opportunity_id": "006Ax000009WonQIAS",
        "number": "Q-00771",
        "currency": "USD",
        "amount": 1200000,
        "items": _ITEMS,
        "accepted_on": "2024-12-18",
    },
    "contract.signed/1": {**_CONTRACT, "signed_on": "2024-12-20"},
    "contract.amended/1": {
        **_CONTRACT,
        "items": _MORE,
        "total": 1425000,
        "effective_on": "2025-07-01",
        "reason": "Fifteen more seats for the second half of the year.",
    },
    "contract.renewed/1": {
        **_CONTRACT,
        "items": _MORE,
        "total": 1650000,
        "starts_on": "2026-01-01",
        "ends_on": "2026-12-31",
        "effective_on": "2026-01-01",
    },
    "contract.cancelled/1": {
        **_CONTRACT,
        "effective_on": "2025-10-01",
        "reason": "The team moved to the parent company's contract.",
    },
}
