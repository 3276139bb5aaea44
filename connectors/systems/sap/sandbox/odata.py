"""OData 2 as far as it is used: ``$filter``, ``$orderby``, ``$top``, ``$skip``, ``$select``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

Row = dict[str, Any]
_TOKEN: Final = re.compile(r"\s*(\(|\)|datetime'[^']*'|'(?:[^']|'')*'|[A-Za-z0-9_]+)")


class Invalid(Exception):
    """A query or a body that is refused with 400."""


def date(day: str) -> str:
    """An ISO day as ``/Date(milliseconds)/``."""
    return f"/Date({int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1000})/"


def listed(rows: Sequence[Row], asked: Mapping[str, str]) -> list[Row]:
    """Raises Invalid."""
    fits = _Filter(asked.get("$filter", "")).fits
    found = [row for row in rows if fits(row)]
    for name in reversed([part for part in asked.get("$orderby", "").split(",") if part]):
        found.sort(key=lambda row: _known(row, name))
    skip = int(asked.get("$skip") or 0)
    top = int(asked.get("$top") or len(found))
    return [_selected(row, asked.get("$select", "")) for row in found[skip : skip + top]]


def _selected(row: Row, names: str) -> Row:
    if not names:
        return {name: value for name, value in row.items() if not name.startswith("_own")}
    return {"__metadata": row.get("__metadata", {})} | {
        name: _known(row, name) for name in names.split(",")
    }


def _known(row: Row, name: str) -> Any:
    if name not in row:
        raise Invalid(f"Property {name} not found in type.")
    return row[name]


class _Filter:
    """``or`` binds weaker than ``and``; brackets."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._place = 0
        self._test: Callable[[Row], bool] = lambda row: True
        if self._tokens:
            self._test = self._either()
            if self._place != len(self._tokens):
                raise Invalid("The filter cannot be read.")

    def fits(self, row: Row) -> bool:
        return self._test(row)

    def _next(self) -> str:
        if self._place >= len(self._tokens):
            raise Invalid("The filter ends too early.")
        self._place += 1
        return str(self._tokens[self._place - 1])

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _either(self) -> Callable[[Row], bool]:
        parts = [self._both()]
        while self._peek() == "or":
            self._next()
            parts.append(self._both())
        return lambda row: any(part(row) for part in parts)

    def _both(self) -> Callable[[Row], bool]:
        parts = [self._one()]
        while self._peek() == "and":
            self._next()
            parts.append(self._one())
        return lambda row: all(part(row) for part in parts)

    def _one(self) -> Callable[[Row], bool]:
        first = self._next()
        if first == "(":
            inner = self._either()
            if self._next() != ")":
                raise Invalid("A bracket is not closed.")
            return inner
        operator, literal = self._next(), self._next()
        if operator not in _OPERATORS:
            raise Invalid(f"There is no operator {operator}.")
        compare = _OPERATORS[operator]
        if literal.startswith("datetime"):
            day = literal[9:-1][:10]
            return lambda row: compare(_millis(_known(row, first)), _millis(date(day)))
        wanted = literal[1:-1].replace("''", "'")
        return lambda row: compare(str(_known(row, first)), wanted)


def _millis(value: str) -> int:
    return int(value[6:-2])


_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": eq, "ne": ne, "gt": gt, "ge": ge, "lt": lt, "le": le,
}  # fmt: skip
