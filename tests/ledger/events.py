"""Events for the tests of the rules, written the short way."""

from __future__ import annotations

from typing import Any

from revops.contracts import registry
from revops.contracts.invoices import InvoiceIssued
from revops.contracts.payments import PaymentApplied, PaymentRefunded, PayoutSettled
from tests.ledger.maps import minor


def line(
    net: str | int,
    *,
    tax: str | int = 0,
    sku: str = "pro",
    line_id: str = "il_1",
    service: tuple[str, str] | None = ("2025-01-01", "2025-12-31"),
    **more: Any,
) -> dict[str, Any]:
    """An invoice line; amounts as texts of US dollars, or minor units."""
    owed = _minor(tax)
    return {
        "line_id": line_id,
        "sku": sku,
        "amount": _minor(net),
        "taxes": [{"code": "us-ca", "amount": owed}] if owed else [],
        "service_period": dict(zip(("start", "end"), service, strict=True)) if service else None,
        **more,
    }


def invoice(*lines: dict[str, Any], **more: Any) -> InvoiceIssued:
    total = sum(each["amount"] + sum(tax["amount"] for tax in each["taxes"]) for each in lines)
    data = {
        "invoice_id": "in_1",
        "number": "INV-1",
        "customer_id": "cus_1",
        "currency": "USD",
        "issued_on": "2025-01-01",
        "lines": list(lines),
        "total": total,
        **more,
    }
    return registry.read("invoice.issued/1", data)


def payment(amount: str | int, **more: Any) -> PaymentApplied:
    data = {
        "payment_id": "pi_1",
        "customer_id": "cus_1",
        "invoice_id": "in_1",
        "currency": "USD",
        "amount": _minor(amount),
        "received_on": "2025-01-05",
        **more,
    }
    return registry.read("payment.applied/1", data)


def refund(amount: str | int) -> PaymentRefunded:
    data = {
        "refund_id": "re_1",
        "payment_id": "pi_1",
        "currency": "USD",
        "amount": _minor(amount),
        "refunded_on": "2025-04-02",
    }
    return registry.read("payment.refunded/1", data)


def payout(amount: str | int, *items: dict[str, Any]) -> PayoutSettled:
    data = {
        "payout_id": "po_1",
        "currency": "USD",
        "amount": _minor(amount),
        "arrived_on": "2025-01-07",
        "items": list(items),
    }
    return registry.read("payout.settled/1", data)


def item(
    transaction: str, amount: str, *, fee: str = "0", kind: str = "charge", source: str = "pi_1"
) -> dict[str, Any]:
    return {
        "balance_transaction_id": transaction,
        "kind": kind,
        "source_id": source,
        "amount": _minor(amount),
        "fee": _minor(fee),
    }


def _minor(amount: str | int) -> int:
    return minor(amount) if isinstance(amount, str) else amount
