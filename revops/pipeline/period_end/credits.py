"""J5c1: credits that customers are entitled to and nobody has issued or refused yet."""

from __future__ import annotations

from typing import Final

from revops.ledger import items
from revops.ledger.operations import LANE
from revops.ledger.rules import period_end
from revops.pipeline.period_end.plan import Closing, Plan, Planned, next_revisions
from revops.store import sql

# What these are for has been earned, so that they lower revenue at once. Others change what is
# still to come, or undo an invoice, and wait for their memo.
ACCRUED: Final = ("sla_period", "goodwill")

# As of the period's end: a decision of a later day does not undo what was right on the day.
_PENDING: Final = """
SELECT credit.id, connection.slug, credit.source_id, credit.currency, credit.net,
    credit.correlation_id, customer.source_id AS customer_ref, customer.name AS customer_name
FROM canonical_credit credit
JOIN connectors_connection connection ON connection.id = credit.connection_id
JOIN canonical_customer customer ON customer.id = credit.customer_id
WHERE credit.legal_entity_id = %s AND credit.requested_on IS NOT NULL
  AND credit.entitled_on <= %s AND credit.credit_type = ANY(%s) AND credit.net > 0
  AND NOT (credit.state = 'rejected' AND credit.decided_on <= %s)
  AND NOT EXISTS (
      SELECT 1 FROM canonical_credit memo
      WHERE memo.request_id = credit.id AND memo.issued_on <= %s
        AND (memo.voided_on IS NULL OR memo.voided_on > %s))
ORDER BY credit.id
"""
_ACCRUED: Final = """
SELECT line.item, -sum(line.amount)::bigint AS amount
FROM ledger_journalline line JOIN ledger_journalentry entry ON entry.id = line.entry_id
WHERE line.item = ANY(%s) AND entry.legal_entity_id = %s AND entry.lane = %s
  AND entry.document_type = 'credit_accrual' AND entry.rule = 'period_end.credits'
GROUP BY line.item
"""


def plan(closing: Closing) -> Plan:
    """An entry for each request, in the period that gave the right to it while that is open."""
    on, books = closing.on, closing.books
    rows = sql.rows(_PENDING, (books.id, on, list(ACCRUED), on, on, on))
    keys = {row.id: f"{row.slug}:{row.source_id}" for row in rows}
    named = {items.credit_request(key): key for key in keys.values()}
    held = {
        named[row.item]: row.amount for row in sql.rows(_ACCRUED, (list(named), books.id, LANE))
    }
    revisions = next_revisions(books, "credit_accrual", keys.values())
    planned = []
    for row in rows:
        key = keys[row.id]
        missing = row.net - held.get(key, 0)
        if not missing:
            continue
        pending = period_end.Pending(
            row.source_id, row.currency, missing, row.customer_ref, row.customer_name
        )
        draft = period_end.credit_accrued(
            pending, closing.dated, business_key=key, on=on, revision=revisions[key]
        )
        planned.append(Planned(draft, record=("credit", row.id), story=row.correlation_id))
    return Plan(planned, {"pending": len(rows)})
