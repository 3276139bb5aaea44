"""Everything that rating needs to know of some subscriptions, in one query a kind."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from revops.store import sql
from revops.usage.plans import NO_CATALOGUE, Catalogue, Items, Offer, Plan
from revops.usage.rating import Price, PriceUnusable, Tier
from revops.usage.spans import Since, Timeline

_SUBSCRIPTIONS: Final = """
SELECT subscription.id, subscription.connection_id, subscription.source_id,
    subscription.customer_id, customer.source_id AS customer_ref, customer.name AS customer_name,
    customer.party_id, subscription.currency, subscription.items, subscription.started_on,
    subscription.effective_on, subscription.ends_on, subscription.state, subscription.resumes_on,
    subscription.correlation_id, entity.id AS entity_id, coalesce(entity.code, '') AS entity,
    coalesce(entity.zone, 'UTC') AS zone, contract.id AS contract_id,
    contract.source_id AS contract_ref, contract.connection_id AS contract_connection_id,
    contract.number AS contract_number, contract.items AS contract_items,
    contract.starts_on AS contract_starts, contract.effective_on AS contract_effective
FROM canonical_subscription subscription
JOIN canonical_customer customer ON customer.id = subscription.customer_id
LEFT JOIN mappings_legalentity entity
    ON entity.id = coalesce(subscription.legal_entity_id, customer.legal_entity_id)
LEFT JOIN canonical_contract contract ON contract.id = subscription.contract_id
WHERE subscription.id = ANY(%s)
"""
# What was told of a plan, in the order in which it was told; the effective day is in the data.
_TOLD: Final = """
SELECT inbound.connection_id, event.subject, event.subject_id, event.contract, event.data
FROM events_businessevent event JOIN events_inboundevent inbound ON inbound.id = event.inbound_id
WHERE (event.subject = 'subscription' AND event.subject_id = ANY(%s))
   OR (event.subject = 'contract' AND event.subject_id = ANY(%s)
       AND event.contract NOT LIKE 'contract.cancelled/%%')
ORDER BY event.occurred_at, event.id
"""
# A price belongs to nobody's books. The day on which it was first told is UTC's, when none is
# stated: where the books are, what is sold in the same hour may be dated the day before.
_OFFERS: Final = """
SELECT price.id, price.connection_id, price.source_id, price.meter, price.interval_months,
    coalesce(product.source_id, price.product_ref) AS product,
    version.valid_from - (price.valid_from IS NULL AND version.valid_from
        = min(version.valid_from) OVER (PARTITION BY price.id))::int AS since,
    coalesce(version.currency, price.currency) AS currency,
    coalesce(version.model, price.model) AS model,
    coalesce(version.unit_price, price.unit_price) AS unit_price,
    coalesce(version.tiers, price.tiers) AS tiers,
    coalesce(version.package_size, price.package_size) AS package_size,
    coalesce(version.included, price.included) AS included
FROM canonical_price price
LEFT JOIN canonical_product product ON product.id = price.product_id
LEFT JOIN canonical_priceversion version ON version.price_id = price.id
WHERE price.connection_id = ANY(%s) AND price.meter <> ''
ORDER BY price.id, version.valid_from
"""
_PRODUCTS: Final = """
SELECT price.connection_id, price.source_id AS sku,
    coalesce(product.source_id, price.product_ref) AS product
FROM canonical_price price LEFT JOIN canonical_product product ON product.id = price.product_id
WHERE price.connection_id = ANY(%s) AND price.source_id = ANY(%s)
"""
# A contract may sell by the CRM's own ids of our prices.
_OTHER_NAMES: Final = """
SELECT reference.connection_id, reference.external_id, price.source_id
FROM canonical_externalreference reference
JOIN canonical_price price ON price.id = reference.record_id
WHERE reference.record_kind = 'price' AND reference.connection_id = ANY(%s)
  AND reference.external_id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscription, who pays for it, in whose books and zone, and what its plans were."""

    id: int
    ref: str
    customer_id: int
    customer_ref: str
    customer_name: str
    party_id: int
    entity_id: int | None
    entity: str
    zone: str
    correlation_id: str
    plan: Plan
    promised: Plan | None
    contract_name: str
    rests: Timeline[bool]

    def active_on(self, day: date) -> bool:
        if day < self.plan.starts or (self.plan.ends is not None and day > self.plan.ends):
            return False
        return self.rests.on(day) is not True


def subscribers(ids: Iterable[int]) -> dict[int, Subscriber]:
    """By the subscription's id."""
    rows = sql.rows(_SUBSCRIPTIONS, (sorted(set(ids)),))
    if not rows:
        return {}
    told = _told(rows)
    skus = {sku for row in rows for sku in (*_skus(row.items), *_skus(row.contract_items))}
    skus |= {sku for entries in told.plans.values() for entry in entries for sku in entry.value}
    catalogues = _catalogues({row.connection_id for row in rows}, sorted(skus))
    names = _other_names({row.contract_connection_id for row in rows}, sorted(skus))
    return {row.id: _subscriber(row, told, catalogues, names) for row in rows}


@dataclass(frozen=True, slots=True)
class _Told:
    """What was told of plans and of rests, by (connection, subject, its id)."""

    plans: dict[tuple[int, str, str], list[Since[Items]]]
    rests: dict[tuple[int, str, str], list[Since[bool]]]


