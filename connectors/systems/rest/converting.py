"""
What a system writes, as the published language has it. Exact or not at all: what does not fit
raises Unfit, with words that go on after the field's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from revops.kernel.clock import local_date
from revops.kernel.money import LIMIT, AmountInvalid, minor_digits

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,24}(?:\.[0-9]{1,12})?", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_LONGEST: Final = 4_000
TIMES: Final = ("iso", "utc", "epoch_s", "epoch_ms")


class Unfit(ValueError):
    """A value that is not what the mapping takes it for; goes on after its name."""


def text(value: Any) -> str:
    """Texts and numbers as text; no yes or no, no object, no list."""
    if isinstance(value, str):
        return value.strip()[:_LONGEST]
    if isinstance(value, Decimal):
        return format(value, "f") if abs(value.adjusted()) < 40 else _no("text")
    return str(value) if type(value) is int else _no("text")


def decimal(value: Any) -> Decimal:
    if type(value) is int or isinstance(value, Decimal):
        number = Decimal(value)
    elif isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        try:
            number = Decimal(value.strip())
        except InvalidOperation:
            _no("number")
    else:
        _no("number")
    # Beyond these digits arithmetic would round.
    fits = number.is_finite() and number.adjusted() < 15 and _exponent(number) >= -12
    return number if fits else _no("number")


def exact(value: Any) -> str:
    """A number as text, in digits."""
    return format(decimal(value), "f")


def integer(value: Any) -> int:
    number = decimal(value)
    return int(number) if number == number.to_integral_value() else _no("whole number")


def minor(value: Any, currency: str) -> int:
    """Minor units of an amount in major ones: 12.5 of USD is 1250, 12 of JPY is 12."""
    digits = _digits(currency)
    scaled = decimal(value).scaleb(digits)
    if scaled != scaled.to_integral_value() or abs(scaled) >= LIMIT:
        raise Unfit(f"is no amount of {currency}, which has {digits} decimal places")
    return int(scaled)


def major(value: Any, currency: str) -> str:
    """The other way round, as text with all its places: 1250 of USD is 12.50."""
    return format(Decimal(integer(value)).scaleb(-_digits(currency)), "f")


def flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = {"true": True, "false": False}.get(str(value).strip().lower())
    return _no("yes or no") if known is None else known


def instant(value: Any, time: str) -> datetime:
    """
    ``time`` says how it is written: ``iso`` with its offset, ``utc`` ISO 8601 in UTC even without
    one, ``epoch_s`` and ``epoch_ms`` since 1970.
    """
    try:
        if time in ("epoch_s", "epoch_ms"):
            number = decimal(value).scaleb(-3 if time == "epoch_ms" else 0)
            moment = _FIRST + timedelta(microseconds=int(number * 1_000_000))
        else:
            moment = datetime.fromisoformat(value.strip())
            if moment.tzinfo is None and time == "iso":
                raise Unfit("is a time without its offset from UTC")
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except Unfit:
        raise
    except (ValueError, OverflowError, TypeError, AttributeError):
        _no("time")
    return moment if _FIRST <= moment < _LAST else _no("time")


def day(value: Any, time: str, zone: str) -> date:
    """A day as it stands, or that of an instant in the zone of the books."""
    if time in ("iso", "utc") and isinstance(value, str) and _DAY.fullmatch(value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            _no("day")
    return local_date(instant(value, time), zone)


PLAIN: Final[Mapping[str, Callable[[Any], Any]]] = {
    "text": text,
    "upper": lambda value: text(value).upper(),
    "lower": lambda value: text(value).lower(),
    "integer": integer,
    "decimal": exact,
    "number": decimal,
    "flag": flag,
}
MONEY: Final = ("minor", "major")
# What is counted: it can be added up and turned round.
COUNTED: Final = ("integer", "decimal", "number", *MONEY)
# What needs more than the value: a currency, how a time is written, a zone.
TIMED: Final = ("instant", "day")
KINDS: Final = (*PLAIN, *MONEY, *TIMED)


def _digits(currency: str) -> int:
    try:
        return minor_digits(currency)
    except AmountInvalid as error:
        raise Unfit(f"is an amount whose currency is unknown. {error}".rstrip(".")) from None


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else -1_000


def _no(what: str) -> Any:
    raise Unfit(f"is no {what}")
