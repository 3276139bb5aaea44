"""What customers contest at the gateway, and the disputes that we know."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import listed, ours

_STATE: Final = "CASE WHEN held.state IN ('won', 'lost') THEN held.state ELSE 'open' END"

CHECK: Final = Check(
    slug="billing_disputes",
    label="Disputes: gateway and our records",
    left=listed("{system}", "dispute", "billing", state=_STATE),
    right=ours(
        "Our records",
        """
        FROM canonical_dispute dispute
        JOIN canonical_payment payment ON payment.id = dispute.payment_id
        LEFT JOIN canonical_customer customer ON customer.id = payment.customer_id
        WHERE dispute.connection_id = %(other)s AND dispute.legal_entity_id = %(entity)s
            AND dispute.opened_on BETWEEN %(starts)s AND %(ends)s
        """,
        item_key="'dispute:' || dispute.id",
        key="dispute.source_id",
        number="dispute.source_id",
        group_key="payment.source_id",
        party="coalesce(customer.name, '')",
        currency="dispute.currency",
        amount="dispute.amount",
        dated="dispute.opened_on",
        state="dispute.state",
        record_kind="'dispute'",
        record_id="dispute.id",
        touched_at="dispute.updated_at",
    ),
    area="payments",
    noun="disputes",
    compares=frozenset({"amount", "currency", "dated", "state"}),
    wait_days=1,
)
