"""What a quantity costs on a day, by the price's own model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from revops.api.lookups.reach import Reach
from revops.kernel import strict_json
from revops.store import sql
from revops.usage.rating import Model, Price, Rated, Tier, Use, rate

# What a price says without an entity is said for everybody.
_OFFERS: Final = """
WITH named AS (
    SELECT price.id FROM canonical_price price WHERE price.source_id = %(name)s
    UNION
    SELECT reference.record_id FROM canonical_externalreference reference
    WHERE reference.external_id = %(name)s AND reference.record_kind = 'price'
    UNION
    SELECT price.id FROM canonical_price price
    JOIN canonical_product product ON product.id = price.product_id
    WHERE product.source_id = %(name)s
)
SELECT price.id, price.source_id, price.label, price.meter, price.interval_months, price.active,
    connection.id AS connection_id, connection.slug, coalesce(entity.code, '') AS entity,
    version.id AS version_id, version.valid_from,
    (SELECT min(first.valid_from) FROM canonical_priceversion first
     WHERE first.price_id = price.id) AS first_day,
    coalesce(version.currency, price.currency) AS currency,
    coalesce(version.model, price.model) AS model,
    coalesce(version.unit_price, price.unit_price) AS unit_price,
    coalesce(version.tiers, price.tiers) AS tiers,
    coalesce(version.package_size, price.package_size) AS package_size,
    coalesce(version.included, price.included) AS included
FROM named JOIN canonical_price price ON price.id = named.id
JOIN connectors_connection connection ON connection.id = price.connection_id
LEFT JOIN mappings_legalentity entity ON entity.id = price.legal_entity_id
LEFT JOIN LATERAL (
    SELECT * FROM canonical_priceversion version
    WHERE version.price_id = price.id AND version.valid_from <= %(day)s
    ORDER BY version.valid_from DESC LIMIT 1
) version ON true
WHERE (%(system)s = '' OR connection.slug = %(system)s)
  AND (%(entities)s::text[] IS NULL OR price.legal_entity_id IS NULL
       OR entity.code = ANY(%(entities)s::text[]))
ORDER BY price.id LIMIT 50
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """A price as it is on the day. ``since`` None: its only terms, without a first day."""

    id: str
    label: str
    connection_id: int
    system: str
    entity: str
    currency: str
    model: str
    unit_price: Decimal
    tiers: Sequence[dict[str, Any]]
    package_size: Decimal
    included: Decimal
    meter: str
    interval_months: int
    active: bool
    since: date | None
    begins: date | None

    @property
    def not_yet(self) -> bool:
        """It has terms, and none of them hold on the day."""
        return self.since is None and self.begins is not None


def offers(name: str, day: date, reach: Reach, *, system: str = "") -> list[Offer]:
    """The prices with that id, SKU or product, whatever their currency. One statement."""
    values = {"name": name.strip(), "day": day, "system": system}
    return [
        Offer(
            id=row.source_id, label=row.label, connection_id=row.connection_id, system=row.slug,
            entity=row.entity, currency=row.currency, model=row.model, unit_price=row.unit_price,
            tiers=strict_json.loads(row.tiers), package_size=row.package_size,
            included=row.included, meter=row.meter, interval_months=row.interval_months,
            active=row.active, since=row.valid_from, begins=row.first_day,
        )
        for row in sql.rows(_OFFERS, values | reach.values)
    ]  # fmt: skip


def cost(offer: Offer, quantity: Decimal, day: date) -> Rated:
    """For one whole period. Raises rating.PriceUnusable."""
    price = Price(
        ref=offer.id,
        currency=offer.currency,
        model=cast("Model", offer.model),
        unit_price=offer.unit_price,
        tiers=tuple(
            Tier(
                up_to=None if tier.get("up_to") is None else Decimal(str(tier["up_to"])),
                unit_price=Decimal(str(tier.get("unit_price") or 0)),
                flat_amount=int(tier.get("flat_amount") or 0),
            )
            for tier in offer.tiers
        ),
        package_size=offer.package_size,
        included=offer.included,
        since=offer.since,
    )
    (rated,) = rate([Use(price, day, day, quantity)], days=1)
    return rated
