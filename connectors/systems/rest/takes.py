"""
What a field is made of: a path with a conversion, a constant, an object of fields, a list made of
a list. And what has to hold for an object to count.

    "data.customer.id"                                        a path, as text
    {"path": "amount", "as": "minor", "currency": "currency"}
    {"path": "state", "map": {"shipped": "done"}, "otherwise": ""}
    {"path": "lines[].price", "as": "integer", "of": "sum"}
    {"value": "usd"}
    {"fields": {"start": {"path": "from", "as": "day"}}}
    {"each": "lines", "when": [...], "fields": {...}}         paths in it start at the line
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from connectors.contract import PayloadUnreadable
from connectors.systems.rest import converting
from connectors.systems.rest.asked import Node, Problems
from connectors.systems.rest.converting import Unfit
from connectors.systems.rest.paths import ABSENT, Path

MOST_FIELDS: Final = 80
DEEPEST: Final = 6
_OF: Final = ("first", "last", "sum", "count", "join")
_MANY_PLUS_DAYS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Scope:
    """``item`` is where paths start, ``whole`` the object for ``$``, ``zone`` that of the books."""

    item: Any
    whole: Any
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Constant:
    value: Any

    def make(self, scope: Scope, name: str) -> Any:
        return self.value


@dataclass(frozen=True, slots=True)
class Taken:
    """``kind`` is one of ``converting.KINDS``; ``currency`` only of money."""

    path: Path
    kind: str = "text"
    time: str = "iso"
    currency: Taken | Constant | None = None
    of: str = ""
    mapped: Mapping[str, Any] | None = None
    otherwise: Any = ABSENT
    plus_days: int = 0
    negate: bool = False

    def make(self, scope: Scope, name: str) -> Any:
        """ABSENT when nothing stands there. Raises PayloadUnreadable with the path's name."""
        found = self.path.read(scope.item, scope.whole)
        if self.path.many:
            if self.of == "count":
                return len(found)
            found = _one([self._convert(one, scope, name) for one in found], self.of)
        elif found is not ABSENT:
            found = self._convert(found, scope, name)
        if found is ABSENT:
            return self.otherwise
        return found if self.mapped is None else self._mapped(found, name)

    def _convert(self, value: Any, scope: Scope, name: str) -> Any:
        try:
            return self._converted(value, scope, name)
        except Unfit as unfit:
            raise PayloadUnreadable(f"“{self.path.text}”, for {name}, {unfit}.") from None

    def _converted(self, value: Any, scope: Scope, name: str) -> Any:
        match self.kind:
            case "minor" | "major":
                assert self.currency is not None
                code = str(self.currency.make(scope, f"the currency of {name}") or "").upper()
                scale = converting.minor if self.kind == "minor" else converting.major
                made = scale(value, code)
            case "instant":
                moment: datetime = converting.instant(value, self.time)
                return (moment + timedelta(days=self.plus_days)).isoformat()
            case "day":
                on: date = converting.day(value, self.time, scope.zone)
                return (on + timedelta(days=self.plus_days)).isoformat()
            case kind:
                made = converting.PLAIN[kind](value)
        return _negative(made) if self.negate else made

    def _mapped(self, found: Any, name: str) -> Any:
        assert self.mapped is not None
        key = str(found).lower() if isinstance(found, bool) else str(found)
        if key in self.mapped:
            return self.mapped[key]
        if self.otherwise is not ABSENT:
            return self.otherwise
        raise PayloadUnreadable(
            f"“{self.path.text}”, for {name}, is “{key[:60]}”, which the map does not name."
        )


@dataclass(frozen=True, slots=True)
class Group:
    fields: Mapping[str, Take]

    def make(self, scope: Scope, name: str) -> Any:
        return made(self.fields, scope, name)


@dataclass(frozen=True, slots=True)
class Each:
    """A list of objects, one for each item of a list for which ``when`` holds."""

    path: Path
    fields: Mapping[str, Take]
    when: Sequence[Condition] = ()

    def make(self, scope: Scope, name: str) -> Any:
        found = self.path.read(scope.item, scope.whole)
        if found is ABSENT:
            return []
        if not isinstance(found, list):
            raise PayloadUnreadable(f"“{self.path.text}”, for {name}, is no list.")
        scopes = [Scope(one, scope.whole, scope.zone) for one in found]
        return [
            made(self.fields, one, f"{name}[{place}]")
            for place, one in enumerate(scopes)
            if holds(self.when, one)
        ]


Take = Constant | Taken | Group | Each


@dataclass(frozen=True, slots=True)
class Condition:
    """``test`` is one of ``_TESTS``, on what stands at ``path``."""

    path: Path
    test: str
    value: Any = field(default=None)

    def holds(self, scope: Scope) -> bool:
        found = self.path.read(scope.item, scope.whole)
        if self.path.many:
            found = found or ABSENT
        match self.test:
            case "there":
                return (found is not ABSENT and found != "") is self.value
            case "is":
                return found is not ABSENT and _same(found, self.value)
            case "not":
                return found is ABSENT or not _same(found, self.value)
            case "in":
                return any(_same(found, one) for one in self.value)
            case _:
                return isinstance(found, str) and found.startswith(self.value)


_TESTS: Final = ("there", "is", "not", "in", "starts")


