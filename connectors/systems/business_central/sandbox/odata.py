"""Collections as OData 4 lists them: filter, order and pages, as far as they are used."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

Row = dict[str, Any]
MOST: Final = 20_000
_TERM: Final = re.compile(r"([A-Za-z]+) (eq|ne|gt|ge|lt|le) (.+)", re.DOTALL)
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T.+")


class Refused(Exception):
    """An answer of Business Central that is no success."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def refused(message: str, code: str = "Application_DialogException", status: int = 400) -> Refused:
    return Refused(status, code, message)


def listed(rows: Sequence[Row], asked: Mapping[str, str], size: int) -> tuple[list[Row], int]:
    """A page, and where the next begins: 0 at the end. Raises Refused."""
    found = [row for row in rows if _fits(asked.get("$filter", ""), row)]
    for field in reversed([part for part in asked.get("$orderby", "").split(",") if part]):
        name, _, way = field.strip().partition(" ")
        found.sort(key=lambda row: _value(row, name), reverse=way == "desc")
    if "$top" in asked:
        found = found[: int(asked["$top"])]
    start = int(asked.get("$skiptoken") or 0)
    size = min(size, MOST)
    return found[start : start + size], start + size if len(found) > start + size else 0


def _fits(text: str, row: Row) -> bool:
    return all(_clause(part, row) for part in _parts(text, " and ")) if text else True


def _clause(text: str, row: Row) -> bool:
    if text.startswith("(") and text.endswith(")"):
        terms = _parts(text[1:-1], " or ")
        if len({term.partition(" ")[0] for term in terms}) > 1:
            raise refused(
                "The 'OR' operator is not supported on distinct fields on an OData filter.",
                "BadRequest_MethodNotImplemented",
            )
        return any(_clause(term, row) for term in terms)
    found = _TERM.fullmatch(text.strip())
    if found is None:
        raise refused("Bad Request - Error in query syntax", "BadRequest_NotFound")
    name, operator, literal = found.groups()
    value, wanted = _value(row, name), _literal(literal)
    if isinstance(wanted, datetime):
        value = datetime.fromisoformat(str(value))
    return _OPERATORS[operator](value, wanted)


_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": eq, "ne": ne, "gt": gt, "ge": ge, "lt": lt, "le": le,
}  # fmt: skip


def _parts(text: str, between: str) -> list[str]:
    """Split outside of quotes and brackets."""
    parts, depth, quoted, start, place = [], 0, False, 0, 0
    while place < len(text):
        letter = text[place]
        if letter == "'":
            quoted = not quoted
        elif not quoted and letter in "()":
            depth += 1 if letter == "(" else -1
        elif not quoted and not depth and text.startswith(between, place):
            parts.append(text[start:place])
            place = start = place + len(between)
            continue
        place += 1
    return [*parts, text[start:]]


def _literal(text: str) -> Any:
    text = text.strip()
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    if _INSTANT.fullmatch(text):
        return datetime.fromisoformat(text)
    if text in ("true", "false"):
        return text == "true"
    return text if "-" in text[1:] else Decimal(text)


def _value(row: Row, name: str) -> Any:
    if name not in row:
        raise refused(f"Could not find a property named '{name}'.", "BadRequest_NotFound")
    return row[name]
