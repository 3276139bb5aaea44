"""Lines of opportunities, quotes and orders: what, how much of it, and for how much in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.contract import PayloadUnreadable
from connectors.systems.salesforce import wire
from connectors.systems.salesforce.layout import Layout
from connectors.systems.salesforce.wire import Json


@dataclass(frozen=True, slots=True)
class Line:
    """``amount`` is the line's net total in minor units, discounts included."""

    sku: str
    quantity: int
    amount: int

    @property
    def item(self) -> Mapping[str, Any]:
        """
        A contract's item. Its unit price is what a unit really costs, total by quantity; it is
        not known when that is no whole number of minor units.
        """
        exact = self.quantity and self.amount % self.quantity == 0
        return {
            "sku": self.sku,
            "quantity": self.quantity,
            "unit_amount": self.amount // self.quantity if exact else None,
        }


def read(record: Json, relationship: str, layout: Layout, kind: str, code: str) -> list[Line]:
    """
    The lines of ``record`` with the field names of ``kind``, amounts in ``code``.

    Raises PayloadUnreadable for amounts with too many decimals and for parts of a unit.
    """
    return [
        _line(item, layout, kind, code)
        for item in wire.children(record, relationship)
        if not _optional(item, layout.fields[kind].get("optional", ""))
    ]


def total(found: Iterable[Line]) -> int:
    return sum(line.amount for line in found)


def merged(found: Iterable[Line]) -> Sequence[Line]:
    """One line for each SKU, in the order in which they came; what adds up to none is left out."""
    known: dict[str, Line] = {}
    for line in found:
        held = known.get(line.sku, Line(line.sku, 0, 0))
        known[line.sku] = Line(line.sku, held.quantity + line.quantity, held.amount + line.amount)
    return [line for line in known.values() if line.quantity]


def _optional(item: Json, field: str) -> bool:
    """Offered beside the rest, and not bought with it."""
    found = wire.at(item, field) if field else None
    if found is not None and not isinstance(found, bool):
        raise PayloadUnreadable(f"“{field}” is neither true nor false.")
    return found is True


def _line(item: Json, layout: Layout, kind: str, code: str) -> Line:
    def given(name: str) -> Any:
        return wire.at(item, layout.get(kind, name))

    quantity = given("quantity")
    count = 1 if quantity is None else wire.whole(quantity, field="Quantity")
    in_all = given("total")
    if in_all is not None:
        amount = wire.minor(in_all, code, field="TotalPrice")
    else:
        each = given("unit_price")
        amount = 0 if each is None else wire.minor(each, code, field="UnitPrice") * count
    sku = wire.text(given("sku"), 120) or wire.text(given("product"), 120)
    return Line(sku or "no-product", count, amount)
