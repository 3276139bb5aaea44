"""Records as a batch holds them in memory. Amounts are minor units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(slots=True)
class Row:
    id: int
    source_id: str
    legal_entity_id: int | None
    version: int
    rank: int
    correlation_id: str


@dataclass(slots=True)
class CustomerRow(Row):
    name: str
    email: str
    currency: str
    tax_id: str
    address: str


@dataclass(slots=True)
class SubscriptionRow(Row):
    customer_id: int
    currency: str
    items: str
    started_on: date
    renews_on: date | None


@dataclass(slots=True)
class InvoiceRow(Row):
    number: str
    customer_id: int
    subscription_id: int | None
    currency: str
    issued_on: date
    due_on: date | None
    net: int
    tax: int
    total: int
    applied: int
    state: str
    content_sha256: str


@dataclass(slots=True)
class PaymentRow(Row):
    """
    ``allocated`` is the part of the amount that was owed on the invoice; ``allocated_later`` the
    part that became known to belong to an invoice after the payment had been booked without one.
    """

    invoice_id: int | None
    currency: str
    amount: int
    allocated: int
    allocated_later: int
    fee: int
    dated: date
    state: str
    reason: str
    balance_transaction: str


@dataclass(slots=True)
class RefundRow(Row):
    payment_id: int
    currency: str
    amount: int
    dated: date
    reason: str


@dataclass(slots=True)
class PayoutRow(Row):
    currency: str
    amount: int
    dated: date
    items: str
