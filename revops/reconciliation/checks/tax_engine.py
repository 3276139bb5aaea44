"""
What the tax engine told that it calculated for an invoice, and the tax on the invoice: whether
billing charges by the right rates. What it holds for the returns is ``tax_recorded``.
"""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import ours

CHECK: Final = Check(
    slug="tax_engine",
    label="Tax: what the engine calculated and our invoices",
    left=ours(
        "Tax engine",
        """
        FROM canonical_taxdocument document
        LEFT JOIN canonical_invoice invoice ON invoice.id = document.invoice_id
        WHERE document.legal_entity_id = %(entity)s
            AND document.calculated_on BETWEEN %(starts)s AND %(ends)s
        """,
        item_key="'tax:' || document.id",
        key="document.invoice_ref",
        number="document.source_id",
        reference="coalesce(invoice.number, document.invoice_ref)",
        currency="document.currency",
        amount="document.total",
        dated="document.calculated_on",
        record_kind="'tax'",
        record_id="document.id",
        touched_at="document.updated_at",
    ),
    # Without an engine nobody calculated. One that says whose documents it has lists them itself:
    # what it lacks is missing there.
    right=ours(
        "Our invoices",
        """
        FROM canonical_invoice invoice
        JOIN canonical_customer customer ON customer.id = invoice.customer_id
        WHERE invoice.legal_entity_id = %(entity)s AND invoice.tax <> 0
            AND invoice.issued_on BETWEEN %(starts)s AND %(ends)s
            AND (EXISTS (SELECT 1 FROM canonical_taxdocument document
                    WHERE document.invoice_id = invoice.id)
                OR EXISTS (SELECT 1 FROM canonical_taxdocument document
                    JOIN connectors_connection engine ON engine.id = document.connection_id
                    WHERE document.legal_entity_id = %(entity)s
                        AND coalesce(engine.parameters ->> 'companies', '') = ''))
        """,
        item_key="'invoice:' || invoice.id",
        key="invoice.source_id",
        number="invoice.number",
        party="customer.name",
        currency="invoice.currency",
        amount="invoice.tax",
        dated="invoice.issued_on",
        record_kind="'invoice'",
        record_id="invoice.id",
        touched_at="invoice.updated_at",
    ),
    area="tax",
    noun="tax documents",
    compares=frozenset({"amount", "currency"}),
    wait_days=1,
)
