"""
Reading Chargebee's JSON: nested objects, instants in seconds, amounts in minor units, and what
people noted in ``meta_data`` or in custom fields (``cf_…``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from connectors import bodies
from connectors.contract import PayloadUnreadable
from revops.kernel import strict_json
from revops.kernel.clock import local_date
from revops.kernel.money import LIMIT, AmountInvalid, minor_digits

Json = Mapping[str, Any]
part, text = bodies.part, bodies.text

_FARTHEST: Final = 253_402_300_800


def items(value: Any) -> Iterator[Json]:
    """The members of a list; nothing where there is none. Raises PayloadUnreadable."""
    return bodies.items(value, system="Chargebee")


def currency(value: Any) -> str:
    """Raises PayloadUnreadable for anything but a text."""
    if not isinstance(value, str) or not value:
        raise PayloadUnreadable("The object names no “currency_code”.")
    return value.upper()


def minor(value: Any, *, field: str) -> int:
    """A whole number of minor units. Raises PayloadUnreadable, naming ``field``."""
    if type(value) is not int or abs(value) >= LIMIT:
        raise PayloadUnreadable(f"“{field}” is not a whole number of minor units.")
    return value


def maybe_minor(value: Any, *, field: str) -> int:
    """0 where Chargebee says nothing: it leaves out what does not apply."""
    return 0 if value is None else minor(value, field=field)


def exact(decimal: Any, cents: Any, code: str, *, field: str) -> Decimal:
    """
    A price in minor units, which may be a fraction of one. ``decimal`` is the ``…_in_decimal`` text
    in the currency's major unit, ``cents`` whole minor units; the first counts when it is given.
    """
    if decimal is None or decimal == "":
        return Decimal(0 if cents is None else minor(cents, field=field))
    if not isinstance(decimal, str):
        raise PayloadUnreadable(f"“{field}_in_decimal” is no text with a number.")
    try:
        found = Decimal(decimal)
        shift = minor_digits(code)
    except (ArithmeticError, AmountInvalid) as error:
        raise PayloadUnreadable(f"“{field}_in_decimal” is no number.") from error
    if not found.is_finite() or abs(found.adjusted()) > 12:
        raise PayloadUnreadable(f"“{field}_in_decimal” is no number.")
    return found.scaleb(shift)


def count(decimal: Any, whole: Any, *, field: str) -> Decimal:
    """A quantity, whole or with decimals; 1 where there is none."""
    value = whole if decimal in (None, "") else decimal
    if value is None:
        return Decimal(1)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise PayloadUnreadable(f"“{field}” is no number.")
    try:
        found = Decimal(value)
    except ArithmeticError as error:
        raise PayloadUnreadable(f"“{field}” is no number.") from error
    if not found.is_finite() or abs(found.adjusted()) > 12:
        raise PayloadUnreadable(f"“{field}” is no number.")
    return found


def percent(value: Any) -> Decimal | None:
    """A rate; Decimal from the wire, int or text once a body was stored."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        found = Decimal(str(value))
    except ArithmeticError:
        return None
    return found if found.is_finite() else None


def instant(value: Any, *, field: str) -> datetime:
    """Epoch seconds as an instant. Raises PayloadUnreadable."""
    if type(value) is not int or not 0 <= value < _FARTHEST:
        raise PayloadUnreadable(f"“{field}” is not a time in seconds since 1970.")
    return datetime.fromtimestamp(value, tz=UTC)


def day(value: Any, zone: str, *, field: str) -> date:
    """The calendar day of epoch seconds in the entity's zone."""
    return local_date(instant(value, field=field), zone)


def first(*values: Any) -> Any:
    """The first value that is given at all (0 and "" count as given)."""
    return next((value for value in values if value is not None), None)


def noted(holder: Any, key: str) -> str:
    """What stands under a key of ``meta_data`` (or ``metadata``), or in the custom field."""
    if not key:
        return ""
    obj = part(holder)
    for name in ("meta_data", "metadata"):
        found = _notes(obj.get(name)).get(key)
        if isinstance(found, str) and found.strip():
            return found.strip()
    return text(obj.get(f"cf_{key}")).strip()


def _notes(value: Any) -> Json:
    """An object, or the JSON of one: Chargebee takes it as text."""
    if isinstance(value, str):
        try:
            value = strict_json.loads(value.encode())
        except strict_json.JsonRefused:
            return {}
    return part(value)


def version(*holders: Any) -> int:
    """The newest ``resource_version`` (milliseconds) of these; 0 when none says one."""
    found = [part(holder).get("resource_version") for holder in holders]
    return max((value for value in found if type(value) is int and value > 0), default=0)
