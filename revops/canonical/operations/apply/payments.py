"""Money received, refused, returned, given back, contested and paid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from revops.canonical.models import DisputeState, PaymentState, PayoutState
from revops.canonical.operations.change import Change, Effect, Telling
from revops.canonical.operations.rows import InvoiceRow, PaymentRow
from revops.canonical.operations.tables import Applier, Tables
from revops.canonical.operations.writing import json_of, make, order, put, standing
from revops.contracts.disputes import DisputeClosed, DisputeOpened, PaymentReturned
from revops.contracts.payments import (
    PaymentApplied,
    PaymentFailed,
    PaymentRefunded,
    PayoutReturned,
    PayoutSettled,
    RefundReturned,
)

_FAILED, _APPLIED, _RETURNED = range(3)


def owed(invoice: InvoiceRow | None) -> int:
    """What is still open on an invoice, never below zero."""
    if invoice is None:
        return 0
    return max(0, invoice.total - invoice.applied - invoice.credited)


def kept(row: PaymentRow) -> int:
    """What of a payment settles its invoice, after what the bank took back."""
    return max(0, row.allocated + row.allocated_later - row.returned)


def applied(tables: Tables, data: PaymentApplied, told: Telling) -> Change:
    target = tables.invoice.get(data.invoice_id) if data.invoice_id else None
    row = tables.payment.get(data.payment_id)
    if row is not None and row.rank >= _APPLIED:
        if (row.amount, row.currency) != (data.amount, data.currency):
            note = "The payment came again with another amount."
            return Change("payment", row.id, Effect.CONFLICT, note)
        return _completed(tables, data, row, target, told)
    allocated = min(data.amount, owed(target))
    fields = _said(tables, data) | {
        "allocated": allocated,
        "allocated_later": 0,
        "fee": data.fee,
        "dated": data.received_on,
        "state": PaymentState.APPLIED.value,
        "reason": "",
        "balance_transaction": data.balance_transaction_id,
    }
    if row is None:
        change = make(tables.payment, data.payment_id, fields, _APPLIED, told)
    else:
        # Money that arrived is a fact, however new the refusal before it looks.
        tables.payment.change(row, told, **fields)
        tables.payment.advance(
            row, version=max(row.version, told.version), told_at=told.at, rank=_APPLIED
        )
        tables.became(tables.payment, row)
        change = Change("payment", row.id, Effect.CHANGED)
    if target is not None:
        tables.invoice.change(target, told, applied=target.applied + allocated)
    return change


def _said(tables: Tables, data: PaymentApplied | PaymentFailed) -> dict[str, Any]:
    """What a success and a refusal both say."""
    invoice = tables.invoice.get(data.invoice_id) if data.invoice_id else None
    customer = tables.customer.get(data.customer_id) if data.customer_id else None
    return {
        "invoice_id": invoice.id if invoice else None,
        "invoice_ref": data.invoice_id,
        "customer_id": customer.id if customer else None,
        "customer_ref": data.customer_id,
        "currency": data.currency,
        "amount": data.amount,
    }


def _completed(
    tables: Tables,
    data: PaymentApplied,
    row: PaymentRow,
    target: InvoiceRow | None,
    told: Telling,
) -> Change:
    """A later event may know the fee, or which invoice was paid, where the first one did not."""
    more: dict[str, Any] = {}
    before = kept(row)
    if not row.fee and data.fee:
        more |= {"fee": data.fee, "balance_transaction": data.balance_transaction_id}
    if not row.customer_ref and data.customer_id:
        customer = tables.customer.get(data.customer_id)
        more |= {
            "customer_ref": data.customer_id,
            "customer_id": customer.id if customer else None,
        }
    linked = row.invoice_id is None and target is not None
    if linked and target is not None:
        more |= {
            "invoice_id": target.id,
            "invoice_ref": data.invoice_id,
            "allocated_later": min(data.amount, owed(target)),
        }
    changed = tables.payment.change(row, told, **more)
    if linked and target is not None:
        tables.invoice.change(target, told, applied=target.applied + kept(row) - before)
    return Change("payment", row.id, Effect.CHANGED if changed else Effect.SAME)


def failed(tables: Tables, data: PaymentFailed, told: Telling) -> Change:
    fields = _said(tables, data) | {
        "allocated": 0,
        "allocated_later": 0,
        "fee": 0,
        "dated": data.failed_on,
        "state": PaymentState.FAILED.value,
        "reason": data.reason,
        "balance_transaction": "",
    }
    row = tables.payment.get(data.payment_id)
    if row is not None and row.rank > _FAILED:
        return Change("payment", row.id, Effect.STALE, "The payment has succeeded since.")
    change = put(tables.payment, row, data.payment_id, fields, _FAILED, told)
    # Charge, intent and invoice tell of one attempt in their own words; none of them changes it,
    # so nobody has to be asked who is right.
    return replace(change, tie=False)


def returned(tables: Tables, data: PaymentReturned, told: Telling) -> Change:
    row = _payment(tables, data.payment_id)
    if row.state == PaymentState.RETURNED:
        same = (row.returned, row.returned_on) == (data.amount, data.returned_on)
        effect = Effect.SAME if same else Effect.CONFLICT
        return Change("payment", row.id, effect, "" if same else "It was returned twice.")
    before = kept(row)
    tables.payment.change(
        row,
        told,
        state=PaymentState.RETURNED.value,
        reason=data.reason,
        returned=data.amount,
        returned_fee=data.fee,
        returned_on=data.returned_on,
    )
    tables.payment.advance(row, version=max(row.version, told.version), rank=_RETURNED)
    if row.invoice_id is not None:
        target = tables.invoice.by_id(row.invoice_id)
        tables.invoice.change(target, told, applied=target.applied + kept(row) - before)
    return Change("payment", row.id, Effect.CHANGED)


def refunded(tables: Tables, data: PaymentRefunded, told: Telling) -> Change:
    parent = _payment(tables, data.payment_id)
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
    return make(tables.refund, data.refund_id, fields, 0, told)


def refund_returned(tables: Tables, data: RefundReturned, told: Telling) -> Change:
    row = tables.refund.get(data.refund_id)
    assert row is not None
    if (row.amount, row.currency) != (data.amount, data.currency):
        note = "The refund came back with another amount."
        return Change("refund", row.id, Effect.CONFLICT, note)
    if row.returned_on is not None:
        same = row.returned_on == data.returned_on
        effect = Effect.SAME if same else Effect.CONFLICT
        return Change("refund", row.id, effect, "" if same else "The refund came back twice.")
    tables.refund.change(row, told, returned_on=data.returned_on)
    return Change("refund", row.id, Effect.CHANGED)


def opened(tables: Tables, data: DisputeOpened, told: Telling) -> Change:
    parent = _payment(tables, data.payment_id)
    row = tables.dispute.get(data.dispute_id)
    if row is not None:
        same = (row.amount, row.currency, row.fee) == (data.amount, data.currency, data.fee)
        effect = Effect.SAME if same else Effect.CONFLICT
        return Change("dispute", row.id, effect, "" if same else "The dispute changed its amount.")
    fields = {
        "payment_id": parent.id,
        "currency": data.currency,
        "amount": data.amount,
        "fee": data.fee,
        "opened_on": data.opened_on,
        "evidence_due_on": data.evidence_due_on,
        "state": DisputeState.OPEN.value,
        "reason": data.reason,
    }
    return make(tables.dispute, data.dispute_id, fields, 0, told)


def closed(tables: Tables, data: DisputeClosed, told: Telling) -> Change:
    row = tables.dispute.get(data.dispute_id)
    assert row is not None
    fields = {
        "state": DisputeState(data.outcome).value,
        "fee_returned": data.fee_returned,
        "closed_on": data.closed_on,
        "service_ended": data.service_ended,
    }
    if row.state == DisputeState.OPEN:
        tables.dispute.change(row, told, **fields)
        tables.dispute.advance(row, version=max(row.version, told.version), told_at=told.at, rank=1)
        return Change("dispute", row.id, Effect.CHANGED)
    return put(tables.dispute, row, data.dispute_id, fields, 1, told)


def settled(tables: Tables, data: PayoutSettled, told: Telling) -> Change:
    row = tables.payout.get(data.payout_id)
    fields = {
        "currency": data.currency,
        "amount": data.amount,
        "dated": data.arrived_on,
        "items": json_of(data.items),
    }
    if row is None:
        return make(tables.payout, data.payout_id, fields, 0, told)
    if (row.amount, row.currency) != (data.amount, data.currency):
        return Change("payout", row.id, Effect.CONFLICT, "The payout came with another amount.")
    if order(told, 0) < standing(row):
        return Change("payout", row.id, Effect.SAME)
    changed = tables.payout.change(row, told, **fields)
    return Change("payout", row.id, Effect.CHANGED if changed else Effect.SAME)


def sent_back(tables: Tables, data: PayoutReturned, told: Telling) -> Change:
    row = tables.payout.get(data.payout_id)
    assert row is not None
    changed = tables.payout.change(
        row,
        told,
        state=PayoutState.RETURNED.value,
        returned_on=data.returned_on,
        reason=data.reason,
    )
    return Change("payout", row.id, Effect.CHANGED if changed else Effect.SAME)


def _payment(tables: Tables, payment_id: str) -> PaymentRow:
    row = tables.payment.get(payment_id)
    assert row is not None
    return row


APPLY: Final[Mapping[str, Applier]] = {
    "payment.applied/1": applied,
    "payment.failed/1": failed,
    "payment.returned/1": returned,
    "payment.refunded/1": refunded,
    "refund.returned/1": refund_returned,
    "dispute.opened/1": opened,
    "dispute.closed/1": closed,
    "payout.settled/1": settled,
    "payout.returned/1": sent_back,
}
