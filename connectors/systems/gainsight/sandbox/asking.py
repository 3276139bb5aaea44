"""Queries as the data API takes them: select, where with aliases, order, limit and offset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from connectors.systems.gainsight.sandbox.tables import Row, Tables

MOST: Final = 5000


class Refused(Exception):
    """A call that is answered with ``result`` false. ``errors`` has a place for each record."""

    def __init__(
        self, code: str, said: str, *, status: int = 400, errors: list[Any] | None = None
    ) -> None:
        super().__init__(said)
        self.code = code
        self.said = said
        self.status = status
        self.errors = errors


_COMPARE: Final[Mapping[str, Callable[[Any, list[Any]], bool]]] = {
    "EQ": lambda value, given: value == given[0],
    "NE": lambda value, given: value != given[0],
    "IN": lambda value, given: value in given,
    "NOT_IN": lambda value, given: value not in given,
    "GT": lambda value, given: value is not None and value > given[0],
    "GTE": lambda value, given: value is not None and value >= given[0],
    "LT": lambda value, given: value is not None and value < given[0],
    "LTE": lambda value, given: value is not None and value <= given[0],
    "BTW": lambda value, given: value is not None and given[0] <= value <= given[1],
    "CONTAINS": lambda value, given: str(given[0]).lower() in str(value or "").lower(),
    "IS_NULL": lambda value, given: value is None,
    "IS_NOT_NULL": lambda value, given: value is not None,
}


def query(tables: Tables, name: str, body: Mapping[str, Any]) -> list[Row]:
    """Raises Refused."""
    select = body.get("select")
    if not isinstance(select, list) or not select:
        raise Refused("GSOBJ_1002", "Select fields can not be empty")
    rows = tables.all(name)
    _known(tables, name, select)
    where = body.get("where")
    if where:
        rows = [row for row in rows if _matches(tables, name, row, where)]
    for field, way in reversed(list((body.get("orderBy") or {}).items())):
        _known(tables, name, [field])

        def rank(row: Row, field: str = field) -> tuple[bool, Any]:
            value = tables.value(name, row, field)[1]
            return value is not None, value if value is not None else 0

        rows.sort(key=rank, reverse=str(way).lower() == "desc")
    limit, offset = int(body.get("limit", 1000)), int(body.get("offset", 0))
    if not 0 < limit <= MOST:
        raise Refused("GSOBJ_1023", f"Limit can not be more than {MOST}")
    return [
        {field: tables.value(name, row, field)[1] for field in select}
        for row in rows[offset : offset + limit]
    ]


def _known(tables: Tables, name: str, fields: list[str]) -> None:
    unknown = [field for field in fields if not tables.value(name, {}, str(field))[0]]
    if unknown:
        said = f"Invalid field, please re-check data mapping ({', '.join(unknown)})"
        raise Refused("GSOBJ_1002", said)


def _matches(tables: Tables, name: str, row: Row, where: Mapping[str, Any]) -> bool:
    held = {
        str(item["alias"]): _holds(tables, name, row, item)
        for item in where.get("conditions") or ()
    }
    words = str(where.get("expression") or "").split()
    aliases, joins = words[::2], set(words[1::2])
    if sorted(aliases) != sorted(held) or len(joins) > 1 or not joins <= {"AND", "OR"}:
        raise Refused("GSOBJ_1023", "Invalid expression in where clause")
    found = [held[alias] for alias in aliases]
    return any(found) if joins == {"OR"} else all(found)


def _holds(tables: Tables, name: str, row: Row, item: Mapping[str, Any]) -> bool:
    field, given = str(item["name"]), list(item.get("value") or [])
    _known(tables, name, [field])
    compare = _COMPARE.get(str(item.get("operator")))
    if compare is None:
        raise Refused("GSOBJ_1023", f"Invalid operator {item.get('operator')}")
    kind = tables.schema[name].get(field, "")
    if kind == "DATETIME":
        given = [_moment(value, field) for value in given]
    return compare(tables.value(name, row, field)[1], given)


def _moment(value: Any, field: str) -> int:
    try:
        parsed = datetime.fromisoformat(str(value))
    except ValueError:
        said = f"Invalid dateTime format ({field}= {value})"
        raise Refused("GSOBJ_1005", said) from None
    parsed = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return int(parsed.timestamp() * 1000)
