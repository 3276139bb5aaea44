"""What the gateway paid out, and what the bank's statement shows."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check, RuleSpec
from revops.reconciliation.checks.sides import listed

# Banks cut and mix what they are told; an id that stands in the text whole is the payout's.
_NAMED: Final = """coalesce((SELECT payout.key FROM reconciliation_holding payout
    WHERE payout.connection_id = %(other)s AND payout.kind = 'payout'
        AND payout.gone_in_id IS NULL
        AND payout.dated BETWEEN held.dated - 30 AND held.dated + 5
        AND strpos(lower(held.reference), lower(payout.key)) > 0
    ORDER BY payout.key LIMIT 1), '')"""

CHECK: Final = Check(
    slug="bank_payouts",
    label="Payouts and the bank",
    left=listed("{system}", "payout", "billing", where="held.state = 'paid'", state="''"),
    # Payouts are money in: what goes out of the account is other business.
    right=listed("{system}", "bank", "bank", where="held.amount > 0", state="''", key=_NAMED),
    area="payments",
    noun="payouts",
    compares=frozenset({"amount", "currency"}),
    wait_days=3,
    rules=(
        RuleSpec("Payout id in the bank’s text"),
        RuleSpec(
            "Same amount within five days", keys=("currency", "amount"), automatic=False,
            days_within=5,
        ),
    ),
)  # fmt: skip
