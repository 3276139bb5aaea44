"""What belongs to customers that may become one, or two again: accounts, invoices, money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from revops.canonical.operations import golden
from revops.kernel import strict_json
from revops.kernel.money import Money
from revops.store import sql

_WORDS: Final = {
    "name": "Name", "domain": "Domain", "tax_id": "Tax ID", "country": "Country",
    "region": "Region", "currency": "Currency", "parent": "Part of", "health": "Health",
    "renewal": "Renewal", "milestone": "Milestone",
}  # fmt: skip


@dataclass(slots=True)
class Holding:
    """What hangs on the accounts of a customer; sums by currency, never added up across them."""

    accounts: int = 0
    invoices: int = 0
    open_invoices: int = 0
    open: list[Money] = field(default_factory=list)
    billed: list[Money] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Becomes:
    """A field of the customer that a merge changes, as a person reads it."""

    field: str
    now: str
    then: str


def holdings(party_ids: Collection[int]) -> dict[int, Holding]:
    """By customer; one query. Void and written-off invoices are billed, but nothing is open."""
    found: dict[int, Holding] = defaultdict(Holding)
    for row in sql.rows(_HOLDINGS, {"ids": list(party_ids)}):
        holding = found[row.party_id]
        holding.accounts = row.accounts
        if not row.currency:
            continue
        holding.invoices += row.invoices
        holding.open_invoices += row.open_invoices
        holding.billed.append(Money(row.billed, row.currency))
        if row.open:
            holding.open.append(Money(row.open, row.currency))
    return found


def together(holdings: Sequence[Holding]) -> Holding:
    """Both as one."""
    whole = Holding()
    for one in holdings:
        whole.accounts += one.accounts
        whole.invoices += one.invoices
        whole.open_invoices += one.open_invoices
    whole.open = _sums([money for one in holdings for money in one.open])
    whole.billed = _sums([money for one in holdings for money in one.billed])
    return whole


def becomes(survivor_id: int, absorbed_id: int) -> list[Becomes]:
    """The fields of the survivor that the merge changes."""
    changes = golden.foresee(survivor_id, absorbed_id)
    parents = {
        int(text)
        for pair in ([changes["parent"]] if "parent" in changes else [])
        for text in pair
        if text.isdigit()
    }
    names = {
        row.id: row.name
        for row in sql.rows("SELECT id, name FROM canonical_party WHERE id = ANY(%s)",
                            (list(parents),))
    } if parents else {}  # fmt: skip
    return [
        Becomes(_WORDS[name], _shown(name, now, names), _shown(name, then, names))
        for name, (now, then) in changes.items()
    ]


def _shown(name: str, text: str, names: dict[int, str]) -> str:
    value: Any = strict_json.loads(text) if text else None
    if value in (None, ""):
        return ""
    if name == "parent":
        return names.get(int(value), "")
    if isinstance(value, dict):
        return ", ".join(str(part) for part in value.values() if part not in (None, ""))
    return str(value)


def _sums(amounts: Sequence[Money]) -> list[Money]:
    totals: dict[str, int] = defaultdict(int)
    for one in amounts:
        totals[one.currency] += one.minor
    return [Money(minor, currency) for currency, minor in sorted(totals.items())]


_HOLDINGS: Final = """
WITH owed AS (
    SELECT customer.party_id, invoice.currency, count(*) AS invoices,
        sum(invoice.total)::bigint AS billed,
        count(*) FILTER (WHERE left_over.amount > 0) AS open_invoices,
        coalesce(sum(left_over.amount), 0)::bigint AS open
    FROM canonical_customer customer
    JOIN canonical_invoice invoice ON invoice.customer_id = customer.id
    CROSS JOIN LATERAL (SELECT CASE WHEN invoice.state IN ('void', 'written_off') THEN 0
        ELSE greatest(0, invoice.total - invoice.applied - invoice.credited) END AS amount
    ) AS left_over
    WHERE customer.party_id = ANY(%(ids)s) GROUP BY 1, 2
)
SELECT customer.party_id, count(*) AS accounts, coalesce(owed.currency, '') AS currency,
    coalesce(owed.invoices, 0) AS invoices, coalesce(owed.billed, 0) AS billed,
    coalesce(owed.open_invoices, 0) AS open_invoices, coalesce(owed.open, 0) AS open
FROM canonical_customer customer LEFT JOIN owed ON owed.party_id = customer.party_id
WHERE customer.party_id = ANY(%(ids)s)
GROUP BY customer.party_id, owed.currency, owed.invoices, owed.billed, owed.open_invoices,
    owed.open
ORDER BY 1, 3
"""
