"""What each business event does to the records: one function a contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from revops.canonical.models import InvoiceState, PaymentState
from revops.canonical.operations.change import Change, Effect
from revops.canonical.operations.rows import InvoiceRow, PaymentRow, Row
from revops.canonical.operations.table import Table, Tables
from revops.contracts.base import EventData
from revops.contracts.customers import CustomerCreated
from revops.contracts.invoices import InvoiceIssued, InvoicePaid, InvoiceVoided
from revops.contracts.payments import (
    PaymentApplied,
    PaymentFailed,
    PaymentRefunded,
    PayoutSettled,
)
from revops.contracts.subscriptions import SubscriptionActivated
from revops.kernel import strict_json
from revops.kernel.keys import sha256


@dataclass(frozen=True, slots=True)
class Telling:
    """The circumstances of an event: the source's version of the object, whose books, the story."""

    version: int
    legal_entity_id: int | None
    correlation_id: str


def content_of(data: EventData) -> str:
    """The hash that says whether two events state the same facts."""
    return sha256(strict_json.dumps(data.model_dump(mode="json")))


def customer(tables: Tables, data: CustomerCreated, told: Telling) -> Change:
    row = tables.customer.get(data.customer_id)
    rank = 1 if data.contract.startswith("customer.updated") else 0
    fields = {
        "name": data.name,
        "email": data.email,
        "currency": data.currency or "",
        "tax_id": data.tax_id,
        "address": strict_json.dumps(data.address.model_dump(mode="json")),
    }
    return _put(tables.customer, row, data.customer_id, fields, rank, told)


def subscription(tables: Tables, data: SubscriptionActivated, told: Telling) -> Change:
    parent = tables.customer.get(data.customer_id)
    assert parent is not None
    fields = {
        "customer_id": parent.id,
        "currency": data.currency,
        "items": strict_json.dumps([item.model_dump(mode="json") for item in data.items]),
        "started_on": data.started_on,
        "renews_on": data.renews_on,
        "state": "active",
        "effective_on": data.started_on,
        "resumes_on": None,
        "ends_on": None,
        "reason": "",
        "contract_ref": data.contract_ref,
    }
    row = tables.subscription.get(data.subscription_id)
    return _put(tables.subscription, row, data.subscription_id, fields, 0, told)


def invoice_issued(tables: Tables, data: InvoiceIssued, told: Telling) -> Change:
    content = content_of(data)
    row = tables.invoice.get(data.invoice_id)
    if row is not None:
        if row.content_sha256 == content:
            return Change("invoice", row.id, Effect.SAME)
        return Change(
            "invoice", row.id, Effect.CONFLICT, "The invoice came again with other content."
        )
    parent = tables.customer.get(data.customer_id)
    assert parent is not None
    known = tables.subscription.get(data.subscription_id) if data.subscription_id else None
    net = sum(line.amount for line in data.lines)
    row = tables.invoice.add(
        source_id=data.invoice_id,
        legal_entity_id=told.legal_entity_id,
        version=told.version,
        rank=0,
        correlation_id=told.correlation_id,
        number=data.number,
        customer_id=parent.id,
        subscription_id=known.id if known else None,
        subscription_ref=data.subscription_id,
        currency=data.currency,
        issued_on=data.issued_on,
        due_on=data.due_on,
        net=net,
        tax=data.total - net,
        total=data.total,
        applied=0,
        state=InvoiceState.ISSUED.value,
        content_sha256=content,
    )
    return Change("invoice", row.id, Effect.CREATED)


def invoice_voided(tables: Tables, data: InvoiceVoided, told: Telling) -> Change:
    row = tables.invoice.get(data.invoice_id)
    assert row is not None
    if row.state == InvoiceState.VOID:
        return Change("invoice", row.id, Effect.SAME)
    row.state = InvoiceState.VOID.value
    row.version, row.rank = max(row.version, told.version), 3
    tables.invoice.touch(row)
    return Change("invoice", row.id, Effect.CHANGED)


def invoice_paid(tables: Tables, data: InvoicePaid, told: Telling) -> Change:
    row = tables.invoice.get(data.invoice_id)
    assert row is not None
    if row.state != InvoiceState.ISSUED:
        return Change("invoice", row.id, Effect.SAME)
    row.state = InvoiceState.PAID.value
    row.version, row.rank = max(row.version, told.version), 2
    tables.invoice.touch(row)
    return Change("invoice", row.id, Effect.CHANGED)


