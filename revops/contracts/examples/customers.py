"""Northwind, as its systems tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_CUSTOMER: Final[Mapping[str, Any]] = {
    "customer_id": "cus_northwind",
    "name": "Northwind Analytics, Inc.",
    "email": "ap@northwind.example",
    "currency": "USD",
    "tax_id": "94-1234567",
    "address": {
        "line1": "12 Harbor Way",
        "postal_code": "94107",
        "city": "San Francisco",
        "region": "CA",
        "country": "US",
    },
    "legal_entity": "us",
}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "customer.created/1": _CUSTOMER,
    "customer.updated/1": {
        **_CUSTOMER,
        "email": "payables@northwind.example",
        "parent_id": "cus_northwind_group",
        "domain": "northwind.example",
        "region": "Americas",
        "other_ids": [{"system": "salesforce", "id": "001Ax000003NwAbIAK"}],
    },
    "customer.merged/1": {
        "customer_id": "cus_northwind",
        "merged_id": "cus_northwind_old",
        "merged_on": "2025-02-03",
        "reason": "Signed up twice.",
    },
}
