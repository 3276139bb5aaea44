"""
Reading Stripe's JSON: references that may be expanded, instants, and amounts.

Amounts are whole numbers of Stripe's own minor unit, which differs from ISO 4217 for a few
currencies (https://docs.stripe.com/currencies, "Zero-decimal", "Three-decimal", "Special cases").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from connectors import bodies
from connectors.contract import PayloadUnreadable
from revops.kernel.clock import local_date
from revops.kernel.money import LIMIT, AmountInvalid, minor_digits

Json = Mapping[str, Any]
part, text = bodies.part, bodies.text

_ZERO_DECIMAL: Final = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)
_THREE_DECIMAL: Final = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
# Everything else counts in hundredths, including ISK and UGX, which have no minor unit any more
# but keep two decimals on the wire. HUF and TWD are whole only in payouts, still in hundredths.


def currency(value: Any) -> str:
    """The ISO 4217 code. Raises PayloadUnreadable for anything but a text."""
    if not isinstance(value, str) or not value:
        raise PayloadUnreadable("The object names no currency.")
    return value.upper()


def minor(value: Any, code: str, *, field: str = "amount") -> int:
    """An amount in ISO minor units of ``code``. Raises PayloadUnreadable, naming ``field``."""
    if type(value) is not int or abs(value) >= LIMIT:
        raise PayloadUnreadable(f"“{field}” is not a whole number of minor units.")
    try:
        shift = minor_digits(code) - _digits(code)
    except AmountInvalid as error:
        raise PayloadUnreadable(str(error)) from error
    if shift >= 0:
        return int(value * 10**shift)
    whole, rest = divmod(value, 10**-shift)
    if rest:
        raise PayloadUnreadable(f"“{field}”: {code} has no fractions, yet {value} holds one.")
    return int(whole)


def ref(value: Any) -> str:
    """The id of a reference, expanded or not; empty when there is none."""
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) else ""


def items(value: Any) -> Iterator[Json]:
    """The members of a list object ``{"object": "list", "data": […]}`` or of a plain list."""
    data = value.get("data") if isinstance(value, dict) else value
    return bodies.objects(data if isinstance(data, list | tuple) else ())


def instant(value: Any, *, field: str) -> datetime:
    """Epoch seconds as an instant. Raises PayloadUnreadable."""
    if type(value) is not int or not 0 <= value < 253_402_300_800:
        raise PayloadUnreadable(f"“{field}” is not a time in seconds since 1970.")
    return datetime.fromtimestamp(value, tz=UTC)


def day(value: Any, zone: str, *, field: str) -> date:
    """The calendar day of epoch seconds in the entity's zone."""
    return local_date(instant(value, field=field), zone)


def utc_day(value: Any, *, field: str) -> date:
    """For days that Stripe writes as midnight UTC, such as a payout's arrival."""
    return instant(value, field=field).date()


def first(*values: Any) -> Any:
    """The first value that is given at all (0 and "" count as given)."""
    return next((value for value in values if value is not None), None)


def noted(holder: Any, key: str) -> str:
    """What somebody wrote into an object's metadata under a key; empty when nothing."""
    return text(part(part(holder).get("metadata")).get(key)).strip()


def outward(amount: int, code: str) -> int:
    """ISO minor units of ``code`` as Stripe counts them; the reverse of ``minor``."""
    shift = minor_digits(code) - _digits(code)
    if shift <= 0:
        return int(amount * 10**-shift)
    whole, rest = divmod(amount, 10**shift)
    if rest:
        raise PayloadUnreadable(f"Stripe cannot express {amount} minor units of {code}.")
    return int(whole)


def exact(value: Any, code: str, *, field: str) -> Decimal:
    """
    An amount that may be a fraction of a minor unit (``unit_amount_decimal``), in ISO minor units.

    Numbers arrive as text, or as Decimal when a version writes them bare. Raises PayloadUnreadable.
    """
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise PayloadUnreadable(f"“{field}” is no number.")
    try:
        found = Decimal(value)
        shift = minor_digits(code) - _digits(code)
    except ArithmeticError as error:
        raise PayloadUnreadable(f"“{field}” is no number.") from error
    except AmountInvalid as error:
        raise PayloadUnreadable(str(error)) from error
    if not found.is_finite() or abs(found.adjusted()) > 15:
        raise PayloadUnreadable(f"“{field}” is no number.")
    return found.scaleb(shift)


def entity(*holders: Any) -> str:
    """The legal entity that an object's metadata names, by the key ``legal_entity``."""
    for holder in holders:
        named = part(part(holder).get("metadata")).get("legal_entity")
        if isinstance(named, str) and named:
            return named
    return ""


def _digits(code: str) -> int:
    if code in _ZERO_DECIMAL:
        return 0
    return 3 if code in _THREE_DECIMAL else 2