def payment_applied(tables: Tables, data: PaymentApplied, told: Telling) -> Change:
    target = tables.invoice.get(data.invoice_id) if data.invoice_id else None
    row = tables.payment.get(data.payment_id)
    if row is not None and row.state == PaymentState.APPLIED:
        if (row.amount, row.currency) != (data.amount, data.currency):
            return Change(
                "payment", row.id, Effect.CONFLICT, "The payment came again with another amount."
            )
        return Change("payment", row.id, _completed(tables, data, row, target))
    owed = max(0, target.total - target.applied) if target else 0
    fields = {
        "invoice_id": target.id if target else None,
        "currency": data.currency,
        "amount": data.amount,
        "allocated": min(data.amount, owed),
        "allocated_later": 0,
        "fee": data.fee,
        "dated": data.received_on,
        "state": PaymentState.APPLIED.value,
        "reason": "",
        "balance_transaction": data.balance_transaction_id,
    }
    change = _put(tables.payment, row, data.payment_id, fields, 1, told, always=True)
    if target is not None:
        target.applied += min(data.amount, owed)
        tables.invoice.touch(target)
    return change


def _completed(
    tables: Tables, data: PaymentApplied, row: PaymentRow, target: InvoiceRow | None
) -> Effect:
    """A later event may know the fee, or which invoice was paid, where the first one did not."""
    effect = Effect.SAME
    if not row.fee and data.fee:
        row.fee, row.balance_transaction = data.fee, data.balance_transaction_id
        effect = Effect.CHANGED
    if row.invoice_id is None and target is not None:
        row.invoice_id = target.id
        row.allocated_later = min(data.amount, max(0, target.total - target.applied))
        target.applied += row.allocated_later
        tables.invoice.touch(target)
        effect = Effect.CHANGED
    if effect is Effect.CHANGED:
        tables.payment.touch(row)
    return effect


def payment_failed(tables: Tables, data: PaymentFailed, told: Telling) -> Change:
    target = tables.invoice.get(data.invoice_id) if data.invoice_id else None
    fields = {
        "invoice_id": target.id if target else None,
        "currency": data.currency,
        "amount": data.amount,
        "allocated": 0,
        "allocated_later": 0,
        "fee": 0,
        "dated": data.failed_on,
        "state": PaymentState.FAILED.value,
        "reason": data.reason,
        "balance_transaction": "",
    }
    row = tables.payment.get(data.payment_id)
    if row is not None and row.rank > 0:
        return Change("payment", row.id, Effect.STALE, "The payment has succeeded since.")
    return _put(tables.payment, row, data.payment_id, fields, 0, told)


def payment_refunded(tables: Tables, data: PaymentRefunded, told: Telling) -> Change:
    parent = tables.payment.get(data.payment_id)
    assert parent is not None
    row = tables.refund.get(data.refund_id)
    if row is not None:
        same = (row.amount, row.currency) == (data.amount, data.currency)
        effect = Effect.SAME if same else Effect.CONFLICT
        return Change("refund", row.id, effect, "" if same else "The refund changed its amount.")
    fields = {
        "payment_id": parent.id,
        "currency": data.currency,
        "amount": data.amount,
        "dated": data.refunded_on,
        "reason": data.reason,
    }
    return _put(tables.refund, None, data.refund_id, fields, 0, told)


def payout_settled(tables: Tables, data: PayoutSettled, told: Telling) -> Change:
    row = tables.payout.get(data.payout_id)
    fields = {
        "currency": data.currency,
        "amount": data.amount,
        "dated": data.arrived_on,
        "items": strict_json.dumps([item.model_dump(mode="json") for item in data.items]),
    }
    if row is not None and (row.amount, row.currency) != (data.amount, data.currency):
        return Change("payout", row.id, Effect.CONFLICT, "The payout came with another amount.")
    return _put(tables.payout, row, data.payout_id, fields, 0, told)


def _put(
    table: Table[Any],
    row: Row | None,
    source_id: str,
    fields: Mapping[str, Any],
    rank: int,
    told: Telling,
    *,
    always: bool = False,
) -> Change:
    """Create, or change when the event is newer; an older version never overwrites (B3)."""
    if row is None:
        row = table.add(
            source_id=source_id,
            legal_entity_id=told.legal_entity_id,
            version=told.version,
            rank=rank,
            correlation_id=told.correlation_id,
            **fields,
        )
        return Change(table.name, row.id, Effect.CREATED)
    if not always and (told.version, rank) < (row.version, row.rank):
        return Change(table.name, row.id, Effect.STALE, "A newer version is already known.")
    if all(getattr(row, name) == value for name, value in fields.items()):
        return Change(table.name, row.id, Effect.SAME)
    for name, value in fields.items():
        setattr(row, name, value)
    row.version, row.rank = max(told.version, row.version), rank
    table.touch(row)
    return Change(table.name, row.id, Effect.CHANGED)


APPLY: Final[Mapping[str, Callable[[Tables, Any, Telling], Change]]] = {
    "customer.created/1": customer,
    "customer.updated/1": customer,
    "subscription.activated/1": subscription,
    "invoice.issued/1": invoice_issued,
    "invoice.voided/1": invoice_voided,
    "invoice.paid/1": invoice_paid,
    "payment.applied/1": payment_applied,
    "payment.failed/1": payment_failed,
    "payment.refunded/1": payment_refunded,
    "payout.settled/1": payout_settled,
}
