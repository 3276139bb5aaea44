"""Money that went back to customers, and the entries that it made in our books."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks import booked
from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import ours

CHECK: Final = Check(
    slug="books_refunds",
    label="Refunds and our books",
    left=ours(
        "Our records",
        """
        FROM canonical_refund refund
        JOIN canonical_payment payment ON payment.id = refund.payment_id
        LEFT JOIN canonical_customer customer ON customer.id = payment.customer_id
        WHERE refund.legal_entity_id = %(entity)s AND refund.amount <> 0
            AND refund.dated BETWEEN %(starts)s AND %(ends)s
        """,
        item_key="'refund:' || refund.id",
        key="refund.id::text",
        number="refund.source_id",
        reference="refund.reason",
        group_key="payment.source_id",
        party="coalesce(customer.name, '')",
        currency="refund.currency",
        amount="refund.amount",
        dated="refund.dated",
        state="CASE WHEN refund.returned_on IS NULL THEN 'standing' ELSE 'returned' END",
        record_kind="'refund'",
        record_id="refund.id",
        touched_at="refund.updated_at",
    ),
    right=booked.entries(
        record="refund",
        document="refund",
        amount="-" + booked.moved("processor_clearing"),
        state=booked.came_back("refund_return"),
    ),
    area="payments",
    noun="refunds",
    compares=frozenset({"amount", "currency", "dated", "state"}),
    wait_days=1,
)
