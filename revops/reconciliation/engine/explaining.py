"""
Differences that another method makes, with the formula that shows it (accounting.md 5.3). Pure.

An amount is explained only when both sides' amounts follow, to the minor unit, from one basis by
two methods that people really use. A difference that is merely small is not explained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final

from revops.kernel.money import Money, divide_half_up
from revops.ledger.schedules import cumulative


@dataclass(frozen=True, slots=True)
class Basis:
    """
    What an amount was computed from. For a share of a schedule: ``total``, the ``weights`` of all
    its periods, ``weights_30`` of the same by months of 30 days, and the ``index`` of its period.
    For a tax: ``lines`` of (net, rate). For an amount of another currency: ``foreign`` and the
    ``rate`` that it was booked at. ``fee`` is what a payment provider kept.
    """

    total: int = 0
    weights: tuple[int, ...] = ()
    weights_30: tuple[int, ...] = ()
    index: int = 0
    lines: tuple[tuple[int, Decimal], ...] = ()
    foreign: int = 0
    rate: Decimal | None = None
    fee: int = 0


def remainder_last(total: int, weights: Sequence[int]) -> list[int]:
    """Each share is rounded by itself; the last one takes what is left (R2)."""
    return _with_rest(total, weights, at=-1)


def next_to_last(total: int, weights: Sequence[int]) -> list[int]:
    """Each share is rounded by itself; the last but one takes what is left (R3)."""
    return _with_rest(total, weights, at=-2 if len(weights) > 1 else -1)


def _with_rest(total: int, weights: Sequence[int], *, at: int) -> list[int]:
    whole = sum(weights)
    shares = [divide_half_up(total * weight, whole) for weight in weights]
    shares[at] += total - sum(shares)
    return shares


def weights_30_360(start: date, end: date, periods: Sequence[tuple[date, date]]) -> list[int]:
    """Days of each period inside ``start`` … ``end`` when every month has thirty of them."""
    return [
        max(0, _days_30(max(start, first), min(end, latest))) if first <= end and latest >= start
        else 0
        for first, latest in periods
    ]  # fmt: skip


def _days_30(first: date, latest: date) -> int:
    """Both days included; the last day of a month is its thirtieth."""
    from_day = min(first.day, 30)
    is_last = (date.fromordinal(latest.toordinal() + 1)).month != latest.month
    to_day = 30 if is_last else min(latest.day, 30)
    months = (latest.year - first.year) * 12 + latest.month - first.month
    return months * 30 + to_day - from_day + 1


_METHODS: Final = (
    ("cumulative rounding", cumulative),
    ("the remainder in the last period", remainder_last),
    ("the remainder in the last period but one", next_to_last),
)


def explain(
    left: int, right: int, left_tax: int | None, right_tax: int | None, basis: Basis | None, *,
    currency: str,
) -> str:  # fmt: skip
    """
    Which two methods make the two amounts, in words with the formula; blank when none do. All
    amounts are minor units of ``currency``, in words they are money.
    """
    if basis is None or (left, left_tax) == (right, right_tax):
        return ""
    return _rounded(left, right, basis, currency) or _taxed(
        left, right, left_tax, right_tax, basis, currency
    )


def _rounded(left: int, right: int, basis: Basis, currency: str) -> str:
    if not basis.weights or not sum(basis.weights) or left == right:
        return ""
    made: dict[str, int] = {}
    for name, method in _METHODS:
        made[name] = method(basis.total, basis.weights)[basis.index]
    if sum(basis.weights_30):
        made["months of 30 days"] = cumulative(basis.total, basis.weights_30)[basis.index]
    ours = next((name for name, amount in made.items() if amount == left), "")
    theirs = next((name for name, amount in made.items() if amount == right), "")
    if not ours or not theirs:
        return ""
    share = f"{basis.weights[basis.index]}/{sum(basis.weights)}"
    return (
        f"The rounding differs: {Money(basis.total, currency)} × {share} is "
        f"{Money(left, currency)} by {ours} and {Money(right, currency)} by {theirs}."
    )


def _taxed(
    left: int, right: int, left_tax: int | None, right_tax: int | None, basis: Basis, currency: str
) -> str:
    if not basis.lines or left_tax is None or right_tax is None or left_tax == right_tax:
        return ""
    if left - right not in (0, left_tax - right_tax):
        return ""
    by_line = sum(_half_up(Decimal(net) * rate) for net, rate in basis.lines)
    at_once = _half_up(sum((Decimal(net) * rate for net, rate in basis.lines), Decimal()))
    if {left_tax, right_tax} != {by_line, at_once}:
        return ""
    one, other = ("line by line", "for the invoice at once")
    if left_tax == at_once:
        one, other = other, one
    return (
        f"The tax is rounded {one} on the left and {other} on the right: "
        f"{Money(left_tax, currency)} and {Money(right_tax, currency)}."
    )


def _half_up(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def likely(left: int, right: int, tax: int | None, basis: Basis | None) -> tuple[str, str]:
    """
    What an amount that is not explained most likely is: a word that is the same for all of them,
    and a sentence; both blank when nothing stands out. It still needs somebody.
    """
    off = left - right
    if basis is not None and basis.fee and abs(off) == abs(basis.fee):
        return "fee", "The difference is the provider's fee: it was taken off what was paid."
    if basis is not None and basis.rate and basis.foreign:
        used = Fraction(right, basis.foreign)
        rounded = Decimal(used.numerator) / Decimal(used.denominator)
        return "rate", (
            f"It was booked at {basis.rate.normalize():f} and is valued at {rounded:.4f} there: "
            "what is deferred keeps the rate of its day."
        )
    if tax and off == tax:
        return "net", "The difference is the tax: one side is net."
    if left and left == -right:
        return "sign", "The amounts are the same with opposite signs."
    if right and left == right * 100 or left and right == left * 100:
        return "hundred", "One amount is a hundred times the other: a unit was mistaken."
    if off % 9 == 0 and sorted(str(abs(left))) == sorted(str(abs(right))):
        return "digits", "Both have the same digits in another order: a number was mistyped."
    return "", ""
