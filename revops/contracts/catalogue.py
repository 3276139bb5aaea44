"""What is sold, and for how much."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from revops.contracts.base import (
    Count,
    Currency,
    Day,
    EventData,
    Exact,
    Flag,
    Id,
    MaybeId,
    Minor,
    Part,
    Text,
)

PriceModel = Literal["flat", "per_unit", "tiered", "volume", "package"]


class ProductUpdated(EventData):
    """The product as it is now."""

    contract: ClassVar[str] = "product.updated/1"
    subject: ClassVar[str] = "product"

    product_id: Id
    name: Text
    active: Flag = True

    @property
    def subject_id(self) -> str:
        return self.product_id


class Tier(Part):
    """
    What units up to and including ``up_to`` cost; the last tier has none. ``unit_price`` is in
    minor units and may be a fraction of one (0.5 cent for each call); ``flat_amount`` is charged
    once when the tier is entered.
    """

    up_to: Exact | None = None
    unit_price: Exact = Decimal(0)
    flat_amount: Minor = 0


class PriceUpdated(EventData):
    """
    The price as it is now. ``flat`` charges ``unit_price`` once a period, ``per_unit`` for each
    unit, ``tiered`` each unit by the tier it falls in, ``volume`` all units by the tier that the
    total falls in, ``package`` for each begun package of ``package_size``. ``included`` units are
    free in each period. ``meter`` names the usage it charges; empty for a price without usage.
    """

    contract: ClassVar[str] = "price.updated/1"
    subject: ClassVar[str] = "price"

    price_id: Id
    product_id: MaybeId = ""
    label: Text = ""
    currency: Currency
    model: PriceModel = "per_unit"
    unit_price: Exact = Decimal(0)
    tiers: tuple[Tier, ...] = ()
    package_size: Exact = Decimal(1)
    included: Exact = Decimal(0)
    meter: Text = ""
    interval_months: Annotated[Count, Field(ge=0)] = 1
    valid_from: Day | None = None
    active: Flag = True

    @model_validator(mode="after")
    def _tiers_rise(self) -> Self:
        if self.model in ("tiered", "volume"):
            bounds = [tier.up_to for tier in self.tiers]
            if not bounds or bounds[-1] is not None:
                raise ValueError("The last tier must be open: it has no up_to.")
            rising = [bound for bound in bounds[:-1] if bound is not None]
            if len(rising) != len(bounds) - 1 or sorted(set(rising)) != rising:
                raise ValueError("Tiers must rise, and only the last one is open.")
        if self.package_size <= 0:
            raise ValueError("A package holds more than nothing.")
        return self

    @property
    def subject_id(self) -> str:
        return self.price_id
