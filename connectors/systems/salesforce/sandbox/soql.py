"""SOQL, as far as queries of this console go: conditions, order, limit, lines and parents."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from connectors.systems.salesforce.sandbox.schema import KINDS
from connectors.systems.salesforce.sandbox.world import Refused, Row, World, long_id

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<word>[A-Za-z0-9_.:+-]+)|(?P<sign><=|>=|!=|[=<>(),]))"
)
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\S+")
Test = Callable[[Row], bool]


@dataclass(slots=True)
class Query:
    """``lines``: (relationship, its fields) of each subquery."""

    kind: str
    fields: list[str]
    lines: list[tuple[str, list[str]]]
    where: Test
    order: list[tuple[str, bool]]
    limit: int | None


def run(world: World, text: str, *, deleted: bool) -> tuple[Query, list[Row]]:
    """The query and what it finds. Raises Refused as MALFORMED_QUERY, INVALID_FIELD, …"""
    query = _Parser(world, text).query()
    found = [row for row in world.all(query.kind, deleted=deleted) if query.where(row)]
    for name, down in reversed(query.order):
        found.sort(key=lambda row: _sortable(row[name]), reverse=down)
    return query, found[: query.limit]


class _Parser:
    def __init__(self, world: World, text: str) -> None:
        self._world = world
        self._tokens: list[tuple[str, str]] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if not found:
                raise Refused("MALFORMED_QUERY", f"unexpected token: {text[place : place + 20]}")
            kind = found.lastgroup or ""
            self._tokens.append((kind, found[kind]))
            place = found.end()
        self._place = 0
        self._kind = ""

    def query(self) -> Query:
        fields, lines = self._select()
        kind = self._object()
        for name in fields:
            _check(kind, name)
        for relationship, names in lines:
            child = KINDS[kind].children.get(relationship)
            if child is None:
                words = f"Didn't understand relationship '{relationship}' in FROM part of query"
                raise Refused("INVALID_TYPE", words)
            for name in names:
                _check(child[0], name)
        where: Test = lambda row: True  # noqa: E731 - a condition that is left out
        if self._word("where"):
            where = self._any()
        order: list[tuple[str, bool]] = []
        if self._word("order"):
            self._need("by")
            while True:
                name = self._field()
                down = self._word("desc")
                self._word("asc")
                order.append((name, down))
                if not self._sign(","):
                    break
        limit = int(self._next()) if self._word("limit") else None
        if self._place < len(self._tokens):
            raise self._bad()
        return Query(kind, fields, lines, where, order, limit)

    def _select(self) -> tuple[list[str], list[tuple[str, list[str]]]]:
        self._need("select")
        fields: list[str] = []
        lines: list[tuple[str, list[str]]] = []
        while True:
            if self._sign("("):
                names, _ = self._select()
                lines.append((self._next(), names))
                self._need_sign(")")
            else:
                fields.append(self._next())
            if not self._sign(","):
                break
        self._need("from")
        return fields, lines

    def _object(self) -> str:
        self._kind = self._next()
        if self._kind not in KINDS:
            raise Refused("INVALID_TYPE", f"sObject type '{self._kind}' is not supported.")
        return self._kind

    def _any(self) -> Test:
        tests = [self._every()]
        while self._word("or"):
            tests.append(self._every())
        return lambda row: any(test(row) for test in tests)

    def _every(self) -> Test:
        tests = [self._one()]
        while self._word("and"):
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._sign("("):
            inner = self._any()
            self._need_sign(")")
            return inner
        name = self._field()
        plain = _comparable(KINDS[self._kind].fields[name])
        if self._word("in"):
            self._need_sign("(")
            values = [self._value(name)]
            while self._sign(","):
                values.append(self._value(name))
            self._need_sign(")")
            return lambda row: plain(row[name]) in values
        if self._word("like"):
            pattern = re.escape(str(self._value(name))).replace("%", ".*").replace("_", ".")
            like = re.compile(pattern, re.IGNORECASE | re.DOTALL)
            return lambda row: like.fullmatch(str(row[name] or "")) is not None
        sign = self._next()
        value = self._value(name)
        if sign not in _SIGNS:
            raise self._bad()
        compare = _SIGNS[sign]
        return lambda row: compare(plain(row[name]), value)

    def _field(self) -> str:
        name = self._next()
        _check(self._kind, name)
        return name

    def _value(self, field: str) -> Any:
        kind, raw = self._tokens[self._place] if self._place < len(self._tokens) else ("", "")
        self._place += 1
        if kind == "text":
            text = re.sub(r"\\(.)", r"\1", raw[1:-1])
            identity = KINDS[self._kind].fields[field].startswith("id")
            return long_id(text) if identity else text.casefold()
        if raw.lower() in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[raw.lower()]
        if _MOMENT.fullmatch(raw):
            return datetime.fromisoformat(raw)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", raw):
            return date.fromisoformat(raw)
        return Decimal(raw)

    def _next(self) -> str:
        if self._place >= len(self._tokens):
            raise self._bad()
        self._place += 1
        return self._tokens[self._place - 1][1]

    def _word(self, word: str) -> bool:
        found = self._place < len(self._tokens) and self._tokens[self._place][1].lower() == word
        self._place += found
        return found

    def _sign(self, sign: str) -> bool:
        return self._word(sign)

    def _need(self, word: str) -> None:
        if not self._word(word):
            raise self._bad()

    def _need_sign(self, sign: str) -> None:
        self._need(sign)

    def _bad(self) -> Refused:
        near = self._tokens[self._place][1] if self._place < len(self._tokens) else "<EOF>"
        return Refused("MALFORMED_QUERY", f"unexpected token: '{near}'")


def _check(kind: str, name: str) -> None:
    head, _, rest = name.partition(".")
    what = KINDS[kind]
    if rest and head in what.parents:
        _check(what.parents[head][1], rest)
    elif name not in what.fields:
        words = f"No such column '{name}' on entity '{kind}'."
        raise Refused("INVALID_FIELD", words)


def _less(left: Any, right: Any) -> bool:
    return left is not None and bool(left < right)


_SIGNS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "<": _less,
    "<=": lambda left, right: left == right or _less(left, right),
    ">": lambda left, right: left is not None and bool(left > right),
    ">=": lambda left, right: left is not None and bool(left >= right),
}


def _comparable(kind: str) -> Callable[[Any], Any]:
    """How values of a field compare: texts without their case, instants and days as such."""
    if kind == "datetime":
        return lambda value: value and datetime.fromisoformat(value)
    if kind == "date":
        return lambda value: value and date.fromisoformat(value)
    if kind.startswith("text"):
        return lambda value: value and value.casefold()
    return lambda value: value


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else "")
