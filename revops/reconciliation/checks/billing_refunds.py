"""Money that the gateway gave back, and the refunds that we know."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import listed, ours

CHECK: Final = Check(
    slug="billing_refunds",
    label="Refunds: gateway and our records",
    left=listed("{system}", "refund", "billing", where="held.state = 'succeeded'", state="''"),
    right=ours(
        "Our records",
        """
        FROM canonical_refund refund
        JOIN canonical_payment payment ON payment.id = refund.payment_id
        LEFT JOIN canonical_customer customer ON customer.id = payment.customer_id
        WHERE refund.connection_id = %(other)s AND refund.legal_entity_id = %(entity)s
            AND refund.returned_on IS NULL AND refund.dated BETWEEN %(starts)s AND %(ends)s
        """,
        item_key="'refund:' || refund.id",
        key="refund.source_id",
        number="refund.source_id",
        reference="refund.reason",
        group_key="payment.source_id",
        party="coalesce(customer.name, '')",
        currency="refund.currency",
        amount="refund.amount",
        dated="refund.dated",
        record_kind="'refund'",
        record_id="refund.id",
        touched_at="refund.updated_at",
    ),
    area="payments",
    noun="refunds",
    wait_days=1,
)
