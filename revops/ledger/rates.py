"""
Which exchange rate counts on a day. Pure values; the books hold them for an entity.

A rate is the one published for the day, or the latest one before it that is not older than the
policy allows. The other direction and the way through a third currency are taken only where the
policy says so: a rate that nobody published is a decision, and the entry's frozen source tells it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

# As many decimals as a published rate has; half up like all rounding of the books.
_PLACES: Final = Decimal("1e-12")
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Rate:
    """
    ``value`` units of the books' currency for one unit of the other one; since ``day``, as told by
    ``source``. Frozen into each entry that it shaped. ``day`` is None for a currency's own rate, 1.
    """

    value: Decimal
    day: date | None = None
    source: str = ""


OWN: Final = Rate(Decimal(1))


@dataclass(frozen=True, slots=True)
class Policy:
    """
    How old a rate may be in days (0: published for the day itself); whether the other direction's
    rate may be inverted; through which third currency two rates may be multiplied, if any.
    """

    max_age_days: int = 7
    inverse: bool = False
    via: str = ""


DEFAULT: Final = Policy()


@dataclass(frozen=True, slots=True)
class Published:
    """Units of ``quote`` for one unit of ``currency``; the newest revision of its day."""

    currency: str
    quote: str
    day: date
    value: Decimal
    source: str


@dataclass(slots=True)
class Quotes:
    """Published rates by pair, in the order of their days."""

    _pairs: dict[tuple[str, str], tuple[list[date], list[Published]]] = field(default_factory=dict)

    @classmethod
    def of(cls, published: Iterable[Published]) -> Quotes:
        found = cls()
        for one in sorted(published, key=lambda each: each.day):
            days, rates = found._pairs.setdefault((one.currency, one.quote), ([], []))
            days.append(one.day)
            rates.append(one)
        return found

    def find(self, currency: str, quote: str, day: date, policy: Policy = DEFAULT) -> Rate | None:
        """The rate of ``day`` as the policy allows, or None."""
        if currency == quote:
            return OWN
        found = self._one(currency, quote, day, policy)
        if found is not None or not policy.via or policy.via in (currency, quote):
            return found
        first = self._one(currency, policy.via, day, policy)
        second = self._one(policy.via, quote, day, policy)
        if first is None or second is None or first.day is None or second.day is None:
            return None
        return Rate(
            _EXACT.multiply(first.value, second.value).quantize(_PLACES, context=_EXACT),
            min(first.day, second.day),
            f"{first.source}, {second.source} through {policy.via}"[:120],
        )

    def _one(self, currency: str, quote: str, day: date, policy: Policy) -> Rate | None:
        direct = self._latest(currency, quote, day, policy)
        if direct is not None:
            return Rate(direct.value, direct.day, direct.source)
        other = self._latest(quote, currency, day, policy) if policy.inverse else None
        if other is None:
            return None
        value = _EXACT.divide(Decimal(1), other.value).quantize(_PLACES, context=_EXACT)
        return Rate(value, other.day, f"{other.source}, inverted"[:120]) if value else None

    def _latest(self, currency: str, quote: str, day: date, policy: Policy) -> Published | None:
        days, rates = self._pairs.get((currency, quote), ([], []))
        index = bisect_right(days, day) - 1
        if index < 0 or (day - days[index]).days > policy.max_age_days:
            return None
        return rates[index]
