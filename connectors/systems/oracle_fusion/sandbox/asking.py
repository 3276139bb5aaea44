"""
The ``q`` of Fusion's REST, as of framework version 2: comparisons, LIKE with ``%``, ``and``,
``or``, parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Test = Callable[[Mapping[str, Any]], bool]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<join>and\b|or\b)"
    r"|(?P<name>[A-Za-z]\w*)\s*(?P<how><=|>=|<|>|=|LIKE\b)\s*"
    r"(?:'(?P<text>(?:[^']|'')*)'|(?P<number>-?[0-9.]+)))",
    re.IGNORECASE,
)
_COMPARE: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


class QueryInvalid(ValueError):
    """A query that cannot be read."""


def test(query: str) -> Test:
    """Raises QueryInvalid."""
    tokens = []
    place = 0
    while place < len(query.rstrip()):
        found = _TOKEN.match(query, place)
        if found is None:
            raise QueryInvalid(f"The query cannot be read from “{query[place : place + 20]}” on.")
        tokens.append(found)
        place = found.end()
    made, rest = _either(tokens)
    if rest:
        raise QueryInvalid("The query has more than it should.")
    return made


def of_scim(query: str) -> str:
    """A filter of SCIM (``name eq "value"``) in the words of ``q``."""
    told = re.sub(r"\beq\b", "=", query)
    return re.sub(r'"([^"]*)"', lambda found: "'" + found[1].replace("'", "''") + "'", told)


def _either(tokens: list[re.Match[str]]) -> tuple[Test, list[re.Match[str]]]:
    first, rest = _both(tokens)
    while rest and (rest[0]["join"] or "").lower() == "or":
        other, rest = _both(rest[1:])
        first = _or(first, other)
    return first, rest


def _both(tokens: list[re.Match[str]]) -> tuple[Test, list[re.Match[str]]]:
    first, rest = _one(tokens)
    while rest and (rest[0]["join"] or "").lower() == "and":
        other, rest = _one(rest[1:])
        first = _and(first, other)
    return first, rest


def _one(tokens: list[re.Match[str]]) -> tuple[Test, list[re.Match[str]]]:
    if not tokens:
        raise QueryInvalid("The query ends too early.")
    token, rest = tokens[0], tokens[1:]
    if token["open"]:
        inside, rest = _either(rest)
        if not rest or not rest[0]["close"]:
            raise QueryInvalid("A parenthesis is not closed.")
        return inside, rest[1:]
    if not token["name"]:
        raise QueryInvalid("A comparison was expected.")
    name, how = token["name"], token["how"].upper()
    wanted = (
        (token["text"] or "").replace("''", "'") if token["number"] is None else token["number"]
    )
    if how == "LIKE":
        parts = (re.escape(part) for part in wanted.split("%"))
        pattern = re.compile(".*".join(parts).replace("_", "."), re.DOTALL)
        return lambda row: pattern.fullmatch(_text(row, name)) is not None, rest
    compare = _COMPARE[how]
    return lambda row: compare(_text(row, name), wanted), rest


def _text(row: Mapping[str, Any], name: str) -> str:
    if name not in row:
        raise QueryInvalid(f"There is no attribute {name}.")
    return "" if row[name] is None else str(row[name])


def _or(one: Test, other: Test) -> Test:
    return lambda row: one(row) or other(row)


def _and(one: Test, other: Test) -> Test:
    return lambda row: one(row) and other(row)
