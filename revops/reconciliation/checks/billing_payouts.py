"""Payouts of the gateway, and those that we know."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import listed, ours

CHECK: Final = Check(
    slug="billing_payouts",
    label="Payouts: gateway and our records",
    left=listed("{system}", "payout", "billing", where="held.state = 'paid'", state="''"),
    right=ours(
        "Our records",
        """
        FROM canonical_payout payout
        WHERE payout.connection_id = %(other)s AND payout.legal_entity_id = %(entity)s
            AND payout.state = 'settled' AND payout.dated BETWEEN %(starts)s AND %(ends)s
        """,
        item_key="'payout:' || payout.id",
        key="payout.source_id",
        number="payout.source_id",
        currency="payout.currency",
        amount="payout.amount",
        dated="payout.dated",
        record_kind="'payout'",
        record_id="payout.id",
        touched_at="payout.updated_at",
    ),
    area="payments",
    noun="payouts",
    wait_days=2,
)
