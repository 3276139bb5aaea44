"""Money that came, was refused, went back, and reached the bank."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "payment.applied/1": {
        "payment_id": "pi_7001",
        "customer_id": "cus_northwind",
        "invoice_id": "in_1042",
        "currency": "USD",
        "amount": 1299000,
        "fee": 37701,
        "fee_currency": "USD",
        "balance_transaction_id": "txn_9001",
        "received_on": "2025-01-05",
        "method": "card",
    },
    "payment.failed/1": {
        "payment_id": "pi_7002",
        "customer_id": "cus_northwind",
        "invoice_id": "in_1042",
        "currency": "USD",
        "amount": 1299000,
        "failed_on": "2025-01-04",
        "reason": "The card has insufficient funds.",
    },
    "payment.refunded/1": {
        "refund_id": "re_301",
        "payment_id": "pi_7001",
        "currency": "USD",
        "amount": 978699,
        "refunded_on": "2025-04-02",
        "reason": "requested_by_customer",
    },
    "refund.returned/1": {
        "refund_id": "re_31",
        "currency": "USD",
        "amount": 20000,
        "returned_on": "2025-06-20",
        "reason": "The card was closed.",
        "balance_transaction_id": "txn_9102",
    },
    "payout.settled/1": {
        "payout_id": "po_88",
        "currency": "USD",
        "amount": 1261299,
        "arrived_on": "2025-01-07",
        "items": [
            {
                "balance_transaction_id": "txn_9001",
                "kind": "charge",
                "source_id": "pi_7001",
                "amount": 1299000,
                "fee": 37701,
            }
        ],
        "legal_entity": "us",
    },
    "payout.returned/1": {
        "payout_id": "po_88",
        "currency": "USD",
        "amount": 1261299,
        "returned_on": "2025-01-09",
        "reason": "The bank account is closed.",
    },
}
