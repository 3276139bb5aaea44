"""The tax of one invoice, and the month's payment to its authority."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "tax.calculated/1": {
        "document_id": "tax-in_1042",
        "invoice_ref": "in_1042",
        "currency": "USD",
        "total": 99000,
        "taxes": [
            {
                "code": "us-ca-sales",
                "jurisdiction": "California",
                "taxable": 1200000,
                "rate_percent": "8.25",
                "amount": 99000,
            }
        ],
        "committed": True,
        "calculated_on": "2025-01-01",
    },
    "tax.remitted/1": {
        "remittance_id": "remit-ca-2025-01",
        "code": "us-ca-sales",
        "currency": "USD",
        "amount": 99000,
        "remitted_on": "2025-02-28",
        "period": "2025-01",
        "legal_entity": "us",
    },
}
