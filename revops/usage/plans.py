"""
What a subscription's usage is priced by, day by day, from facts that were read before. Pure.

Plans are lists of SKUs. The price of a meter is the plan's own SKU when that is a price with this
meter; else the one price with this meter of a product that the plan sells; else the one that
belongs to no product, which is the list price of the meter. Two that fit are a problem that a
person settles, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from revops.kernel.periods import Span
from revops.usage.rating import Price, Rated, Use, plain, rate
from revops.usage.spans import Timeline, stretches

Items = tuple[str, ...]


class Unpriced(ValueError):
    """Usage that no price, or more than one, charges; the message says which day and why."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A price with a meter: whose product it is, and its versions."""

    ref: str
    product: str
    meter: str
    months: int
    versions: Timeline[Price]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One connection's prices: those with a meter, and the product of every SKU in use."""

    offers: Mapping[str, Sequence[Offer]]
    product_of: Mapping[str, str]

    def offer_for(self, items: Items, meter: str, currency: str) -> Offer | None:
        """Raises Unpriced when several fit."""
        offers = self.offers.get(meter, ())
        named = [offer for offer in offers if offer.ref in items]
        if not named:
            products = {self.product_of.get(sku, sku) for sku in items}
            fitting = [
                offer
                for offer in offers
                if any(entry.value.currency == currency for entry in offer.versions.entries)
            ]
            named = [offer for offer in fitting if offer.product and offer.product in products]
            named = named or [offer for offer in fitting if not offer.product]
        if len(named) > 1:
            refs = ", ".join(sorted(offer.ref for offer in named))
            raise Unpriced(f"more than one price charges “{meter}”: {refs}")
        return named[0] if named else None


NO_CATALOGUE = Catalogue({}, {})


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sold to one subscription, since when, in which currency."""

    items: Timeline[Items]
    currency: str
    catalogue: Catalogue
    starts: date
    ends: date | None = None

    def sells(self, meter: str) -> bool:
        """Whether any of its plans has a price for the meter."""
        try:
            return any(
                self.catalogue.offer_for(entry.value, meter, self.currency)
                for entry in self.items.entries
            )
        except Unpriced:
            return True

    def months_on(self, day: date, meter: str) -> int:
        try:
            offer = self.catalogue.offer_for(self.items.on(day) or (), meter, self.currency)
        except Unpriced:
            return 1
        return max(1, offer.months) if offer else 1

    def price_on(self, day: date, meter: str) -> Price:
        """Raises Unpriced."""
        offer = self.catalogue.offer_for(self.items.on(day) or (), meter, self.currency)
        if offer is None:
            raise Unpriced(f"no price of its plan charges “{meter}”")
        price = offer.versions.on(day)
        if price is None:
            raise Unpriced(f"{offer.ref} has no price before {offer.versions.entries[0].day}")
        if price.currency != self.currency:
            raise Unpriced(f"{offer.ref} is in {price.currency}, not in {self.currency}")
        return price

    def changes(self, meter: str, span: Span) -> set[date]:
        """Days within the span on which another price may begin."""
        days = self.items.days(span)
        for offer in self.catalogue.offers.get(meter, ()):
            days |= offer.versions.days(span)
        return days


@dataclass(frozen=True, slots=True)
class DayUse:
    quantity: Decimal
    records: int


@dataclass(frozen=True, slots=True)
class PeriodUse:
    """What one subscription used of one meter in one period, by day."""

    meter: str
    span: Span
    days: Mapping[date, DayUse] = field(default_factory=dict)

    def between(self, start: date, end: date) -> DayUse:
        held = [use for day, use in self.days.items() if start <= day <= end]
        quantity = sum((Fraction(use.quantity) for use in held), Fraction(0))
        return DayUse(Decimal(plain(quantity)), sum(use.records for use in held))


@dataclass(frozen=True, slots=True)
class Priced:
    """A stretch of a period with what it costs, and how many records it stands on."""

    rated: Rated
    records: int


def price_period(plan: Plan, used: PeriodUse) -> list[Priced]:
    """
    The period's stretches, each of one version of one price, in the order of days. Stretches
    before the first use and after the last use that cost nothing are left out. Raises Unpriced.
    """
    uses: list[tuple[Use, int]] = []
    for span in stretches(used.span, plan.changes(used.meter, used.span)):
        held = used.between(span.start, span.end)
        try:
            price = plan.price_on(span.start, used.meter)
        except Unpriced:
            if held.records:
                raise
            continue
        if uses and uses[-1][0].price == price and uses[-1][0].end == span.start - _DAY:
            last, records = uses.pop()
            together = Fraction(last.quantity) + Fraction(held.quantity)
            use = Use(price, last.start, span.end, Decimal(plain(together)))
            uses.append((use, records + held.records))
        else:
            uses.append((Use(price, span.start, span.end, held.quantity), held.records))
    rated = rate([use for use, _ in uses], days=used.span.days)
    return [
        Priced(one, records)
        for one, (_, records) in zip(rated, uses, strict=True)
        if records or one.exact
    ]


def crossings(
    used: PeriodUse,
    *,
    entitled: Callable[[date], Decimal | None],
    thresholds: Sequence[Decimal],
) -> list[tuple[Decimal, date, Decimal, Decimal]]:
    """
    (threshold, the first day on which the sum reached it, the sum at the end of that day, what was
    entitled on it). ``entitled`` is asked for each day of use; None is without limit.
    """
    found = []
    limits = {day: entitled(day) for day in used.days}
    for threshold in sorted(thresholds):
        total = Fraction(0)
        for day in sorted(used.days):
            total += Fraction(used.days[day].quantity)
            limit = limits[day]
            if limit and total >= Fraction(threshold) * Fraction(limit):
                found.append((threshold, day, Decimal(plain(total)), limit))
                break
    return found


_DAY = timedelta(days=1)
