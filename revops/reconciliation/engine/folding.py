"""
What a side adds up to, in a form that can be kept up to date: by currency the count of its rows,
their sum, and the sum of a 64-bit hash of each row, their fold.

A sum does not depend on the order of its rows, and what left and what came can be taken from it and
added to it. It tells that something changed: two sets of rows with one fold by accident are one in
2^64. It is no seal against somebody who can choose rows.
"""

from __future__ import annotations

from typing import Final

from revops.reconciliation.engine.figures import Total, Totals
from revops.store import sql

# Each hash is the seed of the next one, which costs less than a hash of the whole row; what a side
# does not tell comes first, as it is computed once.
_FIRST: Final = "hashtextextended(coalesce({row}.period_code, '')::text, 11)"
_FOLD: Final = f"""hashtextextended({{row}}.item_key::text, hashtextextended({{row}}.key::text,
    hashtextextended({{row}}.currency::text, hashtextextended(coalesce({{row}}.state, '')::text,
    hashint8extended({{row}}.amount::bigint, hashint4extended({{row}}.dated - DATE '2000-01-01',
    coalesce(hashint8extended({{row}}.tax::bigint, {_FIRST}), {_FIRST})))))))"""

_TOTALS: Final = """
SELECT currency, count(*) AS count, coalesce(sum(amount), 0)::bigint AS amount, sum({fold}) AS fold
FROM ({side}) AS s GROUP BY currency ORDER BY currency
"""


def fold(row: str) -> str:
    """SQL of the hash of a side's row, by its alias."""
    return _FOLD.format(row=row)


def totals(side: str) -> Totals:
    """One pass over a side, which several processes of the server may share."""
    found = sql.once(_TOTALS.format(side=side, fold=fold("s")))
    return {row.currency: Total(row.count, row.amount, int(row.fold)) for row in found}


def added(totals: Totals, currency: str, count: int, amount: int, fold: int) -> Totals:
    """The totals with so much more, or less, in a currency; a currency without rows is not told."""
    had = totals.get(currency, Total(0, 0, 0))
    now = Total(had.count + count, had.amount + amount, had.fold + fold)
    rest = {name: total for name, total in totals.items() if name != currency}
    return {**rest, currency: now} if now.count else rest
