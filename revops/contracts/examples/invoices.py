"""An invoice of a year: issued, then void, paid, overdue or lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "invoice.issued/1": {
        "invoice_id": "in_1042",
        "number": "INV-1042",
        "customer_id": "cus_northwind",
        "subscription_id": "sub_northwind_pro",
        "currency": "USD",
        "issued_on": "2025-01-01",
        "due_on": "2025-01-31",
        "lines": [
            {
                "line_id": "il_1",
                "sku": "price_pro_annual",
                "description": "Pro, 40 seats, a year",
                "quantity": 40,
                "amount": 1200000,
                "taxes": [
                    {
                        "code": "us-ca-sales",
                        "amount": 99000,
                        "rate_percent": "8.25",
                        "inclusive": False,
                    }
                ],
                "service_period": {"start": "2025-01-01", "end": "2025-12-31"},
            }
        ],
        "total": 1299000,
        "legal_entity": "us",
    },
    "invoice.voided/1": {
        "invoice_id": "in_1042",
        "voided_on": "2025-01-10",
        "reason": "Billed to the wrong company.",
    },
    "invoice.paid/1": {
        "invoice_id": "in_1042",
        "paid_on": "2025-01-05",
        "amount_paid": 1299000,
        "currency": "USD",
    },
    "invoice.overdue/1": {
        "invoice_id": "in_1042",
        "due_on": "2025-01-31",
        "open_amount": 1299000,
        "currency": "USD",
    },
    "invoice.written_off/1": {
        "invoice_id": "in_1042",
        "written_off_on": "2025-07-01",
        "cause": "credit_loss",
        "service_ended": True,
        "tax_relief": "unearned",
        "reason": "The customer is insolvent.",
    },
    "invoice.recovered/1": {
        "invoice_id": "in_1042",
        "recovery_id": "rec_12",
        "currency": "USD",
        "amount": 250000,
        "recovered_on": "2025-11-14",
    },
    "credit_loss.estimated/1": {
        "estimate_id": "ecl-us-2025-03",
        "legal_entity": "us",
        "currency": "USD",
        "amount": 18400,
        "estimated_on": "2025-03-31",
        "method": "By age of the receivables.",
    },
}
