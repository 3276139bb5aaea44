"""Reading AvaTax's JSON: decimals in the currency's major unit, days, instants without a zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors import bodies
from connectors.contract import PayloadUnreadable
from revops.kernel.money import LIMIT, AmountInvalid, minor_digits

Json = Mapping[str, Any]
part, text = bodies.part, bodies.text


def items(value: Any) -> Iterator[Json]:
    """The members of a list; nothing where there is none. Raises PayloadUnreadable."""
    return bodies.items(value, system="AvaTax")


def number(value: Any, *, field: str) -> Decimal:
    """Raises PayloadUnreadable, naming ``field``."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise PayloadUnreadable(f"“{field}” is no number.")
    try:
        found = Decimal(str(value))
    except ArithmeticError as error:
        raise PayloadUnreadable(f"“{field}” is no number.") from error
    if not found.is_finite() or abs(found.adjusted()) > 15:
        raise PayloadUnreadable(f"“{field}” is no number.")
    return found


def minor(value: Any, code: str, *, field: str) -> int:
    """
    An amount in minor units. AvaTax keeps taxes of a jurisdiction with more digits than a currency
    has; the totals of a document are rounded by it already.
    """
    found = number(value, field=field).scaleb(_digits(code))
    whole = int(found.to_integral_value())
    if abs(whole) >= LIMIT or whole != found:
        raise PayloadUnreadable(f"“{field}” is no amount of {code}.")
    return whole


def rounded(value: Any, code: str, *, field: str) -> int:
    """The same, of a part of a tax: to the nearest unit, halves away from zero."""
    found = number(value, field=field).scaleb(_digits(code))
    whole = int(abs(found) + Decimal("0.5"))
    if whole >= LIMIT:
        raise PayloadUnreadable(f"“{field}” is no amount of {code}.")
    return whole if found >= 0 else -whole


def major(amount: int, code: str) -> Decimal:
    """Minor units in the currency's major unit."""
    return Decimal(amount).scaleb(-minor_digits(code))


def currency(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise PayloadUnreadable("The transaction names no “currencyCode”.")
    _digits(value)
    return value


def day(value: Any, *, field: str) -> date:
    """``2026-01-31``, also with a time behind it that means nothing."""
    try:
        return date.fromisoformat(text(value)[:10])
    except ValueError as error:
        raise PayloadUnreadable(f"“{field}” is no day.") from error


def instant(value: Any, *, field: str) -> datetime:
    """AvaTax writes UTC, with and without saying so."""
    try:
        found = datetime.fromisoformat(text(value))
    except ValueError as error:
        raise PayloadUnreadable(f"“{field}” is no instant.") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _digits(code: str) -> int:
    try:
        return minor_digits(code)
    except AmountInvalid as error:
        raise PayloadUnreadable(str(error)) from error
