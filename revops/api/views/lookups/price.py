"""``/api/v1/lookups/price/``: what a quantity costs on a day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from revops.api.lookups import freshness, prices
from revops.api.lookups.prices import Offer
from revops.api.parameters import Query
from revops.api.problems import Problem
from revops.api.shapes.lookups import FreshnessOut, PriceOut, StepOut, plain
from revops.api.shapes.money import MoneyOut
from revops.api.views.lookups.asked import Lookup, System, Word, several
from revops.kernel import clock
from revops.usage.rating import PriceUnusable
from revops.usage.rating import plain as plain_fraction


class PriceQuery(Query):
    price: Annotated[Word | None, Field(description="A price's id.")] = None
    sku: Annotated[Word | None, Field(description="A SKU: a price's or a product's id.")] = None
    currency: Annotated[
        str | None, Field(pattern="^[A-Z]{3}$", description="Needed when there are several.")
    ] = None
    quantity: Annotated[
        str,
        Field(
            pattern=r"^[0-9]{1,15}(\.[0-9]{1,12})?$",
            description="For one period, in digits.",
            examples=["250"],
        ),
    ] = "1"
    on: Annotated[date | None, Field(description="Today in UTC, unless said otherwise.")] = None
    system: System = None


class OfferOut(BaseModel):
    """One of several prices that the question fits."""

    price: str
    system: str
    currency: str
    label: str


class Price(Lookup):
    @extend_schema(
        operation_id="lookup_price",
        summary="What a quantity costs on a day, by the price's own model",
        parameters=PriceQuery.parameters(),
        responses={200: PriceOut},
    )
    def get(self, request: Request) -> Response:
        query = PriceQuery.read(request)
        name = query.price or query.sku
        if not name or (query.price and query.sku):
            raise Problem(422, "what", "Give either a price or a SKU.")
        day, quantity = query.on or clock.now().date(), Decimal(query.quantity)
        found = prices.offers(name, day, self.reach(request), system=query.system or "")
        offer = _meant(found, query, name, day)
        try:
            rated = prices.cost(offer, quantity, day)
        except PriceUnusable as error:
            raise Problem(422, "price-unusable", f"{offer.id} cannot be priced: {error}") from error
        answer = PriceOut(
            price=offer.id,
            label=offer.label,
            system=offer.system,
            entity=offer.entity or None,
            model=offer.model,
            quantity=plain(quantity),
            included=plain_fraction(rated.free),
            charged=plain_fraction(rated.charged),
            amount=MoneyOut(minor=rated.amount, currency=offer.currency),
            interval_months=offer.interval_months,
            meter=offer.meter or None,
            on=day,
            since=offer.since,
            active=offer.active,
            steps=[
                StepOut(
                    label=step.label,
                    units=plain_fraction(step.units),
                    unit_price=plain(step.unit_price),
                )
                for step in rated.steps
            ],
            freshness=FreshnessOut.of(freshness.of([offer.connection_id])),
        )
        return Response(answer.model_dump(mode="json"))


def _meant(found: list[Offer], query: PriceQuery, name: str, day: date) -> Offer:
    """The one price that fits. Raises Problem."""
    if not found:
        raise Problem(404, "unknown-price", f"There is no price or product “{name[:60]}”.")
    fitting = [offer for offer in found if query.currency in (None, offer.currency)]
    if not fitting:
        known = ", ".join(sorted({offer.currency for offer in found}))
        detail = f"“{name[:60]}” has no price in {query.currency}; it has one in {known}."
        raise Problem(404, "unknown-price", detail)
    valid = [offer for offer in fitting if not offer.not_yet]
    if not valid:
        first = min(offer.begins for offer in fitting if offer.begins is not None)
        detail = f"“{name[:60]}” has no price on {day}; its first begins on {first}."
        raise Problem(404, "unknown-price", detail)
    usable = [offer for offer in valid if offer.active] or valid
    if len(usable) > 1:
        raise several(
            "Several prices fit. Name the price, its currency, or its system.",
            [
                OfferOut(
                    price=offer.id, system=offer.system, currency=offer.currency, label=offer.label
                )
                for offer in usable
            ],
        )
    return usable[0]
