"""How fields and conditions are written; what is wrong with them is told (``asked.Problems``)."""

from __future__ import annotations

from typing import Any, Final

from connectors.systems.rest import converting
from connectors.systems.rest.asked import Node, Problems
from connectors.systems.rest.paths import ABSENT
from connectors.systems.rest.takes import (
    OF,
    TESTS,
    Condition,
    Constant,
    Each,
    Group,
    Take,
    Taken,
)

MOST_FIELDS: Final = 80
DEEPEST: Final = 6
_MOST_DAYS: Final = 4_000


def fields_of(node: Node, name: str = "fields", *, deep: int = 0) -> dict[str, Take]:
    """The fields of a mapping; what is wrong with them is told."""
    inner = node.node(name)
    if inner is None:
        node.wrong("", f"“{name}” is missing")
        return {}
    if not inner.value or len(inner.value) > MOST_FIELDS or deep > DEEPEST:
        inner.wrong("", f"this has to hold 1 to {MOST_FIELDS} fields, at most {DEEPEST} deep")
        return {}
    # What is wrong is told once, and stands for something: else it would be told as missing, too.
    return {
        key: take(value, inner.at(key), inner.problems, deep=deep) or Constant(None)
        for key, value in inner.value.items()
    }


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
        one.only("path", *TESTS)
        path = one.path("path", needed=True, many=True)
        tests = [test for test in TESTS if test in one.value]
        if len(tests) != 1:
            one.wrong("", f"name one of {', '.join(TESTS)}")
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
        node.wrong("", f"“of” ({', '.join(OF)}) belongs to a path with [] and to no other")
    of = node.choice("of", OF)
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
    plus = node.number("plus_days", 0, least=-_MOST_DAYS, most=_MOST_DAYS)
    if path is None:
        return None
    return Taken(
        path, kind, node.choice("time", converting.TIMES, "iso"), currency,
        of, mapped.value if mapped else None, otherwise, plus,
        node.flag("negate"),
    )  # fmt: skip
