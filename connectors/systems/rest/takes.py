"""
What a field is made of: a path with a conversion, a constant, an object of fields, a list made of
a list. And what has to hold for an object to count. ``spelling`` reads them from JSON:

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
from connectors.systems.rest.converting import Unfit
from connectors.systems.rest.paths import ABSENT, Path

OF: Final = ("first", "last", "sum", "count", "join")
TESTS: Final = ("there", "is", "not", "in", "starts")


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
    """``test`` is one of ``TESTS``, on what stands at ``path``."""

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


def _one(found: list[Any], of: str) -> Any:
    if of == "sum":
        if any(isinstance(one, str) for one in found):
            return format(sum((Decimal(one) for one in found), Decimal(0)), "f")
        return sum(found)
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
