"""Money that the gateway took, and the payments that we know."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import listed, ours

CHECK: Final = Check(
    slug="billing_payments",
    label="Payments: gateway and our records",
    left=listed("{system}", "payment", "billing", state="'standing'"),
    right=ours(
        "Our records",
        """
        FROM canonical_payment payment
        LEFT JOIN canonical_customer customer ON customer.id = payment.customer_id
        LEFT JOIN canonical_invoice invoice ON invoice.id = payment.invoice_id
        WHERE payment.connection_id = %(other)s AND payment.legal_entity_id = %(entity)s
            AND payment.state = 'applied' AND payment.dated BETWEEN %(starts)s AND %(ends)s
        """,
        item_key="'payment:' || payment.id",
        key="payment.source_id",
        number="payment.source_id",
        reference="coalesce(invoice.number, payment.invoice_ref)",
        party="coalesce(customer.name, '')",
        currency="payment.currency",
        amount="payment.amount",
        dated="payment.dated",
        state="'standing'",
        record_kind="'payment'",
        record_id="payment.id",
        touched_at="payment.updated_at",
    ),
    area="payments",
    noun="payments",
    wait_days=1,
)
