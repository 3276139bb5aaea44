"""
Our journals, and what a warehouse holds of them: each entry, its day, and what its lines add up to.

Whoever asks the warehouse for figures gets those of the books, or a break says which entry is
another one there. A journal that was recorded lately is on its way for as long as loads take.
"""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.books import PARTY, journals
from revops.reconciliation.checks.sides import listed

_OURS: Final = """
FROM ledger_journalentry entry
JOIN mappings_accountingperiod period ON period.id = entry.period_id
WHERE entry.legal_entity_id = %(entity)s
    AND entry.accounting_date BETWEEN %(starts)s AND %(ends)s
"""
_DEBITS: Final = """(SELECT coalesce(sum(line.amount), 0)::bigint FROM ledger_journalline line
    WHERE line.entry_id = entry.id AND line.amount > 0)"""

CHECK: Final = Check(
    slug="warehouse_books",
    label="Journals: our books and the warehouse",
    left=journals(
        _OURS,
        key="'JE-' || entry.id",
        reference="entry.business_key",
        group_key="entry.document_type",
        party=PARTY,
        amount=_DEBITS,
        dated="entry.accounting_date",
        period_code="period.code",
        state="'posted'",
    ),
    right=listed("{system}", "journal", "warehouse"),
    area="reconciliation",
    noun="journals",
    compares=frozenset({"amount", "currency", "dated"}),
    wait_days=1,
)
