"""Credit memos that we know, and the entries that they made in our books, tax and all."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks import booked
from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import ours, states

CHECK: Final = Check(
    slug="books_credits",
    label="Credits and our books",
    # What is only asked for, or approved, is no memo yet; one of zero makes no entry.
    left=ours(
        "Our records",
        """
        FROM canonical_credit credit
        JOIN canonical_customer customer ON customer.id = credit.customer_id
        WHERE credit.legal_entity_id = %(entity)s AND credit.state IN ('issued', 'void')
            AND credit.total <> 0 AND credit.issued_on BETWEEN %(starts)s AND %(ends)s
        """,
        item_key="'credit:' || credit.id",
        key="credit.id::text",
        number="coalesce(nullif(credit.number, ''), credit.source_id)",
        reference="coalesce(credit.reason, '')",
        party="customer.name",
        currency="credit.currency",
        amount="credit.total",
        tax="credit.tax",
        dated="credit.issued_on",
        state=states("credit.state", {"issued": "standing"}),
        record_kind="'credit'",
        record_id="credit.id",
        touched_at="credit.updated_at",
    ),
    # What it settles: its invoice, the customer's balance, or a refund that is to be paid.
    right=booked.entries(
        record="credit",
        document="credit",
        amount="-" + booked.moved("receivable", "customer_credit", "refunds_payable"),
        tax=booked.TAX,
        state=booked.VOID,
    ),
    area="credits",
    noun="credits",
    compares=frozenset({"amount", "tax", "currency", "dated", "state"}),
    wait_days=1,
)
