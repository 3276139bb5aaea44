"""A payment that a bank took back, and one that the customer contests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "payment.returned/1": {
        "payment_id": "pi_7003",
        "currency": "USD",
        "amount": 450000,
        "fee": 400,
        "returned_on": "2025-01-11",
        "reason": "R01: insufficient funds.",
        "balance_transaction_id": "txn_9017",
    },
    "dispute.opened/1": {
        "dispute_id": "dp_41",
        "payment_id": "pi_7001",
        "currency": "USD",
        "amount": 1299000,
        "fee": 1500,
        "opened_on": "2025-02-10",
        "reason": "The customer says that the service was not received.",
        "evidence_due_on": "2025-02-24",
    },
    "dispute.closed/1": {
        "dispute_id": "dp_41",
        "payment_id": "pi_7001",
        "outcome": "won",
        "currency": "USD",
        "amount": 1299000,
        "fee_returned": 1500,
        "closed_on": "2025-03-20",
        "service_ended": False,
    },
}
