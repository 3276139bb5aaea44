"""
What of final lines is paid for by credits that were bought before (accounting.md J3c).

What the customer's plan says decides: its price draws on credits when the entity's books account
for its SKU as it is used (``on_use``). Bought are the invoice lines of such SKUs of the same
customer, entity, currency and deferral account, billed by the end of the line's period: not void,
not written off, less what was credited. Drawn is what final lines have taken of them before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from revops.store import sql
from revops.usage.queries.facts import Subscriber
from revops.usage.revising import Line

Written = tuple[Subscriber, str, Line]
_Pool = tuple[int, int, str, int]

_ON_USE: Final = """
SELECT wanted.entity_id, wanted.sku, wanted.day, map.deferral_account_id AS account
FROM unnest(%s::bigint[], %s::text[], %s::date[]) AS wanted (entity_id, sku, day)
JOIN mappings_skumap map ON map.legal_entity_id = wanted.entity_id AND map.sku = wanted.sku
    AND map.valid @> wanted.day AND map.convention = 'on_use'
"""
_BOUGHT: Final = """
SELECT invoice.customer_id, invoice.legal_entity_id, invoice.currency,
    map.deferral_account_id AS account, invoice.issued_on,
    sum(line.amount - line.credited)::bigint AS amount
FROM canonical_invoice invoice
JOIN canonical_invoiceline line ON line.invoice_id = invoice.id AND line.usage_ref = ''
JOIN mappings_skumap map ON map.legal_entity_id = invoice.legal_entity_id AND map.sku = line.sku
    AND map.valid @> invoice.issued_on AND map.convention = 'on_use'
WHERE invoice.customer_id = ANY(%s) AND invoice.state NOT IN ('void', 'written_off')
GROUP BY 1, 2, 3, 4, 5
"""
_DRAWN: Final = """
SELECT line.customer_id, line.legal_entity_id, line.currency, map.deferral_account_id AS account,
    sum(line.prepaid)::bigint AS amount
FROM usage_ratedline line
JOIN mappings_skumap map ON map.legal_entity_id = line.legal_entity_id
    AND map.sku = line.price_ref AND map.valid @> line.period_end AND map.convention = 'on_use'
WHERE line.customer_id = ANY(%s) AND line.prepaid <> 0
GROUP BY 1, 2, 3, 4
"""


def drawn(written: Sequence[Written]) -> list[Written]:
    """
    The same lines, the final ones with what credits pay of them. Locks the customers concerned, so
    that two transactions cannot draw on the same credits. A line that takes something back gives
    nothing back to them: it goes on the next invoice, as money.
    """
    pools = _pools(written)
    if not pools:
        return list(written)
    customers = sorted({pool[0] for pool in pools.values()})
    sql.lock_objects(f"prepaid:{customer}" for customer in customers)
    bought: dict[_Pool, list[tuple[date, int]]] = defaultdict(list)
    for row in sql.rows(_BOUGHT, (customers,)):
        pool = (row.customer_id, row.legal_entity_id, row.currency, row.account)
        bought[pool].append((row.issued_on, row.amount))
    taken: dict[_Pool, int] = defaultdict(int)
    for row in sql.rows(_DRAWN, (customers,)):
        pool = (row.customer_id, row.legal_entity_id, row.currency, row.account)
        taken[pool] += row.amount
    prepaid: dict[tuple[str, int], int] = {}
    for place in sorted(pools, key=lambda place: _order(written[place][2])):
        line, pool = written[place][2], pools[place]
        there = sum(amount for day, amount in bought[pool] if day <= line.period.end)
        left = max(0, there - taken[pool])
        part = min(line.sums.amount, left)
        prepaid[line.key, line.revision] = part
        taken[pool] += part
    return [
        (who, meter, replace(line, prepaid=prepaid.get((line.key, line.revision), 0)))
        for who, meter, line in written
    ]


def _pools(written: Sequence[Written]) -> Mapping[int, _Pool]:
    """By place, whose credits a final line may draw on; lines of other prices draw on none."""
    final = {
        place: (who.entity_id, line.price_ref, line.period.end)
        for place, (who, _, line) in enumerate(written)
        if line.rated and line.sums.amount > 0 and who.entity_id is not None
    }
    if not final:
        return {}
    columns = [list(column) for column in zip(*dict.fromkeys(final.values()), strict=True)]
    accounts = {
        (row.entity_id, row.sku, row.day): row.account for row in sql.rows(_ON_USE, columns)
    }
    return {
        place: (written[place][0].customer_id, key[0], written[place][2].currency, accounts[key])
        for place, key in final.items()
        if key in accounts and key[0] is not None
    }


def _order(line: Line) -> tuple[date, date, str, int]:
    return line.period.end, line.used.start, line.key, line.revision
