"""
Controls: the books against the records they were made of. What differs is a mistake somewhere.

    receivables   1100 against open invoices (I4)
    balances      customers' credit, refunds payable and other open items: never the wrong side (I4)
    clearing      1050 against what the processor has not paid out yet (I5)
    tax           2100 by jurisdiction: invoiced − credited − remitted (I6)
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Final

from revops.ledger.lanes import PRIMARY
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Control:
    """In one currency: what the books hold, what the records say, in minor units."""

    currency: str
    books: int
    records: int

    @property
    def difference(self) -> int:
        return self.books - self.records


_ROLE: Final = """
SELECT entry.currency, sum(line.amount)::bigint AS amount
FROM mappings_accountmap map JOIN mappings_ledgeraccount account ON account.id = map.account_id
JOIN ledger_journalline line ON line.account = account.code
JOIN ledger_journalentry entry ON entry.id = line.entry_id
WHERE map.legal_entity_id = %(entity)s AND map.role = %(role)s AND upper_inf(map.valid)
  AND entry.legal_entity_id = %(entity)s AND entry.lane = %(lane)s
  AND NOT (entry.document_type = 'presentation'
           OR entry.reverses_id IN (
               SELECT id FROM ledger_journalentry
               WHERE legal_entity_id = %(entity)s AND document_type = 'presentation'))
GROUP BY entry.currency
"""
_OPEN_INVOICES: Final = """
SELECT invoice.currency, sum(invoice.total - invoice.applied - invoice.credited)::bigint AS amount
FROM canonical_invoice invoice
WHERE invoice.legal_entity_id = %s AND invoice.state NOT IN ('void', 'written_off')
  AND EXISTS (SELECT 1 FROM ledger_journalentry entry
              WHERE entry.record_kind = 'invoice' AND entry.record_id = invoice.id)
GROUP BY invoice.currency
"""


def receivables(*, entity_id: int) -> list[Control]:
    """
    Receivables against the open invoices that are in the books, by currency. Two queries.

    Presentation entries and their reversals are left out: they show less than what is owed.
    """
    books = _by_role(entity_id, "receivable")
    records = {row.currency: row.amount for row in sql.rows(_OPEN_INVOICES, (entity_id,))}
    return _compared(books, records)


@dataclass(frozen=True, slots=True)
class WrongSide:
    """An open item that owes the other way than its account can."""

    account: str
    item: str
    currency: str
    amount: int


_WRONG: Final = """
SELECT line.account, line.item, entry.currency, sum(line.amount)::bigint AS amount
FROM mappings_accountmap map JOIN mappings_ledgeraccount account ON account.id = map.account_id
JOIN ledger_journalline line ON line.account = account.code
JOIN ledger_journalentry entry ON entry.id = line.entry_id
WHERE map.legal_entity_id = %s AND map.role IN
      ('customer_credit', 'refunds_payable', 'accrued_credits', 'unbilled')
  AND upper_inf(map.valid) AND entry.legal_entity_id = map.legal_entity_id AND entry.lane = %s
  AND line.item <> ''
