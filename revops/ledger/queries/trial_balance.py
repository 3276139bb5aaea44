"""The trial balance of a legal entity: every account by currency, over the days of a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from revops.ledger.lanes import PRIMARY
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Row:
    """
    An account in one currency: amounts in minor units of ``currency``, ``functional_`` ones in that
    of the entity. ``debit`` and ``credit`` are the movements of the period, both positive.
    """

    account: str
    name: str
    currency: str
    opening: int
    debit: int
    credit: int
    functional_opening: int
    functional_debit: int
    functional_credit: int

    @property
    def closing(self) -> int:
        return self.opening + self.debit - self.credit

    @property
    def functional_closing(self) -> int:
        return self.functional_opening + self.functional_debit - self.functional_credit


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """``currency`` is the entity's own. ``balanced`` in it and in every currency (I1)."""

    currency: str
    first: date
    latest: date
    rows: tuple[Row, ...]

    @property
    def by_currency(self) -> dict[str, int]:
        """What debits exceed credits by, at the end, in each currency: always nothing."""
        found: dict[str, int] = {}
        for row in self.rows:
            found[row.currency] = found.get(row.currency, 0) + row.closing
        return found

    @property
    def balanced(self) -> bool:
        return not any(self.by_currency.values()) and not sum(
            [row.functional_closing for row in self.rows]
        )


_ROWS: Final = """
WITH sums AS (
    SELECT line.account, entry.currency,
        sum(line.amount) FILTER (WHERE entry.accounting_date < %(first)s) AS opening,
        sum(line.amount) FILTER (
            WHERE entry.accounting_date >= %(first)s AND line.amount > 0) AS debit,
        -sum(line.amount) FILTER (
            WHERE entry.accounting_date >= %(first)s AND line.amount < 0) AS credit,
        sum(line.functional) FILTER (WHERE entry.accounting_date < %(first)s) AS own_opening,
        sum(line.functional) FILTER (
            WHERE entry.accounting_date >= %(first)s AND line.functional > 0) AS own_debit,
        -sum(line.functional) FILTER (
            WHERE entry.accounting_date >= %(first)s AND line.functional < 0) AS own_credit
    FROM ledger_journalentry entry JOIN ledger_journalline line ON line.entry_id = entry.id
    WHERE entry.legal_entity_id = %(entity)s AND entry.lane = %(lane)s
      AND entry.accounting_date <= %(latest)s
    GROUP BY line.account, entry.currency
)
SELECT sums.account, coalesce(named.name, '') AS name, sums.currency,
    coalesce(opening, 0)::bigint AS opening, coalesce(debit, 0)::bigint AS debit,
    coalesce(credit, 0)::bigint AS credit, coalesce(own_opening, 0)::bigint AS own_opening,
    coalesce(own_debit, 0)::bigint AS own_debit, coalesce(own_credit, 0)::bigint AS own_credit
FROM sums LEFT JOIN mappings_ledgeraccount named ON named.code = sums.account
ORDER BY sums.account, sums.currency
"""
_CURRENCY: Final = "SELECT functional_currency FROM mappings_legalentity WHERE id = %s"


def trial_balance(*, entity_id: int, first: date, latest: date) -> TrialBalance:
    """
    Opening before ``first``, movements from it to ``latest``, both included. Two queries.

    Raises LookupError for an entity that there is not.
    """
    entity = sql.one(_CURRENCY, (entity_id,))
    if entity is None:
        raise LookupError(f"There is no legal entity {entity_id}.")
    asked = {"entity": entity_id, "lane": PRIMARY, "first": first, "latest": latest}
    rows = tuple([Row(*row) for row in sql.rows(_ROWS, asked)])
    return TrialBalance(entity.functional_currency, first, latest, rows)
