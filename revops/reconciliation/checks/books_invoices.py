"""Invoices that we know, and the entries that they made in our books: none without, tax and all."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks import booked
from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import ours

# An invoice of nothing but zeros makes no entry.
_INVOICES: Final = """
FROM canonical_invoice invoice
JOIN canonical_customer customer ON customer.id = invoice.customer_id
WHERE invoice.legal_entity_id = %(entity)s
    AND invoice.issued_on BETWEEN %(starts)s AND %(ends)s
    AND (invoice.total <> 0 OR EXISTS (
        SELECT 1 FROM canonical_invoiceline line
        WHERE line.invoice_id = invoice.id AND line.amount <> 0))
"""
CHECK: Final = Check(
    slug="books_invoices",
    label="Invoices and our books",
    left=ours(
        "Our records",
        _INVOICES,
        item_key="'invoice:' || invoice.id",
        key="invoice.id::text",
        number="invoice.number",
        party="customer.name",
        currency="invoice.currency",
        amount="invoice.total",
        tax="invoice.tax",
        dated="invoice.issued_on",
        state="CASE invoice.state WHEN 'void' THEN 'void' ELSE 'standing' END",
        record_kind="'invoice'",
        record_id="invoice.id",
        touched_at="invoice.updated_at",
    ),
    right=booked.entries(
        record="invoice",
        document="invoice",
        amount=booked.moved("receivable"),
        tax=f"-{booked.TAX}",
        state=booked.VOID,
    ),
    area="billing_sync",
    compares=frozenset({"amount", "tax", "currency", "dated", "state"}),
    wait_days=1,
)
