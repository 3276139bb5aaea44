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
SELECT entry.business_key, sum(line.amount)::bigint AS amount,
    sum(line.functional)::bigint AS functional
FROM ledger_journalentry entry JOIN ledger_journalline line ON line.entry_id = entry.id
WHERE entry.legal_entity_id = %s AND entry.lane = %s AND entry.document_type = 'presentation'
  AND entry.accounting_date = %s AND line.position = 0
GROUP BY entry.business_key
"""


def plan(closing: Closing) -> Plan:
    """One entry for each deferral account and currency, taken back on the next day."""
    books = closing.books
    rows = not_yet_unconditional(entity_id=books.id, on=closing.on)
    wanted: dict[str, tuple[str, str]] = {}
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        key = closing.key("netdown", row.deferral_account, row.currency)
        wanted[key] = (row.deferral_account, row.currency)
        found[key][0] += row.amount
        found[key][1] += row.functional
    before = {
        row.business_key: (row.amount, row.functional)
        for row in sql.rows(_HELD, (books.id, LANE, closing.on))
    }
    revisions = next_revisions(books, "presentation", {*found, *before})
    planned = []
    for key in sorted({*found, *before}):
        account, currency = wanted.get(key) or _named(key)
        amount, functional = found.get(key, (0, 0))
        held_amount, held_functional = before.get(key, (0, 0))
        if amount == held_amount and functional == held_functional:
            continue
        moved = period_end.Moved(
            account, currency, amount - held_amount, functional - held_functional
        )
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


def _named(key: str) -> tuple[str, str]:
    *_, account, currency = key.split("/")
    return account, currency
