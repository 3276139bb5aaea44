"""Snowflake's types as the sandbox keeps them in SQLite: each value so that it sorts by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final


class Failed(Exception):
    """A statement that fails, as Snowflake numbers it; the message is its words."""

    def __init__(self, code: str, state: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.state = state


def read(kind: str, value: Any) -> Any:
    """A member of JSON cast to a type; JSON's null and what is absent are NULL. Raises Failed."""
    if value is None:
        return None
    try:
        return _READ[kind.partition("(")[0]](kind, value)
    except (ValueError, TypeError, InvalidOperation) as error:
        said = json.dumps(value)
        name = {"NUMBER": "FIXED"}.get(kind.partition("(")[0], kind)
        raise Failed("100071", "22000", f"Failed to cast variant value {said} to {name}") from error


def known(kind: str) -> bool:
    return kind.partition("(")[0] in _READ


def listed(bound: Any) -> list[Any]:
    """PARSE_JSON and FLATTEN of a bound text. Raises Failed."""
    try:
        found = json.loads(bound, parse_float=Decimal)
    except (TypeError, ValueError) as error:
        raise Failed("100069", "22P02", f"Error parsing JSON: {str(bound)[:40]}") from error
    return found if isinstance(found, list) else list(found.values())


def not_after(held: Any, told: Any) -> bool:
    """``<=``, as SQL has it: nothing is true of NULL."""
    return held is not None and told is not None and bool(held <= told)


def _number(kind: str, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise TypeError
    whole, _, scale = kind.partition("(")[2].rstrip(")").partition(",")
    found = round(Decimal(value), int(scale or 0))
    if len(found.as_tuple().digits) > int(whole or 38):
        raise ValueError
    return int(found) if not int(scale or 0) else format(found.normalize(), "f")


def _text(kind: str, value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _day(kind: str, value: Any) -> str:
    return date.fromisoformat(value).isoformat()


def _instant(kind: str, value: Any) -> str:
    found = datetime.fromisoformat(value)
    return (
        found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC).isoformat(timespec="microseconds")
    )


def _json(kind: str, value: Any) -> str:
    return json.dumps(value, default=str)


_READ: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "VARCHAR": _text,
    "NUMBER": _number,
    "DATE": _day,
    "TIMESTAMP_TZ": _instant,
    "TIMESTAMP_LTZ": _instant,
    "VARIANT": _json,
}
