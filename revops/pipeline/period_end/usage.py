"""J3a: usage that was rated and is not billed at the period's end."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Final, Protocol

from revops.ledger import items
from revops.ledger.operations import LANE
from revops.ledger.rules import period_end
from revops.ledger.rules.period_end import Used
from revops.ledger.schedules import Period
from revops.pipeline.period_end.plan import Closing, Plan, Planned, next_revisions
from revops.store import sql


class Unbilled(Protocol):
    """
    Whoever rates usage: the lines of an entity that lie in or before the period and that no invoice
    bills. Amounts are net and whole, not the change since before.
    """

    def __call__(self, entity_id: int, period: Period, /) -> Iterable[Used]: ...


_sources: list[Unbilled] = []

_ACCRUED: Final = """
SELECT line.item, sum(line.amount)::bigint AS amount
FROM ledger_journalline line JOIN ledger_journalentry entry ON entry.id = line.entry_id
WHERE line.item = ANY(%s) AND entry.legal_entity_id = %s AND entry.lane = %s
  AND entry.document_type = 'usage_accrual'
GROUP BY line.item
"""


def declare(source: Unbilled) -> None:
    """Ask ``source`` at the end of each period. Without any, there is no usage to accrue."""
    if source not in _sources:
        _sources.append(source)


def plan(closing: Closing) -> Plan:
    """
    An entry for each customer and currency. The invoice relieves it line by line (J3b), so it is
    not taken back; a line that grew since posts its difference.
    """
    books = closing.books
    used = [one for source in _sources for one in source(books.id, closing.period) if one.amount]
    named = {items.rated_line(one.line_id): one.line_id for one in used}
    held = {
        named[row.item]: row.amount
        for row in (sql.rows(_ACCRUED, (list(named), books.id, LANE)) if named else ())
    }
    missing = [
        Used(
            one.line_id, one.sku, one.currency, one.amount - held.get(one.line_id, 0), one.span,
            one.customer_id, one.customer_name,
        )
        for one in used
        if one.amount != held.get(one.line_id, 0)
    ]  # fmt: skip
    missing.sort(key=lambda one: (one.currency, one.customer_id, one.line_id))
    groups = {
        closing.key("usage", currency, customer): list(own)
        for (currency, customer), own in groupby(
            missing, key=lambda one: (one.currency, one.customer_id)
        )
    }
    revisions = next_revisions(books, "usage_accrual", groups)
    planned = [
        Planned(
            period_end.usage_accrued(
                own, closing.dated, business_key=key, on=closing.on, revision=revisions[key]
            )
        )
        for key, own in groups.items()
    ]
    return Plan(planned, {"lines": len(used), "changed": len(missing)})
