"""
Reading raw usage: CloudEvents or plain records, one by one. Pure.

A plain record is ``{"usage_id", "customer_id", "subscription_id", "meter", "quantity",
"used_at"}`` with an optional ``source``. A CloudEvent is known by its ``specversion``: ``id`` and
``source`` name it, ``time`` is when, and ``data`` holds the rest; its ``subject`` is the customer
and its ``type`` the meter where ``data`` names none, and without a quantity it is one use.

A record that does not hold becomes a ``Bad`` with one sentence for whoever sent it, never an
exception: the good ones beside it are stored all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from revops.kernel import strict_json

LONGEST_ID: Final = 120
LONGEST_SOURCE: Final = 200
LONGEST_LINE: Final = 64 * 1024
KEPT_OF_BAD: Final = 8_000
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
# Clocks differ; a day ahead is a mistake.
AHEAD: Final = timedelta(hours=24)

_ID = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]+")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,12})?", re.ASCII)


class Raw(NamedTuple):
    """One record as it is stored. ``quantity`` in digits, one form for one number; UTC."""

    source: str
    usage_id: str
    customer_ref: str
    subscription_ref: str
    meter: str
    quantity: str
    used_at: datetime


class Bad(NamedTuple):
    """A record that is kept without being counted, and why, as a sentence for its sender."""

    usage_id: str
    body: str
    reason: str


class _Wrong(ValueError):
    pass


def read(item: Any, *, source: str, now: datetime) -> Raw | Bad:
    """
    A parsed JSON value as a record; ``source`` is the default for one that names none. ``now``
    bounds how far ahead its time may be.
    """
    try:
        if not isinstance(item, Mapping):
            raise _Wrong("A usage record is a JSON object.")
        if "specversion" in item:
            return _cloud_event(item, now)
        return _plain(item, source, now)
    except _Wrong as error:
        return bad(item, str(error))


def read_line(line: bytes, *, source: str, now: datetime) -> Raw | Bad:
    """One line of NDJSON."""
    try:
        return read(strict_json.loads(line, max_bytes=LONGEST_LINE), source=source, now=now)
    except strict_json.JsonRefused as error:
        text = line[:KEPT_OF_BAD].decode("utf-8", "replace")
        return Bad("", strict_json.storable(text)[0], str(error))


def read_all(items: Iterable[Any], *, source: str, now: datetime) -> list[Raw | Bad]:
    return [read(item, source=source, now=now) for item in items]


def bad(item: Any, reason: str) -> Bad:
    """What cannot be read, as it came."""
    held = item.get("usage_id", item.get("id")) if isinstance(item, Mapping) else None
    name = held[:LONGEST_ID] if isinstance(held, str) else ""
    body = strict_json.storable(strict_json.dumps(item))[0][:KEPT_OF_BAD]
    return Bad(strict_json.storable(name)[0], body, reason)


def _plain(item: Mapping[str, Any], source: str, now: datetime) -> Raw:
    return _raw(
        _text(item, "source", LONGEST_SOURCE) or source,
        _text(item, "usage_id", needed=True),
        _text(item, "customer_id"),
        _text(item, "subscription_id"),
        _text(item, "meter", needed=True),
        _quantity(item.get("quantity")),
        _instant(item.get("used_at"), "used_at", now),
    )


def _cloud_event(item: Mapping[str, Any], now: datetime) -> Raw:
    if item["specversion"] != "1.0":
        raise _Wrong("The specversion of a CloudEvent is 1.0.")
    data = item.get("data")
    if data is None:
        if item.get("data_base64") is not None:
            raise _Wrong("The data of a usage event is a JSON object, not data_base64.")
        data = {}
    if not isinstance(data, Mapping):
        raise _Wrong("The data of a usage event is a JSON object.")
    return _raw(
        _text(item, "source", LONGEST_SOURCE, needed=True),
        _text(item, "id", needed=True),
        _text(data, "customer_id") or _text(item, "subject"),
        _text(data, "subscription_id"),
        _text(data, "meter") or _text(item, "type", needed=True),
        _quantity(data.get("quantity", 1)),
        _instant(data.get("used_at", item.get("time")), "time", now),
    )


def _raw(
    source: str, usage_id: str, customer: str, subscription: str, meter: str, quantity: str,
    used_at: datetime,
) -> Raw:  # fmt: skip
    if not (customer or subscription):
        raise _Wrong("The record names neither a customer_id nor a subscription_id.")
    return Raw(source, usage_id, customer, subscription, meter, quantity, used_at)


def _text(
    item: Mapping[str, Any], name: str, longest: int = LONGEST_ID, *, needed: bool = False
) -> str:
    value = item.get(name)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise _Wrong(f"“{name}” is a text.")
    value = value.strip()
    if not value:
        if needed:
            raise _Wrong(f"“{name}” is missing.")
        return ""
    if len(value) > longest:
        raise _Wrong(f"“{name}” is longer than {longest} characters.")
    if not _ID.fullmatch(value):
        raise _Wrong(f"“{name}” holds control characters.")
    return value


def _quantity(value: Any) -> str:
    """Digits without trailing zeros, so that equal numbers are equal texts."""
    kind = type(value)
    text = format(value, "f") if kind is Decimal else value if kind is str else None
    if kind is int:
        text = str(value)
    if text is None or not _NUMBER.fullmatch(text):
        if value is None:
            raise _Wrong("“quantity” is missing.")
        raise _Wrong("“quantity” is a number of at most 15 digits before its point, 12 after it.")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if kind is str:
        text = format(Decimal(text), "f")  # 007 is 7
    return "0" if text == "-0" else text


def _instant(value: Any, name: str, now: datetime) -> datetime:
    if not isinstance(value, str):
        raise _Wrong(f"“{name}” is missing: an instant such as 2026-10-31T23:59:59Z.")
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise _Wrong(f"“{name}” needs its time zone, such as 2026-10-31T23:59:59Z.")
        moment = moment.astimezone(UTC)
    except _Wrong:
        raise
    except (ValueError, OverflowError):
        raise _Wrong(f"“{name}” is no instant such as 2026-10-31T23:59:59Z.") from None
    if moment < EARLIEST:
        raise _Wrong(f"“{name}” is before the year 2000.")
    if moment > now + AHEAD:
        raise _Wrong(f"“{name}” is in the future.")
    return moment
