"""Money that came in, and the entries that it made in our books; came back, and its entry, too."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks import booked
from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import ours

CHECK: Final = Check(
    slug="books_payments",
    label="Payments and our books",
    # An attempt that was declined moved nothing.
    left=ours(
        "Our records",
        """
        FROM canonical_payment payment
        LEFT JOIN canonical_customer customer ON customer.id = payment.customer_id
        LEFT JOIN canonical_invoice invoice ON invoice.id = payment.invoice_id
        WHERE payment.legal_entity_id = %(entity)s AND payment.state IN ('applied', 'returned')
            AND payment.amount <> 0 AND payment.dated BETWEEN %(starts)s AND %(ends)s
        """,
        item_key="'payment:' || payment.id",
        key="payment.id::text",
        number="payment.source_id",
        reference="coalesce(invoice.number, payment.invoice_ref)",
        party="coalesce(customer.name, '')",
        currency="payment.currency",
        amount="payment.amount",
        dated="payment.dated",
        state="CASE WHEN payment.returned + payment.returned_fee <> 0"
        " THEN 'returned' ELSE 'standing' END",
        record_kind="'payment'",
        record_id="payment.id",
        touched_at="payment.updated_at",
    ),
    right=booked.entries(
        record="payment",
        document="payment",
        amount=booked.moved("processor_clearing"),
        state=booked.came_back("return"),
    ),
    area="payments",
    noun="payments",
    compares=frozenset({"amount", "currency", "dated", "state"}),
    wait_days=1,
)
