"""
A second opinion on what usage costs, unit by unit: it hands out every single unit of a period in
the order of days, looks at its place on the ladder, and asks what that one unit costs. Slow, only
for whole units, and it shares nothing with the product but the facts of the price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

EXACT = Context(prec=80, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Day:
    """One day of the period: how many units were used, and the price's facts as a dict."""

    units: int
    price: dict[str, Any]


def cost(days: Sequence[Day]) -> dict[int, Decimal]:
    """What the units of each price cost before rounding, by ``id`` of the price's dict."""
    spent: dict[int, Decimal] = {id(day.price): Decimal(0) for day in days}
    charged_in_all = _charged_in_all(days)
    place = 0
    for day in days:
        price = day.price
        here = id(price)
        for _ in range(day.units):
            place += 1
            if place <= price["included"]:
                continue
            rung = place - int(price["included"])
            spent[here] += _one_unit(price, rung, charged_in_all[here])
        spent[here] += _daily_share(price, len(days), charged_in_all[here])
    return spent


def rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=EXACT))


def _charged_in_all(days: Sequence[Day]) -> dict[int, int]:
    total = sum(day.units for day in days)
    return {id(day.price): max(0, total - int(day.price["included"])) for day in days}


def _one_unit(price: dict[str, Any], rung: int, in_all: int) -> Decimal:
    model = price["model"]
    if model == "per_unit":
        return Decimal(price["unit_price"])
    if model == "package":
        opens_a_package = (rung - 1) % int(price["package_size"]) == 0
        return Decimal(price["unit_price"]) if opens_a_package else Decimal(0)
    if model == "tiered":
        for index, (up_to, unit_price, flat) in enumerate(price["tiers"]):
            if up_to is None or rung <= up_to:
                first = 1 if index == 0 else price["tiers"][index - 1][0] + 1
                return Decimal(unit_price) + (flat if rung == first else 0)
    if model == "volume":
        return Decimal(_tier_of(price, in_all)[1])
    return Decimal(0)


def _daily_share(price: dict[str, Any], days: int, in_all: int) -> Decimal:
    once = Decimal(0)
    if price["model"] == "flat":
        once = Decimal(price["unit_price"])
    if price["model"] == "volume" and in_all:
        once = Decimal(_tier_of(price, in_all)[2])
    return EXACT.divide(once, Decimal(days))


def _tier_of(price: dict[str, Any], in_all: int) -> tuple[Any, Any, Any]:
    for tier in price["tiers"]:
        if tier[0] is None or in_all <= tier[0]:
            found: tuple[Any, Any, Any] = tier
            return found
    raise AssertionError("The last tier is open.")
