"""Facts that only the books know. They do not change: another amount is another story."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from revops.canonical.operations.change import Change, Effect, Telling
from revops.canonical.operations.table import Table
from revops.canonical.operations.tables import Applier, Tables
from revops.canonical.operations.writing import make
from revops.contracts.invoices import CreditLossEstimated, WriteOffRecovered
from revops.contracts.tax import TaxRemitted


def remitted(tables: Tables, data: TaxRemitted, told: Telling) -> Change:
    fields = {
        "code": data.code,
        "currency": data.currency,
        "amount": data.amount,
        "dated": data.remitted_on,
        "note": data.period,
    }
    return _once(tables.remittance, data.remittance_id, fields, told)


def estimated(tables: Tables, data: CreditLossEstimated, told: Telling) -> Change:
    fields = {
        "code": "",
        "currency": data.currency,
        "amount": data.amount,
        "dated": data.estimated_on,
        "note": data.method,
    }
    return _once(tables.credit_loss, data.estimate_id, fields, told)


def recovered(tables: Tables, data: WriteOffRecovered, told: Telling) -> Change:
    """Money for a written-off invoice settles it after all; the state stays what billing says."""
    invoice = tables.invoice.get(data.invoice_id)
    assert invoice is not None
    fields = {
        "code": "",
        "currency": data.currency,
        "amount": data.amount,
        "dated": data.recovered_on,
        "note": "",
        "invoice_id": invoice.id,
    }
    change = _once(tables.recovery, data.recovery_id, fields, told)
    if change.effect is Effect.CREATED:
        tables.invoice.change(invoice, told, applied=invoice.applied + data.amount)
    effect = Effect.CHANGED if change.effect is Effect.CREATED else change.effect
    return Change("invoice", invoice.id, effect, change.note)


def _once(table: Table[Any], source_id: str, fields: Mapping[str, Any], told: Telling) -> Change:
    row = table.get(source_id)
    if row is None:
        return make(table, source_id, {"type": table.name, **fields}, 0, told)
    if (row.amount, row.currency) != (fields["amount"], fields["currency"]):
        return Change(table.name, row.id, Effect.CONFLICT, "It came again with another amount.")
    return Change(table.name, row.id, Effect.SAME)


APPLY: Final[Mapping[str, Applier]] = {
    "tax.remitted/1": remitted,
    "credit_loss.estimated/1": estimated,
    "invoice.recovered/1": recovered,
}
