"""
Billed, unpaid and not yet unconditional: presentation for a balance sheet, until the next day.

ERPs post a receivable with the invoice. Until it falls due the right to it may still be conditional
(ASC 606-10-45-2, accounting.md note 1), and then neither side is shown. Whether a contract can be
cancelled is not known here, so this run is made on request only and the report shows what it takes.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from revops.ledger.operations import LANE
from revops.ledger.queries.unconditional import not_yet_unconditional
from revops.ledger.rules import period_end
from revops.pipeline.period_end.plan import Closing, Plan, Planned, next_revisions
from revops.store import sql

_HELD: Final = """
SELECT entry.business_key, entry.currency, deferred.account, owed.customer_ref,
    sum(deferred.amount)::bigint AS amount, sum(deferred.functional)::bigint AS functional
FROM ledger_journalentry entry
JOIN ledger_journalline deferred ON deferred.entry_id = entry.id AND deferred.position = 0
JOIN ledger_journalline owed ON owed.entry_id = entry.id AND owed.position = 1
WHERE entry.legal_entity_id = %s AND entry.lane = %s AND entry.document_type = 'presentation'
  AND entry.accounting_date = %s
GROUP BY entry.business_key, entry.currency, deferred.account, owed.customer_ref
"""


def plan(closing: Closing) -> Plan:
    """One entry for each deferral account, currency and customer, taken back on the next day."""
    books = closing.books
    rows = not_yet_unconditional(entity_id=books.id, on=closing.on)
    wanted: dict[str, tuple[str, str, str, str]] = {}
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        about = (row.deferral_account, row.currency, row.customer_id)
        key = closing.key("netdown", *about)
        wanted[key] = (*about, row.customer_name)
        found[key][0] += row.amount
        found[key][1] += row.functional
    before: dict[str, tuple[int, int]] = {}
    for row in sql.rows(_HELD, (books.id, LANE, closing.on)):
        before[row.business_key] = (row.amount, row.functional)
        wanted.setdefault(
            row.business_key, (row.account, row.currency, row.customer_ref, row.customer_ref)
        )
    revisions = next_revisions(books, "presentation", {*found, *before})
    planned = []
    for key in sorted({*found, *before}):
        account, currency, customer_id, customer_name = wanted[key]
        amount, functional = found.get(key, (0, 0))
        held_amount, held_functional = before.get(key, (0, 0))
        if amount == held_amount and functional == held_functional:
            continue
        moved = period_end.Moved(
            account, currency, amount - held_amount, functional - held_functional, customer_id,
            customer_name,
        )  # fmt: skip
        draft = period_end.netted(
            moved, closing.dated, business_key=key, on=closing.on, revision=revisions[key]
        )
        planned.append(Planned(draft, reversing=True))
    return Plan(
        planned,
        {
            "invoices": len({row.invoice_id for row in rows}),
            "netted": sum([r.functional for r in rows]),
        },
    )
