"""
Records as a batch holds them in memory. Amounts are minor units; ``Json`` is canonical JSON text.

The annotations are the columns' types (``table.py`` reads them); a field with a default may be left
out when a record is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from revops.canonical.operations.change import Telling

Json = str


@dataclass(slots=True, kw_only=True)
class Row:
    """``first_event_id`` is the inbound event that made the record."""

    id: int
    source_id: str
    legal_entity_id: int | None
    version: int
    told_at: datetime | None = None
    rank: int
    correlation_id: str
    first_event_id: int | None = None


@dataclass(slots=True, kw_only=True)
class CustomerRow(Row):
    """``party_id`` is 0 until ``parties.py`` has found or made the party, before the flush."""

    party_id: int = 0
    name: str
    email: str
    currency: str
    tax_id: str
    tax_key: str = ""
    address: Json
    domain: str = ""
    region: str = ""
    parent_id: int | None = None
    parent_ref: str = ""
    merged_into_id: int | None = None
    merged_version: int = 0
    other_ids: Json = "[]"


@dataclass(slots=True, kw_only=True)
class ProductRow(Row):
    name: str
    active: bool


@dataclass(slots=True, kw_only=True)
class PriceRow(Row):
    product_id: int | None = None
    product_ref: str
    label: str
    currency: str
    model: str
    unit_price: Decimal
    tiers: Json
    package_size: Decimal
    included: Decimal
    meter: str
    interval_months: int
    valid_from: date | None
    active: bool


@dataclass(slots=True, kw_only=True)
class OpportunityRow(Row):
    customer_id: int
    name: str
    stage: str
    currency: str
    amount: int
    closes_on: date | None
    owner: str
    kind: str
    state: str
    decided_on: date | None = None
    items: Json = "[]"
    starts_on: date | None = None
    ends_on: date | None = None
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class QuoteRow(Row):
    opportunity_id: int
    number: str
    currency: str
    amount: int
    items: Json
    accepted_on: date


@dataclass(slots=True, kw_only=True)
class ContractRow(Row):
    customer_id: int
    opportunity_id: int | None
    number: str
    currency: str
    items: Json
    total: int
    starts_on: date
    ends_on: date
    net_days: int
    billing_months: int
    signed_on: date | None = None
    effective_on: date | None
    state: str
    reason: str


@dataclass(slots=True, kw_only=True)
class SubscriptionRow(Row):
    customer_id: int
    currency: str
    items: Json
    started_on: date
    renews_on: date | None
    state: str
    effective_on: date | None
    resumes_on: date | None
    ends_on: date | None
    reason: str
    contract_ref: str
    contract_id: int | None = None


@dataclass(slots=True, kw_only=True)
class EntitlementRow(Row):
    customer_id: int
    subscription_id: int | None
    feature: str
    quantity: Decimal | None
    unit: str
    meter: str
    granted_on: date
    effective_on: date
    ends_on: date | None
    state: str
    reason: str


@dataclass(slots=True, kw_only=True)
class InvoiceRow(Row):
    number: str
    customer_id: int
    subscription_id: int | None
    subscription_ref: str = ""
    currency: str
    issued_on: date
    due_on: date | None
    net: int
    tax: int
    total: int
    applied: int
    credited: int = 0
    state: str
    content_sha256: str


@dataclass(slots=True, kw_only=True)
class TaxRow(Row):
    invoice_ref: str
    invoice_id: int | None = None
    currency: str
    total: int
    taxes: Json
    committed: bool
    calculated_on: date


@dataclass(slots=True, kw_only=True)
class PaymentRow(Row):
    """
    ``allocated`` is the part of the amount that was owed on the invoice; ``allocated_later`` the
    part that became known to belong to an invoice after the payment had been booked without one.
    """

    invoice_id: int | None
    invoice_ref: str = ""
    customer_id: int | None = None
    customer_ref: str = ""
    currency: str
    amount: int
    allocated: int
    allocated_later: int
    fee: int
    dated: date
    state: str
    reason: str
    balance_transaction: str
    returned: int = 0
    returned_fee: int = 0
    returned_on: date | None = None


@dataclass(slots=True, kw_only=True)
class RefundRow(Row):
    payment_id: int
    currency: str
    amount: int
    dated: date
    reason: str
    returned_on: date | None = None


@dataclass(slots=True, kw_only=True)
class DisputeRow(Row):
    payment_id: int
    currency: str
    amount: int
    fee: int
    fee_returned: int = 0
    opened_on: date
    evidence_due_on: date | None = None
    closed_on: date | None = None
    state: str
    reason: str = ""
    service_ended: bool = False


@dataclass(slots=True, kw_only=True)
class PayoutRow(Row):
    currency: str
    amount: int
    dated: date
    items: Json
    state: str = "settled"
    returned_on: date | None = None
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class CreditRow(Row):
    """A request, or a memo; see ``models.Credit``."""

    customer_id: int
    invoice_id: int | None
    number: str = ""
    credit_type: str
    settles: str = ""
    currency: str
    net: int
    tax: int = 0
    total: int
    applied: int = 0
    lines: Json = "[]"
    state: str
    requested_on: date | None = None
    entitled_on: date | None = None
    decided_on: date | None = None
    decided_by: str = ""
    issued_on: date | None = None
    effective_on: date | None = None
    voided_on: date | None = None
    reason: str = ""
    case_ref: str = ""
    support_case_id: int | None = None
    request_ref: str = ""
    request_id: int | None = None


@dataclass(slots=True, kw_only=True)
class SupportCaseRow(Row):
    customer_ref: str
    customer_id: int | None = None
    invoice_ref: str
    invoice_id: int | None = None
    title: str
    severity: str
    status: str
    state: str
    opened_on: date
    escalated_on: date | None = None
    resolved_on: date | None = None
    resolution: str = ""
    resolved_version: int = 0
    reopened_on: date | None = None
    reopened_version: int = 0
    promise: str = ""
    breached_on: date | None = None


@dataclass(slots=True, kw_only=True)
class AdjustmentRow(Row):
    type: str
    code: str
    currency: str
    amount: int
    dated: date
    note: str
    invoice_id: int | None = None


@dataclass(slots=True, frozen=True)
class FieldChange:
    """A field of a record went from ``before`` to ``after``, by the event that ``told`` names."""

    kind: str
    record_id: int
    field: str
    before: Any
    after: Any
    told: Telling


@dataclass(slots=True, frozen=True)
class Reference:
    """
    ``ref`` of a ``child`` holds a source id of a ``parent``, and ``key`` our id of it once both are
    known. ``anywhere``: the parent is of any system; otherwise of the child's own. ``story``: the
    child then goes on with the parent's story.
    """

    child: str
    ref: str
    key: str
    parent: str
    anywhere: bool = False
    story: bool = False


REFERENCES: Final = (
    Reference("customer", "parent_ref", "parent_id", "customer"),
    Reference("price", "product_ref", "product_id", "product"),
    Reference("subscription", "contract_ref", "contract_id", "contract", True, True),
    Reference("invoice", "subscription_ref", "subscription_id", "subscription"),
    Reference("tax", "invoice_ref", "invoice_id", "invoice", True, True),
    Reference("payment", "invoice_ref", "invoice_id", "invoice"),
    Reference("payment", "customer_ref", "customer_id", "customer"),
    Reference("support_case", "customer_ref", "customer_id", "customer", True),
    Reference("support_case", "invoice_ref", "invoice_id", "invoice", True),
    Reference("credit", "case_ref", "support_case_id", "support_case", True),
    Reference("credit", "request_ref", "request_id", "credit", True, True),
)
LED_TO: Final = {(one.child, one.ref): one.key for one in REFERENCES}
