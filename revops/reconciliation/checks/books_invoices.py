"""Invoices that we know, and the entries that they made in our books: none without, tax and all."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.books import role
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
# Of an invoice that was booked again, its latest entry counts; the others are undone.
_ENTRIES: Final = """
FROM (SELECT DISTINCT ON (entry.lane, entry.business_key) entry.*
    FROM ledger_journalentry entry
    WHERE entry.legal_entity_id = %(entity)s AND entry.document_type = 'invoice'
        AND entry.record_kind = 'invoice'
        AND coalesce(entry.document_date, entry.accounting_date) BETWEEN %(starts)s AND %(ends)s
    ORDER BY entry.lane, entry.business_key, entry.revision DESC) entry
JOIN ledger_journalline line ON line.entry_id = entry.id
GROUP BY entry.id, entry.record_id, entry.description, entry.currency, entry.document_date,
    entry.accounting_date, entry.recorded_at
"""
_OWED: Final = f"coalesce(sum(line.amount) FILTER (WHERE line.account IN {role('receivable')}), 0)"
_TAX: Final = "coalesce(-sum(line.amount) FILTER (WHERE line.tax_code <> ''), 0)"
_UNDONE: Final = """CASE WHEN EXISTS (SELECT 1 FROM ledger_journalentry undone
    WHERE undone.reverses_id = entry.id) THEN 'void' ELSE 'standing' END"""

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
    right=ours(
        "Our books",
        _ENTRIES,
        item_key="'journal:' || entry.id",
        key="entry.record_id::text",
        number="'JE-' || entry.id",
        reference="entry.description",
        currency="entry.currency",
        amount=f"{_OWED}::bigint",
        tax=f"{_TAX}::bigint",
        dated="coalesce(entry.document_date, entry.accounting_date)",
        state=_UNDONE,
        record_kind="'journal'",
        record_id="entry.id",
        touched_at="entry.recorded_at",
    ),
    area="billing_sync",
    compares=frozenset({"amount", "tax", "currency", "dated", "state"}),
    wait_days=1,
)