def holds(conditions: Sequence[Condition], scope: Scope) -> bool:
    """Whether all of them do."""
    return all(one.holds(scope) for one in conditions)


def made(fields: Mapping[str, Take], scope: Scope, name: str = "") -> dict[str, Any]:
    """The fields that there is something for. Raises PayloadUnreadable."""
    found = {}
    for key, take in fields.items():
        value = take.make(scope, f"{name}.{key}" if name else key)
        if value is not ABSENT:
            found[key] = value
    return found


def fields_of(node: Node, name: str = "fields", *, deep: int = 0) -> dict[str, Take]:
    """The fields of a mapping; what is wrong with them is told."""
    inner = node.node(name)
    if inner is None:
        node.wrong("", f"“{name}” is missing")
        return {}
    if not inner.value or len(inner.value) > MOST_FIELDS or deep > DEEPEST:
        inner.wrong("", f"this has to hold 1 to {MOST_FIELDS} fields, at most {DEEPEST} deep")
        return {}
    found = {
        key: take(value, inner.at(key), inner.problems, deep=deep)
        for key, value in inner.value.items()
    }
    return {key: one for key, one in found.items() if one is not None}


def take(value: Any, where: str, problems: Problems, *, deep: int = 0) -> Take | None:
    """One field; None when something is wrong with it, which is told."""
    node = Node.of({"path": value} if isinstance(value, str) else value, where, problems)
    before = len(problems)
    found: Take | None = None
    if "value" in node.value:
        node.only("value")
        found = Constant(node.value["value"])
    elif node.has("each"):
        node.only("each", "when", "fields")
        path = node.path("each")
        inner = fields_of(node, deep=deep + 1)
        found = Each(path, inner, conditions(node)) if path else None
    elif node.has("fields"):
        node.only("fields")
        found = Group(fields_of(node, deep=deep + 1))
    elif node.has("path"):
        found = _taken(node)
    elif len(problems) == before:
        node.wrong("", "a field is a path, or has “path”, “value”, “fields” or “each”")
    return found if len(problems) == before else None


def conditions(node: Node, name: str = "when") -> tuple[Condition, ...]:
    """All that has to hold; each names a path and one test."""
    found = []
    for one in node.rows(name):
        one.only("path", *_TESTS)
        path = one.path("path", needed=True, many=True)
        tests = [test for test in _TESTS if test in one.value]
        if len(tests) != 1:
            one.wrong("", f"name one of {', '.join(_TESTS)}")
            continue
        (test,) = tests
        value = one.value[test]
        if test == "there":
            value = one.flag(test)
        elif test == "in" and not (isinstance(value, list) and value):
            one.wrong(test, "this has to be a list of values")
        elif test == "starts":
            value = one.text(test, needed=True)
        if path is not None:
            found.append(Condition(path, test, value))
    return tuple(found)


def _taken(node: Node) -> Taken | None:
    node.only(
        "path", "as", "time", "currency", "of", "map", "otherwise", "plus_days", "negate"
    )  # fmt: skip
    path = node.path("path", needed=True, many=True)
    kind = node.choice("as", converting.KINDS, "text")
    if path is not None and path.many != node.has("of"):
        node.wrong("", f"“of” ({', '.join(_OF)}) belongs to a path with [] and to no other")
    of = node.choice("of", _OF)
    if (of == "sum" or node.has("negate")) and kind not in converting.COUNTED:
        node.wrong("", f"only {', '.join(converting.COUNTED)} can be added up or negated")
    if (node.has("time") or node.has("plus_days")) and kind not in converting.TIMED:
        node.wrong("", "“time” and “plus_days” belong to an instant or a day")
    if node.has("currency") != (kind in converting.MONEY):
        node.wrong("", "“currency” belongs to minor and major, and is needed there")
    currency: Taken | Constant | None = None
    if node.has("currency"):
        found = take(node.value["currency"], node.at("currency"), node.problems)
        if isinstance(found, Taken | Constant):
            currency = found
        elif found is not None:
            node.wrong("currency", "this has to be a path or a value")
    mapped = node.node("map")
    otherwise = node.value.get("otherwise", ABSENT)
    plus = node.number("plus_days", 0, least=-_MANY_PLUS_DAYS, most=_MANY_PLUS_DAYS)
    if path is None:
        return None
    return Taken(
        path, kind, node.choice("time", converting.TIMES, "iso"), currency,
        of, mapped.value if mapped else None, otherwise, plus,
        node.flag("negate"),
    )  # fmt: skip


def _one(found: list[Any], of: str) -> Any:
    if of == "sum":
        total = sum((Decimal(one) for one in found), Decimal(0))
        return format(total, "f") if any(isinstance(one, str) for one in found) else int(total)
    if of == "join":
        return ", ".join(str(one) for one in found) if found else ABSENT
    if not found:
        return ABSENT
    return found[0] if of == "first" else found[-1]


def _negative(value: Any) -> Any:
    return format(-Decimal(value), "f") if isinstance(value, str) else -value


def _same(found: Any, value: Any) -> bool:
    """Equal as JSON has it: true is not 1."""
    if isinstance(found, bool) or isinstance(value, bool):
        return found is value
    return bool(_plain(found) == _plain(value))


def _plain(value: Any) -> Any:
    """A body that a poll makes has decimals as their text."""
    return format(value, "f") if isinstance(value, Decimal) else value
