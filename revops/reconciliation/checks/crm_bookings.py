"""Deals that sales won, and the bookings that we know."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import listed, ours

CHECK: Final = Check(
    slug="crm_bookings",
    label="Bookings: sales and our records",
    left=listed("{system}", "opportunity", "crm", where="held.state = 'won'"),
    right=ours(
        "Our records",
        """
        FROM canonical_opportunity deal
        JOIN canonical_customer customer ON customer.id = deal.customer_id
        WHERE deal.connection_id = %(other)s AND deal.legal_entity_id = %(entity)s
            AND deal.state = 'won' AND deal.closes_on BETWEEN %(starts)s AND %(ends)s
        """,
        item_key="'opportunity:' || deal.id",
        key="deal.source_id",
        number="coalesce(nullif(deal.name, ''), deal.source_id)",
        party="customer.name",
        currency="deal.currency",
        amount="deal.amount",
        dated="deal.closes_on",
        state="deal.state",
        record_kind="'opportunity'",
        record_id="deal.id",
        touched_at="deal.updated_at",
    ),
    area="billing_sync",
    noun="bookings",
    wait_days=1,
)
