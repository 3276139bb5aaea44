"""
What a quantity costs. Pure: no Django, no clock, no rounding before the end of a line.

A period's usage is one ladder: units are counted from the first day of the period, whatever
happens to the price in between. The first ``included`` units are free; what comes after is
*charged*, and tiers, packages and volume count charged units only. When the price changes within
the period, every unit costs what the price of its day says for its place on the ladder, so a
change never starts tiers or included units anew. What is charged once a period (``flat``, and the
flat amounts of ``volume``) is shared out by days.

Amounts are minor units, exact as fractions until a line is rounded half up, away from zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from revops.kernel.money import divide_half_up

Model = Literal["flat", "per_unit", "tiered", "volume", "package"]
MODELS: Final = ("flat", "per_unit", "tiered", "volume", "package")

_PLACES: Final = 10**12


class PriceUnusable(ValueError):
    """A price that no amount follows from; the message says why."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Units up to and including ``up_to`` (None: all the rest). Prices are in minor units."""

    up_to: Decimal | None = None
    unit_price: Decimal = Decimal(0)
    flat_amount: int = 0


@dataclass(frozen=True, slots=True)
class Price:
    """
    One version of a price. ``ref`` is the price's id in the system that sells by it; ``since`` is
    the first day of the version. Raises PriceUnusable when it cannot price anything.
    """

    ref: str
    currency: str
    model: Model
    unit_price: Decimal = Decimal(0)
    tiers: tuple[Tier, ...] = ()
    package_size: Decimal = Decimal(1)
    included: Decimal = Decimal(0)
    since: date | None = None

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise PriceUnusable(f"“{self.model}” is no way of pricing that we know.")
        if self.package_size <= 0:
            raise PriceUnusable("A package holds more than nothing.")
        if self.model in ("tiered", "volume"):
            bounds = [tier.up_to for tier in self.tiers]
            closed = [bound for bound in bounds[:-1] if bound is not None]
            if not bounds or bounds[-1] is not None or len(closed) != len(bounds) - 1:
                raise PriceUnusable("Tiers rise, and only the last one is open.")
            if closed != sorted(set(closed)) or any(bound <= 0 for bound in closed):
                raise PriceUnusable("Tiers rise from more than nothing.")


@dataclass(frozen=True, slots=True)
class Use:
    """``quantity`` was used on days ``start``..``end``, all of them priced by ``price``."""

    price: Price
    start: date
    end: date
    quantity: Decimal

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the table that shows how an amount came: ``units`` of ``label``, ``exact``."""

    label: str
    units: Fraction
    unit_price: Decimal
    exact: Fraction


@dataclass(frozen=True, slots=True)
class Rated:
    """
    What one stretch of a period costs. ``quantity`` = ``free`` + ``charged``. ``amount`` is
    ``exact`` rounded half up; ``steps`` add up to ``exact``.
    """

    use: Use
    free: Fraction
    charged: Fraction
    exact: Fraction
    amount: int
    steps: tuple[Step, ...]


def rate(uses: Sequence[Use], *, days: int) -> list[Rated]:
    """
    Price a period, stretch by stretch in the order of days. ``days`` is the length of the whole
    period: a stretch that is shorter carries its share of what is charged once.

    A total that corrections take below nothing counts as nothing.
    """
    whole = sum((Fraction(use.quantity) for use in uses), Fraction(0))
    before = Fraction(0)
    found = []
    for use in uses:
        after = before + Fraction(use.quantity)
        found.append(_rate_one(use, _floor(before), _floor(after), _floor(whole), days))
        before = after
    return found


def _rate_one(use: Use, before: Fraction, after: Fraction, whole: Fraction, days: int) -> Rated:
    price = use.price
    included = Fraction(price.included)
    start, end = _floor(before - included), _floor(after - included)
    share = Fraction(use.days, days)
    match price.model:
        case "flat":
            once = Fraction(price.unit_price) * share
            steps = [Step("Once a period", share, price.unit_price, once)]
        case "per_unit":
            steps = [_units("Each unit", end - start, price.unit_price)]
        case "package":
            size = Fraction(price.package_size)
            begun = _begun(end, size) - _begun(start, size)
            steps = [_units(f"Packages of {plain(size)}", Fraction(begun), price.unit_price)]
        case "tiered":
            steps = list(_climb(price.tiers, start, end))
        case "volume":
            steps = _by_volume(price.tiers, end - start, _floor(whole - included), share)
    exact = sum((step.exact for step in steps), Fraction(0))
    amount = divide_half_up(exact.numerator, exact.denominator)
    kept = tuple(step for step in steps if step.units or step.exact)
    return Rated(use, (after - before) - (end - start), end - start, exact, amount, kept)


def _climb(tiers: Sequence[Tier], start: Fraction, end: Fraction) -> list[Step]:
    """From one place on the ladder to another; a tier's flat amount is due on entering it."""
    if end < start:
        return [
            Step(f"{step.label}, taken back", -step.units, step.unit_price, -step.exact)
            for step in _climb(tiers, end, start)
        ]
    steps = []
    floor = Fraction(0)
    for tier in tiers:
        top = end if tier.up_to is None else min(end, Fraction(tier.up_to))
        units = _floor(top - max(start, floor))
        entered = start <= floor < end
        if units or entered:
            steps.append(_units(tier_label(floor, tier.up_to), units, tier.unit_price))
            if entered and tier.flat_amount:
                flat = Fraction(tier.flat_amount)
                steps.append(
                    Step("Once on entering it", Fraction(1), Decimal(tier.flat_amount), flat)
                )
        if tier.up_to is None or end <= tier.up_to:
            break
        floor = Fraction(tier.up_to)
    return steps


def _by_volume(
    tiers: Sequence[Tier], units: Fraction, whole: Fraction, share: Fraction
) -> list[Step]:
    """All units by the tier of the whole period's total."""
    floor = Fraction(0)
    for tier in tiers:
        if tier.up_to is None or whole <= tier.up_to:
            break
        floor = Fraction(tier.up_to)
    steps = [_units(f"All by {tier_label(floor, tier.up_to).lower()}", units, tier.unit_price)]
    if tier.flat_amount and whole > 0:
        flat = Fraction(tier.flat_amount)
        steps.append(Step("Once a period", share, Decimal(tier.flat_amount), flat * share))
    return steps


def tier_label(floor: Fraction, up_to: Decimal | None) -> str:
    """``Up to 1000``, ``Over 1000, up to 5000``, ``Over 5000``, ``All units``."""
    if up_to is None:
        return f"Over {plain(floor)}" if floor else "All units"
    return f"Over {plain(floor)}, up to {plain(up_to)}" if floor else f"Up to {plain(up_to)}"


def plain(value: Fraction | Decimal) -> str:
    """A quantity in digits, at most 12 after the point, without trailing zeros."""
    return format(as_decimal(Fraction(value)), "f")


def as_decimal(value: Fraction) -> Decimal:
    """To 12 places, half up: what is stored and shown of a quantity."""
    scaled = divide_half_up(value.numerator * _PLACES, value.denominator)
    text = format(Decimal(f"{scaled}E-12"), "f")  # from text: no context can round it
    return Decimal(text.rstrip("0").rstrip("."))


def _units(label: str, units: Fraction, unit_price: Decimal) -> Step:
    return Step(label, units, unit_price, units * Fraction(unit_price))


def _begun(units: Fraction, size: Fraction) -> int:
    return -((-units) // size)


def _floor(value: Fraction) -> Fraction:
    return max(value, Fraction(0))