def _subscriber(
    row: Any, told: _Told, catalogues: dict[int, Catalogue], names: dict[tuple[int, str], str]
) -> Subscriber:
    own = (row.connection_id, "subscription", row.source_id)
    entries = told.plans.get(own, [])
    catalogue = catalogues.get(row.connection_id, NO_CATALOGUE)
    plan = Plan(
        _timeline(entries, row.started_on, row.effective_on, _skus(row.items)),
        row.currency, catalogue, row.started_on, row.ends_on,
    )  # fmt: skip
    promised = None
    if row.contract_id is not None:
        key = (row.contract_connection_id, "contract", row.contract_ref)
        terms = [
            Since(entry.day, _renamed(entry.value, row.contract_connection_id, names))
            for entry in told.plans.get(key, [])
        ]
        now = _renamed(_skus(row.contract_items), row.contract_connection_id, names)
        promised = Plan(
            _timeline(terms, row.contract_starts, row.contract_effective, now),
            row.currency, catalogue, row.started_on, row.ends_on,
        )  # fmt: skip
    rests = [*told.rests.get(own, ())]
    if row.state == "paused":
        rests += _rest(True, row.effective_on or row.started_on, row.resumes_on)
    return Subscriber(
        row.id, row.source_id, row.customer_id, row.customer_ref, row.customer_name, row.party_id,
        row.entity_id, row.entity, row.zone, row.correlation_id, plan, promised,
        row.contract_number or row.contract_ref or "",
        Timeline(rests),
    )  # fmt: skip


def _timeline(
    told: Sequence[Since[Items]], starts: date, effective: date | None, now: Items
) -> Timeline[Items]:
    """What the record says now stands; before it, what was told; the first plan from the start."""
    entries = [*told, Since(effective or starts, now)]
    first = min(entries, key=lambda entry: entry.day)
    if first.day > starts:
        entries.insert(0, Since(starts, first.value))
    return Timeline(entries)


def _told(rows: Sequence[Any]) -> _Told:
    subscriptions = [row.source_id for row in rows]
    contracts = [row.contract_ref for row in rows if row.contract_ref]
    found = _Told(defaultdict(list), defaultdict(list))
    for row in sql.rows(_TOLD, (subscriptions, contracts)):
        data = json.loads(row.data)
        key = (row.connection_id, row.subject, row.subject_id)
        day = data.get("effective_on") or data.get("started_on") or data.get("starts_on")
        if day:
            entry = Since(date.fromisoformat(day), _skus(data.get("items")))
            found.plans[key].append(entry)
        pauses = row.contract.startswith("subscription.paused")
        if day and (pauses or row.contract.startswith("subscription.resumed")):
            until = data.get("resumes_on")
            found.rests[key] += _rest(
                pauses, date.fromisoformat(day), date.fromisoformat(until) if until else None
            )
    return found


def _rest(pauses: bool, day: date, until: date | None) -> list[Since[bool]]:
    return [Since(day, pauses), *([Since(until, False)] if until else [])]


def _skus(items: Any) -> Items:
    held = json.loads(items) if isinstance(items, str) else items
    return tuple(str(item["sku"]) for item in held or () if item.get("sku"))


def _renamed(items: Items, connection_id: int, names: dict[tuple[int, str], str]) -> Items:
    return tuple(names.get((connection_id, sku), sku) for sku in items)


def _other_names(connections: set[int | None], skus: list[str]) -> dict[tuple[int, str], str]:
    known = [one for one in connections if one is not None]
    if not known or not skus:
        return {}
    rows = sql.rows(_OTHER_NAMES, (known, skus))
    return {(row.connection_id, row.external_id): row.source_id for row in rows}


def _catalogues(connections: set[int], skus: list[str]) -> dict[int, Catalogue]:
    ids = sorted(connections)
    offers: dict[int, dict[str, list[Offer]]] = defaultdict(lambda: defaultdict(list))
    versions: dict[int, list[Since[Price]]] = defaultdict(list)
    heads: dict[int, Any] = {}
    for row in sql.rows(_OFFERS, (ids,)):
        heads[row.id] = row
        price = price_of(row)
        if price is not None:
            versions[row.id].append(Since(row.since or date.min, price))
    for row in heads.values():
        offer = Offer(
            row.source_id, row.product or "", row.meter, row.interval_months,
            Timeline(versions[row.id]),
        )  # fmt: skip
        if offer.versions.entries:
            offers[row.connection_id][row.meter].append(offer)
    products: dict[int, dict[str, str]] = defaultdict(dict)
    for row in sql.rows(_PRODUCTS, (ids, skus)):
        if row.product:
            products[row.connection_id][row.sku] = row.product
    return {one: Catalogue(offers.get(one, {}), products.get(one, {})) for one in ids}


def price_of(row: Any) -> Price | None:
    """A price's version as it is stored; None when nothing can be priced by it."""
    tiers = json.loads(row.tiers) if isinstance(row.tiers, str) else row.tiers
    try:
        return Price(
            ref=row.source_id,
            currency=row.currency,
            model=row.model,
            unit_price=row.unit_price,
            tiers=tuple(
                Tier(
                    None if tier.get("up_to") is None else Decimal(str(tier["up_to"])),
                    Decimal(str(tier.get("unit_price", 0))),
                    int(tier.get("flat_amount", 0)),
                )
                for tier in tiers or ()
            ),
            package_size=row.package_size,
            included=row.included,
            since=row.since,
        )
    except PriceUnusable:
        return None
