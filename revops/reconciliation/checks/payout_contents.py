"""A payout is the sum of what is in it: payments less fees, refunds and what was contested."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check, Side
from revops.reconciliation.checks.sides import listed, select

_CONTENTS: Final = (
    select(
        {
            "item_key": "held.group_key",
            "key": "held.group_key",
            "number": "count(*) || ' items of ' || held.group_key",
            "group_key": "held.group_key",
            "currency": "held.currency",
            "amount": "sum(held.amount)::bigint",
            "dated": "max(payout.dated)",
            "touched_at": "max(held.touched_at)",
        }
    )
    + """
FROM reconciliation_holding held
JOIN reconciliation_holding payout ON payout.connection_id = held.connection_id
    AND payout.kind = 'payout' AND payout.key = held.group_key
WHERE held.connection_id = %(connection)s AND held.kind = 'balance' AND held.gone_in_id IS NULL
    AND payout.legal_entity_id = %(entity)s AND payout.dated BETWEEN %(starts)s AND %(ends)s
GROUP BY held.group_key, held.currency
"""
)

CHECK: Final = Check(
    slug="payout_contents",
    label="Payouts and what is in them",
    left=listed("{system} payouts", "payout", "billing", where="held.state = 'paid'", state="''"),
    right=Side(label="{system} balance", query=_CONTENTS, kind="balance", role="billing"),
    area="payments",
    noun="payouts",
    compares=frozenset({"amount", "currency"}),
    wait_days=1,
)
