"""Codes that will be used and have no map on that day: what fails before it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from exceptions.queries.totals import Sum
from revops.mappings.changing import Change
from revops.mappings.kinds import MapKind, get
from revops.store import sql

# To the end of the next period, near enough: what comes later is seen when it comes nearer.
AHEAD: Final = 31


@dataclass(slots=True)
class Coming:
    """
    Bills that will be made with a code of an entity, and the first day. ``held`` counts them with
    what they come to, ``origins`` by where they come from; ``mapped`` says whether a map is in
    force on their days.
    """

    kind: MapKind
    key: str
    entity: str
    mapped: bool
    first: date
    held: Sum = field(default_factory=Sum)
    origins: Counter[str] = field(default_factory=Counter)

    @property
    def place(self) -> tuple[str, str, str]:
        return self.kind.slug, self.entity, self.key

    @property
    def words(self) -> str:
        """``2 renewals, 1 contract``."""
        return ", ".join(
            f"{count:,} {one if count == 1 else many}"
            for origin, (one, many) in _ORIGINS.items()
            if (count := self.origins[origin])
        )


_ORIGINS: Final = {
    "renewal": ("renewal", "renewals"),
    "contract": ("contract", "contracts"),
    "usage": ("usage bill", "usage bills"),
}

# A subscription renews with its items. A contract is billed by its months where no subscription
# bills it, and may sell by the CRM's own ids of our prices. What was used is billed by the price
# that rated it when its period is over. What a subscription pays for is taxed as its newest
# invoice was.
_COMING: Final = """
WITH due AS MATERIALIZED (
    SELECT one.id, one.currency, one.items, one.legal_entity_id, one.renews_on AS day, entity.code
    FROM canonical_subscription one
    JOIN mappings_legalentity entity ON entity.id = one.legal_entity_id
    WHERE one.state = 'active' AND one.renews_on >= %(from)s AND one.renews_on <= %(to)s
), promised AS MATERIALIZED (
    SELECT one.connection_id, one.currency, one.items, one.legal_entity_id, billed.day, entity.code
    FROM canonical_contract one
    JOIN mappings_legalentity entity ON entity.id = one.legal_entity_id
    CROSS JOIN LATERAL (
        SELECT step::date AS day FROM generate_series(
            one.starts_on::timestamp, least(one.ends_on, %(to)s::date)::timestamp,
            greatest(one.billing_months, 1) * interval '1 month'
        ) AS step
        WHERE step >= %(from)s::date ORDER BY step LIMIT 1
    ) AS billed
    WHERE one.state = 'active' AND one.starts_on <= %(to)s AND one.ends_on >= %(from)s
        AND NOT EXISTS (
            SELECT FROM canonical_subscription own
            WHERE own.contract_id = one.id AND own.state <> 'cancelled')
), used AS MATERIALIZED (
    SELECT line.subscription_id, line.price_ref, line.currency, line.legal_entity_id, entity.code,
        greatest(line.period_end + 1, %(from)s::date) AS day, line.amount - line.prepaid AS amount
    FROM usage_ratedline line
    JOIN mappings_legalentity entity ON entity.id = line.legal_entity_id
    WHERE line.period_end >= %(late)s AND line.period_end < %(to)s AND line.amount > line.prepaid
        AND NOT EXISTS (
            SELECT FROM canonical_invoiceline billed
            JOIN canonical_invoice invoice
                ON invoice.id = billed.invoice_id AND invoice.state <> 'void'
            WHERE billed.usage_ref <> '' AND billed.usage_ref = line.key || '-' || line.revision)
), paid AS (
    SELECT 'renewal' AS origin, id AS subscription_id, code, legal_entity_id, day, currency,
        NULL::bigint AS amount
    FROM due
    UNION ALL
    SELECT 'usage', subscription_id, code, legal_entity_id, day, currency, amount FROM used
), sold AS (
    SELECT 'skus' AS kind, 'renewal' AS origin, due.code, due.legal_entity_id, due.day,
        due.currency, item ->> 'sku' AS key,
        coalesce((item ->> 'unit_amount')::bigint * (item ->> 'quantity')::numeric, 0)::bigint
            AS amount
    FROM due CROSS JOIN LATERAL jsonb_array_elements(due.items) AS item
    UNION ALL
    SELECT 'skus', 'contract', promised.code, promised.legal_entity_id, promised.day,
        promised.currency, coalesce(named.source_id, item ->> 'sku'),
        coalesce((item ->> 'unit_amount')::bigint * (item ->> 'quantity')::numeric, 0)::bigint
    FROM promised
    CROSS JOIN LATERAL jsonb_array_elements(promised.items) AS item
    LEFT JOIN LATERAL (
        SELECT price.source_id FROM canonical_externalreference reference
        JOIN canonical_price price ON price.id = reference.record_id
        WHERE reference.record_kind = 'price' AND reference.connection_id = promised.connection_id
            AND reference.external_id = item ->> 'sku'
        ORDER BY price.id LIMIT 1
    ) AS named ON true
    UNION ALL
    SELECT 'skus', 'usage', code, legal_entity_id, day, currency, price_ref, amount FROM used
    UNION ALL
    SELECT 'tax-codes', paid.origin, paid.code, paid.legal_entity_id, paid.day, paid.currency,
        tax ->> 'code', coalesce(paid.amount, newest.total)
    FROM paid
    CROSS JOIN LATERAL (
        SELECT id, total FROM canonical_invoice WHERE subscription_id = paid.subscription_id
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
                AND map.sku = sold.key AND map.valid @> sold.day)
        ELSE EXISTS (
            SELECT 1 FROM mappings_taxmap map WHERE map.legal_entity_id = sold.legal_entity_id
                AND map.valid @> sold.day
                AND map.code = CASE WHEN EXISTS (
                    SELECT 1 FROM mappings_taxmap own WHERE own.code = sold.key
                        AND own.legal_entity_id = sold.legal_entity_id) THEN sold.key ELSE '*' END)
        END AS mapped
    FROM sold WHERE sold.key IS NOT NULL
)
SELECT kind, origin, key, code, mapped, currency, count(*) AS bills, sum(amount)::bigint AS amount,
    min(day) AS first
FROM judged WHERE (NOT mapped OR NOT %(unmapped)s) GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY first, key
"""


def coming(*, today: date, days: int = AHEAD, unmapped: bool = True) -> list[Coming]:
    """
    What will be billed from today on, by code; with ``unmapped`` only what has no map. One query.
    """
    found: dict[tuple[str, str, str, bool], Coming] = {}
    params = {
        "from": today, "to": today + timedelta(days=days), "late": today - timedelta(days=AHEAD),
        "unmapped": unmapped,
    }  # fmt: skip
    for row in sql.rows(_COMING, params):
        key = (row.kind, row.key, row.code, row.mapped)
        one = found.setdefault(key, Coming(get(row.kind), row.key, row.code, row.mapped, row.first))
        one.first = min(one.first, row.first)
        one.held.add(row.bills, row.currency, row.amount)
        one.origins[row.origin] += row.bills
    return list(found.values())


def affected(
    kind: MapKind, changes: Iterable[Change], *, today: date, days: int = AHEAD
) -> tuple[Sum, date | None]:
    """The bills to come that a set is about, mapped today or not, and the first of them."""
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
