"""
Reading and writing Salesforce's JSON: ids, instants, amounts, nested records.

Amounts are decimals of whole units, written by Java: 12990 comes as ``12990.0``, and ten millions
and more as ``1.0E7``. All of these are exact as decimals and never become floats here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from connectors import bodies, caller
from connectors.contract import PayloadUnreadable
from revops.kernel.money import LIMIT, AmountInvalid, minor_digits

Json = Mapping[str, Any]
part, text = bodies.part, bodies.text

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOST: Final = Decimal(LIMIT)


def is_id(value: Any) -> bool:
    """15 or 18 letters and digits: safe inside of a query."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def at(record: Json, path: str) -> Any:
    """The value of a field, or of a field of a parent such as ``Owner.Name``; None without one."""
    value: Any = record
    for step in path.split(".") if path else [""]:
        value = part(value).get(step)
    return value


def children(record: Json, name: str) -> Iterator[Json]:
    """The records of a child relationship: ``{"totalSize": 2, "done": true, "records": […]}``."""
    found = record.get(name)
    listed = found.get("records") if isinstance(found, dict) else found
    if listed is None:
        return
    if not isinstance(listed, list | tuple):
        raise PayloadUnreadable(f"“{name}” is no list of records.")
    for item in listed:
        if not isinstance(item, dict):
            raise PayloadUnreadable(f"“{name}” holds something that is no record.")
        yield item


def instant(value: Any, *, field: str) -> datetime:
    """``2026-11-21T05:12:44.000+0000`` (or with Z) in UTC. Raises PayloadUnreadable."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise PayloadUnreadable(f"“{field}” is no date and time.") from error
    raise PayloadUnreadable(f"“{field}” is no date and time.")


def stamp(value: Any, *, field: str) -> int:
    """An instant as milliseconds since 1970."""
    moment = instant(value, field=field)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def day(value: Any, *, field: str) -> date | None:
    """A date field; None when it is empty. Raises PayloadUnreadable."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError as error:
        raise PayloadUnreadable(f"“{field}” is no date.") from error
    raise PayloadUnreadable(f"“{field}” is no date.")


def number(value: Any, *, field: str) -> Decimal:
    """A number field, whether it came as a number or, out of our own bodies, as a text."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise PayloadUnreadable(f"“{field}” is no number.")
    try:
        found = Decimal(value)
    except InvalidOperation as error:
        raise PayloadUnreadable(f"“{field}” is no number.") from error
    if not found.is_finite() or abs(found) >= _MOST:
        raise PayloadUnreadable(f"“{field}” is beyond what the books can hold.")
    return found


def minor(value: Any, code: str, *, field: str) -> int:
    """
    A currency field in minor units of ``code``, exact.

    Raises PayloadUnreadable for fractions of a minor unit: rounding is the CRM's to do.
    """
    found = number(value, field=field)
    scaled = found.scaleb(_digits(code))
    if scaled != scaled.to_integral_value():
        raise PayloadUnreadable(
            f"“{field}” is {plain(found)} {code}, which has more decimals than {code} has."
        )
    if abs(scaled) >= LIMIT:
        raise PayloadUnreadable(f"“{field}” is beyond what the books can hold.")
    return int(scaled)


def whole(value: Any, *, field: str) -> int:
    """A quantity. Raises PayloadUnreadable for fractions: nobody bills half a seat by this."""
    found = number(value, field=field)
    if found != found.to_integral_value():
        raise PayloadUnreadable(f"“{field}” is {plain(found)}; only whole quantities can be used.")
    return int(found)


def currency(value: Any) -> str:
    """Raises PayloadUnreadable for what is no ISO 4217 code."""
    code = text(value)
    _digits(code)
    return code


def decimal(amount: int, code: str) -> Decimal:
    """Minor units as whole units: 1299000 USD is 12990.00."""
    return Decimal(amount).scaleb(-_digits(code))


def plain(value: Decimal) -> str:
    shown = format(value, "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def encode(value: Any) -> bytes:
    """JSON with decimals as numbers, not as floats and not as texts."""
    return caller.encode(value).encode()


def _digits(code: str) -> int:
    try:
        return minor_digits(code)
    except AmountInvalid as error:
        raise PayloadUnreadable(str(error)) from error