GROUP BY line.account, line.item, entry.currency, map.role
HAVING CASE map.role WHEN 'unbilled' THEN -sum(line.amount) ELSE sum(line.amount) END > 0
ORDER BY line.account, line.item
"""


def wrong_sides(*, entity_id: int) -> list[WrongSide]:
    """Customers whose credit or refund became a debt, accruals that were used twice. One query."""
    return [WrongSide(*row) for row in sql.rows(_WRONG, (entity_id, PRIMARY))]


# What moved is with the processor until a payout names it. A record can move more than once (a
# dispute that is won, a payment that its bank returns), each time for a payout of its own; a fee
# goes with the first, and what is reversed with what it reverses.
_WITH_PROCESSOR: Final = """
WITH paid AS (
    SELECT payout.connection_id, item ->> 'source_id' AS source_id, count(*) AS times
    FROM canonical_payout payout CROSS JOIN LATERAL jsonb_array_elements(payout.items) AS item
    WHERE payout.legal_entity_id = %(entity)s GROUP BY 1, 2
), clearing AS (
    SELECT account.code FROM mappings_accountmap map
    JOIN mappings_ledgeraccount account ON account.id = map.account_id
    WHERE map.legal_entity_id = %(entity)s AND map.role = 'processor_clearing'
      AND upper_inf(map.valid)
), records AS (
    SELECT 'payment' AS kind, id, connection_id, source_id FROM canonical_payment
        WHERE legal_entity_id = %(entity)s
    UNION ALL SELECT 'refund', id, connection_id, source_id FROM canonical_refund
        WHERE legal_entity_id = %(entity)s
    UNION ALL SELECT 'dispute', id, connection_id, source_id FROM canonical_dispute
        WHERE legal_entity_id = %(entity)s
), moved AS (
    SELECT records.kind, records.id, coalesce(paid.times, 0) AS times, entry.currency, line.amount,
        CASE WHEN entry.document_type IN ('fee', 'void') THEN 1 ELSE dense_rank() OVER (
            PARTITION BY records.kind, records.id
            ORDER BY entry.document_type IN ('fee', 'void'), entry.id) END AS place
    FROM records JOIN ledger_journalentry entry
        ON entry.record_kind = records.kind AND entry.record_id = records.id
    JOIN ledger_journalline line ON line.entry_id = entry.id
    JOIN clearing ON clearing.code = line.account
    LEFT JOIN paid ON paid.connection_id = records.connection_id
        AND paid.source_id = records.source_id
    WHERE entry.legal_entity_id = %(entity)s AND entry.lane = %(lane)s
)
SELECT currency, sum(amount)::bigint AS amount FROM moved WHERE place > times GROUP BY currency
"""


def clearing(*, entity_id: int) -> list[Control]:
    """
    What the processor holds for us by the books, against what no payout has named yet. After a
    payout, what was in it nets to zero. Two queries.
    """
    rows = sql.rows(_WITH_PROCESSOR, {"entity": entity_id, "lane": PRIMARY})
    return _compared(
        _by_role(entity_id, "processor_clearing"), {row.currency: row.amount for row in rows}
    )


@dataclass(frozen=True, slots=True)
class Tax:
    """
    A tax code in one currency; positive raises what is owed. ``owed`` is the sum. ``charged`` is
    what the invoices say, as a check on ``invoiced``.
    """

    code: str
    currency: str
    invoiced: int
    credited: int
    written_off: int
    remitted: int
    other: int
    charged: int

    @property
    def owed(self) -> int:
        return self.invoiced + self.credited + self.written_off + self.remitted + self.other


_TAX: Final = """
SELECT line.tax_code, entry.currency, coalesce(undone.document_type, entry.document_type) AS kind,
    -sum(line.amount)::bigint AS amount
FROM ledger_journalline line JOIN ledger_journalentry entry ON entry.id = line.entry_id
LEFT JOIN ledger_journalentry undone ON undone.id = entry.reverses_id
WHERE entry.legal_entity_id = %s AND entry.lane = %s AND entry.accounting_date <= %s
  AND line.tax_code <> ''
GROUP BY 1, 2, 3
"""
_CHARGED: Final = """
SELECT charge ->> 'code' AS code, invoice.currency,
    sum((charge ->> 'amount')::bigint)::bigint AS amount
FROM canonical_invoice invoice JOIN canonical_invoiceline line ON line.invoice_id = invoice.id
CROSS JOIN LATERAL jsonb_array_elements(line.taxes) AS charge
WHERE invoice.legal_entity_id = %s AND invoice.issued_on <= %s AND invoice.state <> 'void'
  AND EXISTS (SELECT 1 FROM ledger_journalentry entry
              WHERE entry.record_kind = 'invoice' AND entry.record_id = invoice.id)
GROUP BY 1, 2
"""
_TAX_COLUMNS: Final = {
    "invoice": "invoiced",
    "credit": "credited",
    "refund": "credited",
    "write_off": "written_off",
    "dispute_result": "written_off",
    "remittance": "remitted",
}


def tax(*, entity_id: int, on: date) -> list[Tax]:
    """What is owed to each jurisdiction at the end of ``on``. Two queries."""
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in sql.rows(_TAX, (entity_id, PRIMARY, on)):
        found[row.tax_code, row.currency][_TAX_COLUMNS.get(row.kind, "other")] += row.amount
    for row in sql.rows(_CHARGED, (entity_id, on)):
        found[row.code, row.currency]["charged"] += row.amount
    names = ("invoiced", "credited", "written_off", "remitted", "other", "charged")
    return [
        Tax(code, currency, *[moved[name] for name in names])
        for (code, currency), moved in sorted(found.items())
    ]


def _by_role(entity_id: int, role: str) -> dict[str, int]:
    rows = sql.rows(_ROLE, {"entity": entity_id, "role": role, "lane": PRIMARY})
    return {row.currency: row.amount for row in rows}


def _compared(books: dict[str, int], records: dict[str, int]) -> list[Control]:
    return [
        Control(currency, books.get(currency, 0), records.get(currency, 0))
        for currency in sorted({*books, *records})
        if books.get(currency) or records.get(currency)
    ]
