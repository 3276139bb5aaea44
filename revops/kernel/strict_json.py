"""
JSON without surprises, in and out.

Python's reader accepts NaN, keeps the last of two equal keys, overflows its stack on deep nesting
and refuses long integers with the wrong error. Here each of these is one ``JsonRefused`` with a
sentence a sender can act on. Fractions become ``Decimal``.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn
from uuid import UUID

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 64
MAX_DIGITS: Final = 30

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_TOO_DEEP: Final = f"The body is nested deeper than {MAX_DEPTH} levels."


class JsonRefused(ValueError):
    """The text is not JSON that we accept; the message says why, in the sender's words."""


def loads(raw: bytes | str, *, max_bytes: int = MAX_BYTES) -> Any:
    """
    Parse UTF-8 JSON. Raises JsonRefused for anything malformed, ambiguous or oversized.

    A byte order mark, other encodings, NaN, Infinity, duplicate keys, nesting deeper than
    ``MAX_DEPTH`` and numbers longer than ``MAX_DIGITS`` are refused. NUL and lone surrogates,
    written as escapes, are valid JSON and come through: see ``storable_value``.
    """
    data = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    if len(data) > max_bytes:
        raise JsonRefused(f"The body is larger than {max_bytes} bytes.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonRefused("The body is not UTF-8 text.") from error
    if text.startswith("\ufeff"):
        raise JsonRefused("The body starts with a byte order mark.")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_decimal,
            parse_int=_integer,
        )
    except JsonRefused:
        raise
    except RecursionError as error:
        raise JsonRefused(_TOO_DEEP) from error
    except ValueError as error:
        raise JsonRefused(f"The body is not valid JSON: {error}.") from error
    # No text can nest deeper than it has brackets, and counting them is far cheaper than walking.
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(value)
    return value


def dumps(value: Any) -> str:
    """
    Canonical text: sorted keys, no spaces, no NaN; equal values give equal bytes.

    Decimals, dates, aware instants (as UTC) and UUIDs become texts. Lone surrogates stay escaped,
    so that the result is always valid UTF-8. Raises ValueError for NaN, Infinity and naive
    datetimes, TypeError for anything else that JSON cannot hold.
    """
    text = json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
        default=_plain,
    )
    # Python spells the escape of a lone surrogate as JSON does.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def storable(text: str) -> tuple[str, bool]:
    """Text that PostgreSQL can hold: NUL and lone surrogates become U+FFFD; says if any did."""
    if text.isascii() and "\x00" not in text:
        return text, False
    clean, replaced = _UNSTORABLE.subn("\ufffd", text)
    return clean, replaced > 0


def storable_value(value: Any) -> tuple[Any, bool]:
    """
    A parsed JSON value that a jsonb column can hold; every text and key as ``storable``.

    The second says if anything was replaced, which the record of the value has to show. Raises
    JsonRefused when two keys of one object become the same.
    """
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        items = [storable_value(item) for item in value]
        return [item for item, _ in items], any(changed for _, changed in items)
    if isinstance(value, dict):
        pairs = [(storable(key), storable_value(item)) for key, item in value.items()]
        clean = _unique([(key, item) for (key, _), (item, _) in pairs])
        return clean, any(of_key or of_item for (_, of_key), (_, of_item) in pairs)
    return value, False


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return
    raise JsonRefused(_TOO_DEEP)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                shown, _ = storable(key[:80])
                raise JsonRefused(f"The key “{shown}” appears twice in one object.")
            seen.add(key)
    return result


def _no_constant(name: str) -> NoReturn:
    raise JsonRefused(f"{name} is not a JSON number.")


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_DIGITS:
        raise JsonRefused(f"A number has more than {MAX_DIGITS} digits.")
    try:
        value = Decimal(text)
    except InvalidOperation as error:  # an exponent beyond Decimal's own limits
        raise JsonRefused("A number is beyond the range that we accept.") from error
    if abs(value.adjusted()) > MAX_DIGITS:
        raise JsonRefused("A number is beyond the range that we accept.")
    return value


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise JsonRefused(f"A number has more than {MAX_DIGITS} digits.")
    return int(text)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return _plain_decimal(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("An instant needs a time zone.")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical JSON form.")


def _plain_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not a JSON number.")
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
