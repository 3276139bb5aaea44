"""Invoices: the facts never change, the state is the newest that was told, void is the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from revops.canonical.models import InvoiceState
from revops.canonical.operations.change import Change, Effect, Telling
from revops.canonical.operations.rows import InvoiceRow
from revops.canonical.operations.tables import Applier, Tables
from revops.canonical.operations.writing import content_of, json_of, make, order, put, standing
from revops.contracts.invoices import (
    InvoiceIssued,
    InvoiceOverdue,
    InvoicePaid,
    InvoiceVoided,
    InvoiceWrittenOff,
)
from revops.contracts.tax import TaxCalculated

_RANK: Final = {
    InvoiceState.ISSUED: 0,
    InvoiceState.OVERDUE: 1,
    InvoiceState.PAID: 2,
    InvoiceState.WRITTEN_OFF: 3,
    InvoiceState.VOID: 4,
}


def issued(tables: Tables, data: InvoiceIssued, told: Telling) -> Change:
    content = content_of(data)
    row = tables.invoice.get(data.invoice_id)
    if row is not None and row.content_sha256 == content:
        return Change("invoice", row.id, Effect.SAME)
    if row is not None and not told.corrects:
        note = "The invoice came again with other content."
        return Change("invoice", row.id, Effect.CONFLICT, note)
    parent = tables.customer.get(data.customer_id)
    assert parent is not None
    known = tables.subscription.get(data.subscription_id) if data.subscription_id else None
    net = sum(line.amount for line in data.lines)
    fields = {
        "number": data.number,
        "customer_id": parent.id,
        "subscription_id": known.id if known else None,
        "subscription_ref": data.subscription_id,
        "currency": data.currency,
        "issued_on": data.issued_on,
        "due_on": data.due_on,
        "net": net,
        "tax": data.total - net,
        "total": data.total,
        "applied": 0,
        "state": InvoiceState.ISSUED.value,
        "content_sha256": content,
    }
    if row is not None:
        del fields["applied"], fields["state"]  # what happened to it since goes on
        tables.invoice.change(row, told, **fields)
        return Change("invoice", row.id, Effect.CHANGED)
    return make(tables.invoice, data.invoice_id, fields, 0, told)


def overdue(tables: Tables, data: InvoiceOverdue, told: Telling) -> Change:
    return _state(tables, data.invoice_id, InvoiceState.OVERDUE, told)


def paid(tables: Tables, data: InvoicePaid, told: Telling) -> Change:
    return _state(tables, data.invoice_id, InvoiceState.PAID, told)


def written_off(tables: Tables, data: InvoiceWrittenOff, told: Telling) -> Change:
    """A fact for the books even when the state has gone on since."""
    change = _state(tables, data.invoice_id, InvoiceState.WRITTEN_OFF, told)
    effect = Effect.SAME if change.effect is Effect.STALE else change.effect
    return Change(change.kind, change.record_id, effect)


def voided(tables: Tables, data: InvoiceVoided, told: Telling) -> Change:
    row = _invoice(tables, data.invoice_id)
    changed = tables.invoice.change(row, told, state=InvoiceState.VOID.value)
    if order(told, _RANK[InvoiceState.VOID]) > standing(row):
        tables.invoice.advance(
            row, version=told.version, told_at=told.at, rank=_RANK[InvoiceState.VOID]
        )
    return Change("invoice", row.id, Effect.CHANGED if changed else Effect.SAME)


def _state(tables: Tables, invoice_id: str, state: InvoiceState, told: Telling) -> Change:
    row = _invoice(tables, invoice_id)
    if row.state == InvoiceState.VOID:
        return Change("invoice", row.id, Effect.STALE, "The invoice has been voided since.")
    return put(tables.invoice, row, invoice_id, {"state": state.value}, _RANK[state], told)


def _invoice(tables: Tables, invoice_id: str) -> InvoiceRow:
    row = tables.invoice.get(invoice_id)
    assert row is not None
    return row


def tax(tables: Tables, data: TaxCalculated, told: Telling) -> Change:
    fields = {
        "invoice_ref": data.invoice_ref,
        "currency": data.currency,
        "total": data.total,
        "taxes": json_of(data.taxes),
        "committed": data.committed,
        "calculated_on": data.calculated_on,
    }
    row = tables.tax.get(data.document_id)
    return put(tables.tax, row, data.document_id, fields, int(data.committed), told)


APPLY: Final[Mapping[str, Applier]] = {
    "invoice.issued/1": issued,
    "invoice.overdue/1": overdue,
    "invoice.paid/1": paid,
    "invoice.written_off/1": written_off,
    "invoice.voided/1": voided,
    "tax.calculated/1": tax,
}
