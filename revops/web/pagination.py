"""
Pages of a list: by key for lists that grow (a page costs the same wherever it is, and new rows
do not shift it), by number for lists that stay small. No ``COUNT(*)`` over history: counts stop at
a cap and say so.

The page is in the address: ``?after=<cursor>``, ``?before=<cursor>`` or ``?page=3``. A cursor or
number that makes no sense gives the first page, never an error.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

T = TypeVar("T")
M = TypeVar("M", bound=Model)

SIZES: Final = (25, 50, 100)
COUNT_CAP: Final = 10_000
_LONGEST_CURSOR: Final = 1_000
_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "n": Decimal,
}


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows match; ``capped`` when counting stopped: 10,000+."""

    number: int
    capped: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.capped else ''}"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """
    Some rows of a list. ``first`` counts from 1 and is 0 for an empty page. ``previous`` and
    ``next`` are changes to the address (for ``querystring_with``), or None at an end.
    """

    rows: list[T]
    first: int
    size: int
    count: Count | None
    previous: Mapping[str, str] | None
    next: Mapping[str, str] | None

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0

    @property
    def number(self) -> int:
        return max(0, self.first - 1) // self.size + 1

    @property
    def pages(self) -> int | None:
        """How many pages there are, when the rows were counted to the end."""
        if self.count is None or self.count.capped:
            return None
        return max(1, -(-self.count.number // self.size))

    @property
    def title_part(self) -> str:
        """`` (page 2 of 4)`` for the page's title; nothing when there is one page."""
        if self.previous is None and self.next is None:
            return ""
        return f" (page {self.number} of {self.pages})" if self.pages else f" (page {self.number})"


def page_size(text: str) -> int:
    """Rows a page, out of the address: 25, 50 or 100; anything else is 25."""
    return int(text) if text in {str(size) for size in SIZES} else SIZES[0]


def capped_count(rows: QuerySet[Any, Any], *, cap: int = COUNT_CAP) -> Count:
    """Count at most ``cap`` rows; the database stops looking after that."""
    found = rows.order_by()[: cap + 1].count()
    return Count(cap, capped=True) if found > cap else Count(found)


def numbered_page(
    rows: QuerySet[Any, T] | Sequence[T], *, number: str = "", size: int = SIZES[0]
) -> Page[T]:
    """The page of that number, for a list that is short enough to be counted whole."""
    total = rows.count() if isinstance(rows, QuerySet) else len(rows)
    pages = max(1, -(-total // size))
    asked = int(number) if number.isascii() and number.isdigit() and len(number) < 8 else 1
    wanted = asked if 1 <= asked <= pages else 1
    start = (wanted - 1) * size
    found = list(rows[start : start + size])
    return Page(
        rows=found,
        first=start + 1 if found else 0,
        size=size,
        count=Count(total),
        previous=None if wanted == 1 else {"page": str(wanted - 1) if wanted > 2 else ""},
        next=None if wanted == pages else {"page": str(wanted + 1)},
    )


def keyset_page(
    rows: QuerySet[M, M],
    *,
    order: Sequence[str],
    after: str = "",
    before: str = "",
    size: int = SIZES[0],
    count: Count | None = None,
) -> Page[M]:
    """
    The rows that follow (or precede) a cursor in ``order``, such as ``("-impact", "pk")``.

    ``order`` names columns or annotations that are never null and are unique together; an index
    in that order makes the page cheap. Raises ValueError when a row has null in one of them.
    """
    backwards = bool(before)
    cursor = _read(before or after, len(order))
    found: list[M] = []
    start = 0
    if cursor is not None:
        start, values = cursor
        found = _beyond(rows, order, values, backwards=backwards, limit=size + 1)
    if not found or (backwards and len(found) < size):
        # No cursor, none of its rows left, or fewer before it than a page: show the first page.
        backwards, start = False, 0
        found = list(rows.order_by(*order)[: size + 1])
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
        start = max(0, start - len(found)) if more else 0
    at_start = not more if backwards else start == 0
    at_end = not backwards and not more
    return Page(
        rows=found,
        first=start + 1 if found else 0,
        size=size,
        count=count,
        previous=None if at_start or not found else {"before": _write(start, found[0], order)},
        next=None if at_end else {"after": _write(start + len(found), found[-1], order)},
    )


def _beyond(
    rows: QuerySet[M, M],
    order: Sequence[str],
    values: Sequence[Any],
    *,
    backwards: bool,
    limit: int,
) -> list[M]:
    """Rows past the values, nearest first; none when the values are not of the columns' kinds."""
    signs = [name.startswith("-") != backwards for name in order]
    names = [name.removeprefix("-") for name in order]
    condition, equal = Q(), Q()
    for name, falls, value in zip(names, signs, values, strict=True):
        condition |= equal & Q(**{f"{name}__{'lt' if falls else 'gt'}": value})
        equal &= Q(**{name: value})
    # Implied by the rest, but a plain bound on the first column is what an index can use.
    bound = Q(**{f"{names[0]}__{'lte' if signs[0] else 'gte'}": values[0]})
    turned = [f"-{name}" if falls else name for name, falls in zip(names, signs, strict=True)]
    try:
        return list(rows.filter(bound, condition).order_by(*turned)[:limit])
    except (TypeError, ValueError, ValidationError):
        return []


def _write(position: int, row: Model, order: Sequence[str]) -> str:
    values = []
    for name in order:
        value: Any = row
        for part in name.removeprefix("-").split("__"):
            value = getattr(value, part)
        values.append(_packed(value))
    text = json.dumps([position, values], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")


def _packed(value: Any) -> Any:
    match value:
        case None:
            raise ValueError("A list is ordered by columns that are never null.")
        case bool() | int() | str():
            return value
        case datetime():
            return {"t": value.isoformat()}
        case date():
            return {"d": value.isoformat()}
        case _:
            return {"n": str(Decimal(value))}


def _read(text: str, length: int) -> tuple[int, list[Any]] | None:
    if not text or len(text) > _LONGEST_CURSOR:
        return None
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        position, packed = json.loads(raw)
        values = [_unpacked(value) for value in packed]
    except (binascii.Error, InvalidOperation, KeyError, TypeError, ValueError, RecursionError):
        return None
    if type(position) is not int or position < 0 or len(values) != length:
        return None
    return position, values


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict):
        ((kind, text),) = value.items()
        return _READERS[kind](text)
    if isinstance(value, int) and abs(value) < 2**63:
        return value
    if isinstance(value, str) and "\x00" not in value:
        return value
    raise ValueError("This is no value of a cursor.")
