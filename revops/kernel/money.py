"""
Money as an integer of minor units with its currency.

Minor digits follow ISO 4217 as published by Unicode CLDR (through Babel). Systems that deviate
(a gateway that counts ISK in hundredths, say) convert in their own connector.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final

from babel.core import get_global

# Larger amounts are refused at every door; the database columns are bigint.
LIMIT: Final = 10**15

_PLAIN = re.compile(r"-?[0-9]{1,15}(?:\.([0-9]{1,4}))?", re.ASCII)


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum or comparison."""


class AmountInvalid(ValueError):
    """A text or number that is no amount of that currency."""


# CLDR gives the digits people show; where ISO 4217's minor unit differs, the books follow ISO.
_ISO_DIGITS = dict.fromkeys(
    ("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"), 2
) | {"IQD": 3}

# Codes for which ISO 4217 gives no minor unit: metals, units of account, tests, “no currency”.
_UNCOUNTED = frozenset(
    (
        "XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XEU", "XFO", "XFU", "XPD", "XPT", "XRE",
        "XSU", "XTS", "XUA", "XXX",
    )
)  # fmt: skip


@lru_cache(maxsize=512)
def minor_digits(currency: str) -> int:
    """
    How many decimal places the currency has: JPY 0, USD 2, KWD 3.

    Raises AmountInvalid when the code is no ISO 4217 code that money is counted in.
    """
    if currency not in get_global("all_currencies") or currency in _UNCOUNTED:
        raise AmountInvalid(f"“{currency[:12]}” is not an ISO 4217 currency code.")
    if currency in _ISO_DIGITS:
        return _ISO_DIGITS[currency]
    fractions = get_global("currency_fractions")
    return int(fractions.get(currency, fractions["DEFAULT"])[0])


@lru_cache(maxsize=8)
def currencies_of(digits: int) -> tuple[str, ...]:
    """Every currency that has so many decimal places, in order."""
    known = set(get_global("all_currencies")) - _UNCOUNTED
    return tuple(sorted(code for code in known if minor_digits(code) == digits))


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount: ``Money(1299000, "USD")`` is USD 12,990.00."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise AmountInvalid("Money takes whole minor units.")
        if abs(self.minor) >= LIMIT:
            raise AmountInvalid("The amount is beyond what the books can hold.")
        minor_digits(self.currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """
        Read a plain ASCII decimal such as ``-1234.50``.

        Raises AmountInvalid for separators, exponents, other digits than 0–9, or more decimals
        than the currency has.
        """
        found = _PLAIN.fullmatch(text)
        digits = minor_digits(currency)
        if not found or len(found.group(1) or "") > digits:
            decimals = f"at most {digits} decimals" if digits else "no decimals"
            raise AmountInvalid(
                f"“{text[:40]}” is not an amount in {currency}: write digits, {decimals}."
            )
        return cls(int(Decimal(text).scaleb(digits)), currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-minor_digits(self.currency))

    def times(self, factor: Decimal) -> Money:
        """Multiplied and rounded half up, away from zero on both sides."""
        over, under = ratio(factor)
        return Money(divide_half_up(self.minor * over, under), self.currency)

    def convert(self, rate: Decimal, currency: str) -> Money:
        """In another currency at ``rate`` (units of ``currency`` for one unit of this one)."""
        over, under = conversion(self.currency, currency, rate)
        return Money(divide_half_up(self.minor * over, under), currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.minor), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        """ISO code first, no-break space, grouped: ``USD 1,234.56``."""
        digits = minor_digits(self.currency)
        sign = "\N{MINUS SIGN}" if self.minor < 0 else ""
        return f"{self.currency}\N{NO-BREAK SPACE}{sign}{abs(self.decimal):,.{digits}f}"

    def _same(self, other: Money) -> int:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be added.")
        return other.minor


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum; zero of ``currency`` when there is nothing to add."""
    result = Money.zero(currency)
    for amount in amounts:
        result = result + amount
    return result


def divide_half_up(numerator: int, denominator: int) -> int:
    """
    The quotient rounded half away from zero, so that a credit mirrors its invoice
    (accounting.md, rounding). Exact at any size. ``denominator`` is positive.
    """
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -quotient if numerator < 0 else quotient


def round_half_up(value: Decimal) -> int:
    """``value`` to the nearest whole, half away from zero. Raises AmountInvalid for NaN and ∞."""
    if not value.is_finite():
        raise AmountInvalid(f"{value} is not a number.")
    return int(value.to_integral_value(rounding=ROUND_HALF_UP))


def ratio(factor: Decimal) -> tuple[int, int]:
    """
    A rate or quantity as an exact fraction, positive below: no decimal context can round it.

    Raises AmountInvalid when it is not finite or beyond 10^±30.
    """
    if not factor.is_finite() or abs(factor.adjusted()) > 30:
        raise AmountInvalid(f"{factor} is not a usable factor.")
    return factor.as_integer_ratio()


def conversion(source: str, target: str, rate: Decimal) -> tuple[int, int]:
    """
    The exact fraction that turns minor units of ``source`` into minor units of ``target``, where
    one whole ``source`` is worth ``rate`` whole ``target``.

    Raises AmountInvalid when the rate is not positive and finite.
    """
    over, under = ratio(rate)
    if over <= 0:
        raise AmountInvalid(f"{rate} is not an exchange rate.")
    return over * 10 ** minor_digits(target), under * 10 ** minor_digits(source)


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """
    Split ``amount`` over ``weights`` by largest remainder, ties by order; the sum is exact.

    100.00 over three equal lines is 33.34, 33.33, 33.33. Negative amounts mirror positive ones.
    Raises ValueError when no weight is positive.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("Weights must be non-negative and not all zero.")
    sign = -1 if amount < 0 else 1
    shares = [abs(amount) * weight for weight in weights]
    parts = [share // whole for share in shares]
    missing = abs(amount) - sum(parts)
    order = sorted(range(len(parts)), key=lambda i: (-(shares[i] % whole), i))
    for index in order[:missing]:
        parts[index] += 1
    return [sign * part for part in parts]
