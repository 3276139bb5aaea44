"""Credit notes of billing, and what we know of them."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import listed, ours, states

_THEIRS: Final = {"issued": "standing"}

CHECK: Final = Check(
    slug="billing_credits",
    label="Credits: billing and our records",
    left=listed("{system}", "credit", "billing", state=states("held.state", _THEIRS)),
    right=ours(
        "Our records",
        """
        FROM canonical_credit credit
        JOIN canonical_customer customer ON customer.id = credit.customer_id
        WHERE credit.connection_id = %(other)s AND credit.legal_entity_id = %(entity)s
            AND credit.state IN ('issued', 'void')
            AND credit.issued_on BETWEEN %(starts)s AND %(ends)s
        """,
        item_key="'credit:' || credit.id",
        key="credit.source_id",
        number="coalesce(nullif(credit.number, ''), credit.source_id)",
        reference="coalesce(credit.reason, '')",
        party="customer.name",
        currency="credit.currency",
        amount="credit.total",
        tax="credit.tax",
        dated="credit.issued_on",
        state=states("credit.state", _THEIRS),
        record_kind="'credit'",
        record_id="credit.id",
        touched_at="credit.updated_at",
    ),
    area="credits",
    noun="credits",
    compares=frozenset({"amount", "tax", "currency", "dated", "state"}),
    wait_days=1,
)
