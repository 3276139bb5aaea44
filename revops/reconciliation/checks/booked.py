"""
What our own records led to in our books: one row for each record that has an entry of a type.

Of a record that was booked again its latest entry counts; the others are undone. It counts on its
document's own day, whatever period took it.
"""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Side
from revops.reconciliation.checks.books import journals, role

_ENTRIES: Final = """
FROM (SELECT DISTINCT ON (entry.lane, entry.business_key) entry.*
    FROM ledger_journalentry entry
    WHERE entry.legal_entity_id = %(entity)s AND entry.document_type = '{document}'
        AND entry.record_kind = '{record}'
        AND coalesce(entry.document_date, entry.accounting_date) BETWEEN %(starts)s AND %(ends)s
    ORDER BY entry.lane, entry.business_key, entry.revision DESC) entry
JOIN ledger_journalline line ON line.entry_id = entry.id
GROUP BY entry.id, entry.record_kind, entry.record_id, entry.description, entry.currency,
    entry.document_date, entry.accounting_date, entry.recorded_at
"""
TAX: Final = "coalesce(sum(line.amount) FILTER (WHERE line.tax_code <> ''), 0)::bigint"
# Reversed, the document never was.
VOID: Final = """CASE WHEN EXISTS (SELECT 1 FROM ledger_journalentry undone
    WHERE undone.reverses_id = entry.id) THEN 'void' ELSE 'standing' END"""


def entries(*, record: str, document: str, amount: str, tax: str = "", state: str) -> Side:
    """
    ``record`` is the kind of record, ``document`` the type of its entry; ``amount`` and ``tax`` are
    SQL over its lines (``line``), ``state`` over the entry.
    """
    return journals(
        _ENTRIES.format(document=document, record=record),
        key="entry.record_id::text",
        amount=amount,
        dated="coalesce(entry.document_date, entry.accounting_date)",
        state=state,
        **({"tax": tax} if tax else {}),
    )


def moved(*roles: str) -> str:
    """Debits less credits of an entry's lines on the accounts of these roles."""
    return f"coalesce(sum(line.amount) FILTER (WHERE line.account IN {role(*roles)}), 0)::bigint"


def came_back(document: str) -> str:
    """“returned” once the record has an entry of this type, which took the money back."""
    return f"""CASE WHEN EXISTS (SELECT 1 FROM ledger_journalentry back
        WHERE back.record_kind = entry.record_kind AND back.record_id = entry.record_id
            AND back.document_type = '{document}') THEN 'returned' ELSE 'standing' END"""  # noqa: S608  our own literals
