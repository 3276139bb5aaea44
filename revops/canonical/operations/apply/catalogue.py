"""Products and prices. Each day's price is kept, because usage is rated as of its day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from revops.canonical.operations.change import Change, Telling
from revops.canonical.operations.tables import Applier, Tables
from revops.canonical.operations.writing import json_of, put
from revops.contracts.catalogue import PriceUpdated, ProductUpdated


def product(tables: Tables, data: ProductUpdated, told: Telling) -> Change:
    fields = {"name": data.name, "active": data.active}
    row = tables.product.get(data.product_id)
    return put(tables.product, row, data.product_id, fields, 0, told)


def price(tables: Tables, data: PriceUpdated, told: Telling) -> Change:
    terms = {
        "currency": data.currency,
        "model": data.model,
        "unit_price": data.unit_price,
        "tiers": json_of(data.tiers),
        "package_size": data.package_size,
        "included": data.included,
        "meter": data.meter,
        "interval_months": data.interval_months,
        "active": data.active,
    }
    fields = terms | {
        "product_ref": data.product_id,
        "label": data.label,
        "valid_from": data.valid_from,
    }
    change = put(tables.price, tables.price.get(data.price_id), data.price_id, fields, 0, told)
    row = tables.price.get(data.price_id)
    assert row is not None
    day = data.valid_from or (told.at.date() if told.at else None)
    if day is not None:
        tables.price_version(row.id, day, told, terms)
    return change


APPLY: Final[Mapping[str, Applier]] = {"product.updated/1": product, "price.updated/1": price}
