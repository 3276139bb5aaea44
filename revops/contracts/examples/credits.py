"""A credit for a broken promise: asked for, decided, issued, and used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_REQUEST: Final[Mapping[str, Any]] = {
    "credit_id": "CR-2041",
    "customer_id": "cus_northwind",
    "invoice_id": "in_1042",
    "credit_type": "sla_period",
    "currency": "USD",
    "amount": 50000,
    "entitled_on": "2025-03-18",
    "reason": "Four hours without service in March.",
    "case_ref": "500Ax00000SlaBRIAZ",
    "legal_entity": "us",
}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "credit.requested/1": {**_REQUEST, "requested_on": "2025-03-20"},
    "credit.approved/1": {
        **_REQUEST,
        "approved_on": "2025-03-21",
        "approved_by": "Priya Natarajan",
    },
    "credit.rejected/1": {
        **_REQUEST,
        "credit_id": "CR-2042",
        "rejected_on": "2025-03-21",
        "rejected_by": "Priya Natarajan",
    },
    "credit.issued/1": {
        "credit_id": "cn_77",
        "number": "CN-0077",
        "customer_id": "cus_northwind",
        "invoice_id": "in_1042",
        "credit_type": "sla_period",
        "settles": "balance",
        "currency": "USD",
        "issued_on": "2025-03-21",
        "effective_on": "2025-03-18",
        "lines": [
            {
                "line_id": "cnl_1",
                "invoice_line_id": "il_1",
                "sku": "price_pro_annual",
                "description": "Availability below the promise in March",
                "amount": 50000,
                "taxes": [{"code": "us-ca-sales", "amount": 4125}],
                "service_period": {"start": "2025-03-01", "end": "2025-03-31"},
            }
        ],
        "total": 54125,
        "request_ref": "CR-2041",
        "reason": "Four hours without service in March.",
        "legal_entity": "us",
    },
    "credit.voided/1": {
        "credit_id": "cn_78",
        "voided_on": "2025-03-24",
        "reason": "Issued twice.",
    },
    "credit.applied/1": {
        "credit_id": "cn_77",
        "application_id": "cba_9",
        "invoice_id": "in_1107",
        "currency": "USD",
        "amount": 54125,
        "applied_on": "2025-07-01",
    },
}
