"""J10b, J10c: foreign monetary balances at the rate of the period's end, back the next day."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from revops.ledger.operations import LANE
from revops.ledger.rules import fx
from revops.pipeline.period_end.plan import Closing, Plan, Planned, next_revisions
from revops.store import sql

_BALANCES: Final = """
WITH held AS (
    SELECT entry.currency, line.account, line.customer_ref, sum(line.amount)::bigint AS amount,
        sum(line.functional)::bigint AS functional
    FROM ledger_journalentry entry JOIN ledger_journalline line ON line.entry_id = entry.id
    WHERE entry.legal_entity_id = %s AND entry.lane = %s AND entry.accounting_date <= %s
      AND entry.currency <> entry.functional_currency AND line.account = ANY(%s)
    GROUP BY entry.currency, line.account, line.customer_ref
    HAVING sum(line.amount) <> 0 OR sum(line.functional) <> 0
)
SELECT held.*, coalesce(named.name, '') AS customer_name
FROM held LEFT JOIN LATERAL (
    SELECT name FROM canonical_customer customer
    WHERE held.customer_ref <> '' AND customer.source_id = held.customer_ref LIMIT 1
) AS named ON true
ORDER BY held.currency, held.account, held.customer_ref
"""


def plan(closing: Closing) -> Plan:
    """
    One entry for each foreign currency, of the accounts that are monetary; deferred revenue is not
    (accounting.md note 8). Earlier runs are part of the balances, so only what differs is posted.

    Raises MappingMissing for a currency without a rate.
    """
    books = closing.books
    rows = sql.rows(_BALANCES, (books.id, LANE, closing.on, sorted(books.monetary)))
    found = {
        currency: [
            fx.Balance(
                row.account,
                row.currency,
                row.amount,
                row.functional,
                row.customer_ref,
                row.customer_name,
            )
            for row in own
        ]  # fmt: skip
        for currency, own in groupby(rows, key=lambda row: str(row.currency))
    }
    keys = {currency: closing.key("fx", currency) for currency in found}
    revisions = next_revisions(books, "remeasurement", keys.values())
    planned: list[Planned] = []
    figures: dict[str, int | str] = {"balances": len(rows)}
    for currency, balances in found.items():
        key = keys[currency]
        draft = fx.remeasured(
            balances, closing.dated, business_key=key, on=closing.on, revision=revisions[key]
        )
        if draft is not None:
            planned.append(Planned(draft, reversing=True))
            kept = {balance.account for balance in balances}
            figures[currency] = sum(
                [line.functional for line in draft.lines if line.account in kept]
            )
    return Plan(planned, figures)
