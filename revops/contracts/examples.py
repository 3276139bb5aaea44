"""One valid example of every contract, as a sender would write it: for the docs and the tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_JOURNAL: Final[Mapping[str, Any]] = {
    "journal_id": "JE-1042",
    "legal_entity": "us",
    "document_type": "invoice",
    "business_key": "stripe:in_1042",
    "revision": 1,
    "currency": "USD",
    "amount": 1299000,
    "accounting_date": "2025-01-01",
    "target": "erp-us",
}

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
    "customer.updated/1": {**_CUSTOMER, "email": "payables@northwind.example"},
    "subscription.activated/1": {
        "subscription_id": "sub_northwind_pro",
        "customer_id": "cus_northwind",
        "currency": "USD",
        "items": [{"sku": "price_pro_annual", "quantity": 40, "unit_amount": 30000}],
        "started_on": "2025-01-01",
        "renews_on": "2026-01-01",
        "legal_entity": "us",
    },
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
    "journal.posted/1": {**_JOURNAL, "external_id": "5512", "external_number": "2025/00042"},
    "journal.rejected/1": {**_JOURNAL, "reason": "The period January 2025 is closed."},
    "journal.reversed/1": {
        **_JOURNAL,
        "journal_id": "JE-1043",
        "document_type": "void",
        "business_key": "stripe:in_1042",
        "reverses_id": "JE-1042",
    },
}
