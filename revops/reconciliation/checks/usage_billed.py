"""Usage that was rated for good, and the invoice lines that bill it."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import ours

CHECK: Final = Check(
    slug="usage_billed",
    label="Usage: rated and billed",
    left=ours(
        "Rated usage",
        """
        FROM usage_ratedline rated
        JOIN canonical_customer customer ON customer.id = rated.customer_id
        WHERE rated.legal_entity_id = %(entity)s AND rated.state = 'rated'
            AND rated.amount - rated.prepaid <> 0
            AND rated.period_end BETWEEN %(starts)s AND %(ends)s
        """,
        item_key="'rated:' || rated.id",
        key="rated.key || '-' || rated.revision",
        number="rated.meter || ' ' || rated.used_from || ' to ' || rated.used_to",
        party="customer.name",
        currency="rated.currency",
        amount="rated.amount - rated.prepaid",
        dated="rated.period_end",
        touched_at="rated.rated_at",
    ),
    right=ours(
        "Billed",
        """
        FROM canonical_invoiceline line
        JOIN canonical_invoice invoice ON invoice.id = line.invoice_id
        JOIN canonical_customer customer ON customer.id = invoice.customer_id
        WHERE line.usage_ref <> '' AND invoice.legal_entity_id = %(entity)s
            AND invoice.state <> 'void'
            AND coalesce(line.service_end, invoice.issued_on) BETWEEN %(starts)s AND %(ends)s
        """,
        item_key="'line:' || line.id",
        key="line.usage_ref",
        number="invoice.number || ' / ' || line.line_id",
        reference="line.description",
        group_key="invoice.source_id",
        party="customer.name",
        currency="invoice.currency",
        amount="line.amount",
        dated="coalesce(line.service_end, invoice.issued_on)",
        record_kind="'invoice'",
        record_id="invoice.id",
        touched_at="invoice.updated_at",
    ),
    area="billing_sync",
    noun="usage lines",
    compares=frozenset({"amount", "currency"}),
    wait_days=5,
)
