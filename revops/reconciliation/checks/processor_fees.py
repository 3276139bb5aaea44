"""What the processor kept of each payment, and the fee that we booked."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.books import journals
from revops.reconciliation.checks.sides import listed

CHECK: Final = Check(
    slug="processor_fees",
    label="Processor fees: gateway and our books",
    left=listed(
        "{system}",
        "fee",
        "billing",
        where="held.amount <> 0",
        state="''",
    ),
    right=journals(
        """
        FROM ledger_journalentry entry
        JOIN canonical_payment payment ON payment.id = entry.record_id
        LEFT JOIN canonical_customer customer ON customer.id = payment.customer_id
        WHERE entry.record_kind = 'payment' AND entry.document_type = 'fee'
            AND entry.legal_entity_id = %(entity)s AND payment.connection_id = %(other)s
            AND coalesce(entry.document_date, entry.accounting_date)
                BETWEEN %(starts)s AND %(ends)s
            AND NOT EXISTS (SELECT 1 FROM ledger_journalentry undone
                            WHERE undone.reverses_id = entry.id)
        """,
        key="payment.source_id",
        group_key="payment.source_id",
        party="coalesce(customer.name, '')",
        amount="entry.amount",
        dated="coalesce(entry.document_date, entry.accounting_date)",
    ),
    area="payments",
    noun="fees",
    compares=frozenset({"amount", "currency"}),
    wait_days=1,
)
