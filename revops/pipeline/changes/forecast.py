"""Codes that will be used and have no map on that day: what fails before it fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from exceptions.queries.totals import Sum
from revops.mappings.changing import Change
from revops.mappings.kinds import MapKind, get
from revops.store import sql

# To the end of the next period, near enough: what renews later is seen when it comes nearer.
AHEAD: Final = 31


@dataclass(slots=True)
class Coming:
    """
    Renewals that will be billed with a code of an entity, and the first day. ``held`` counts them
    with what they come to; ``mapped`` says whether a map is in force on their days.
    """

    kind: MapKind
    key: str
    entity: str
    mapped: bool
    first: date
    held: Sum = field(default_factory=Sum)

    @property
    def place(self) -> tuple[str, str, str]:
        return self.kind.slug, self.entity, self.key


# A subscription renews with its items, and is taxed as its newest invoice was.
_COMING: Final = """
WITH due AS MATERIALIZED (
    SELECT one.id, one.currency, one.items, one.legal_entity_id, one.renews_on, entity.code
    FROM canonical_subscription one
    JOIN mappings_legalentity entity ON entity.id = one.legal_entity_id
    WHERE one.state = 'active' AND one.renews_on >= %(from)s AND one.renews_on <= %(to)s
), sold AS (
    SELECT 'skus' AS kind, due.code, due.legal_entity_id, due.renews_on, due.currency,
        item ->> 'sku' AS key,
        coalesce((item ->> 'unit_amount')::bigint * (item ->> 'quantity')::numeric, 0)::bigint
            AS amount
    FROM due CROSS JOIN LATERAL jsonb_array_elements(due.items) AS item
    UNION ALL
    SELECT 'tax-codes', due.code, due.legal_entity_id, due.renews_on, due.currency,
        tax ->> 'code', newest.total
    FROM due
    CROSS JOIN LATERAL (
        SELECT id, total FROM canonical_invoice WHERE subscription_id = due.id
        ORDER BY issued_on DESC, id DESC LIMIT 1
    ) AS newest
    CROSS JOIN LATERAL (
        SELECT DISTINCT jsonb_array_elements(line.taxes) -> 'code' AS code
        FROM canonical_invoiceline line WHERE line.invoice_id = newest.id
    ) AS taxed
    CROSS JOIN LATERAL (SELECT jsonb_build_object('code', taxed.code) AS tax) AS named
), judged AS (
    SELECT sold.*, CASE sold.kind
        WHEN 'skus' THEN EXISTS (
            SELECT 1 FROM mappings_skumap map WHERE map.legal_entity_id = sold.legal_entity_id
                AND map.sku = sold.key AND map.valid @> sold.renews_on)
        ELSE EXISTS (
            SELECT 1 FROM mappings_taxmap map WHERE map.legal_entity_id = sold.legal_entity_id
                AND map.valid @> sold.renews_on
                AND map.code = CASE WHEN EXISTS (
                    SELECT 1 FROM mappings_taxmap own WHERE own.code = sold.key
                        AND own.legal_entity_id = sold.legal_entity_id) THEN sold.key ELSE '*' END)
        END AS mapped
    FROM sold
)
SELECT kind, key, code, mapped, currency, count(*) AS renewals, sum(amount)::bigint AS amount,
    min(renews_on) AS first
FROM judged WHERE (NOT mapped OR NOT %(unmapped)s) GROUP BY 1, 2, 3, 4, 5 ORDER BY first, key
"""


def coming(*, today: date, days: int = AHEAD, unmapped: bool = True) -> list[Coming]:
    """What renews from today on, by code; with ``unmapped`` only what has no map. One query."""
    found: dict[tuple[str, str, str, bool], Coming] = {}
    params = {"from": today, "to": today + timedelta(days=days), "unmapped": unmapped}
    for row in sql.rows(_COMING, params):
        key = (row.kind, row.key, row.code, row.mapped)
        one = found.setdefault(key, Coming(get(row.kind), row.key, row.code, row.mapped, row.first))
        one.first = min(one.first, row.first)
        one.held.add(row.renewals, row.currency, row.amount)
    return list(found.values())


def affected(
    kind: MapKind, changes: Iterable[Change], *, today: date, days: int = AHEAD
) -> tuple[Sum, date | None]:
    """The renewals that a set is about, mapped today or not, and the first of them."""
    named = {
        (one.entity, one.key): (one.since or date.min, one.until or date.max) for one in changes
    }
    total, first = Sum(), None
    for one in coming(today=today, days=days, unmapped=False):
        if one.kind.slug != kind.slug:
            continue
        span = named.get((one.entity, one.key))
        if span is None or one.first > span[1]:
            continue
        for money in one.held.amounts:
            total.add(0, money.currency, money.minor)
        total.cases += one.held.cases
        first = one.first if first is None else min(first, one.first)
    return total, first
