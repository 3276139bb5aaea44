"""
Reads the part of Snowflake's SQL that the sandbox runs
(https://docs.snowflake.com/en/sql-reference/sql-all): CREATE TABLE, ALTER TABLE … ADD COLUMN,
SELECT from a table or from a bound JSON array, and MERGE. Names are in double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.systems.snowflake.sandbox.values import Failed, known


@dataclass(frozen=True, slots=True)
class Expression:
    """
    One of: ``bound`` (the place of a ``?``), ``number``, ``call`` (a function's name, perhaps of
    ``column``), ``column`` of ``alias``, or with ``path`` a member of the JSON value there (“” for
    the value itself); cast to ``kind``.
    """

    name: str = ""
    bound: int = 0
    number: int | None = None
    call: str = ""
    alias: str = ""
    column: str = ""
    path: str | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """``column`` is in what ``among`` gives, or ``how`` (“=”, “>”, “BETWEEN”) to what is bound."""

    column: str
    how: str
    bound: tuple[Expression, ...] = ()
    among: Select | None = None


@dataclass(frozen=True, slots=True)
class Select:
    """
    From ``table``, from the JSON array bound at ``listed`` as ``alias``, or from nothing; all of
    ``where`` hold. ``group`` is the column by which SUM adds up.
    """

    items: tuple[Expression, ...]
    table: str = ""
    listed: int = 0
    alias: str = ""
    where: tuple[Condition, ...] = ()
    group: str = ""
    order: str = ""
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Make:
    table: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Extend:
    table: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """``on``: (column there, column told); ``while_``: the same, and the first is not greater."""

    table: str
    source: Select
    alias: str
    on: tuple[str, str]
    while_: tuple[str, str] | None
    changes: tuple[tuple[str, Expression], ...]
    columns: tuple[str, ...]
    values: tuple[Expression, ...] = field(default=())


Statement = Select | Make | Extend | Merge

_MAKE: Final = re.compile(r'CREATE TABLE IF NOT EXISTS "(\w+)" \((.*)\)')
_EXTEND: Final = re.compile(r'ALTER TABLE "(\w+)" ADD COLUMN (.*)')
_COLUMN: Final = re.compile(r'"(\w+)" (\w+(?:\(\d+(?:, ?\d+)?\))?)(?: NOT NULL)?(?: PRIMARY KEY)?')
_SELECT: Final = re.compile(
    r"SELECT (?P<items>.*?)(?: FROM (?P<source>.*?))?(?: WHERE (?P<where>.*?))?"
    r'(?: GROUP BY "(?P<group>\w+)")?(?: ORDER BY "(?P<order>\w+)")?(?: LIMIT (?P<limit>\d+))?'
)
_CONDITION: Final = re.compile(
    r'"?(?P<column>\w+)"? (?:IN \((?P<among>SELECT .*)\)|(?P<how>=|>) (?P<one>\S+)'
    r"|BETWEEN (?P<from>\S+) AND (?P<to>\S+))(?: AND |$)"
)
_LISTED: Final = re.compile(r"TABLE\(FLATTEN\(INPUT => PARSE_JSON\(\?(\d+)\)\)\)(?: (\w+))?")
_TABLE: Final = re.compile(r'"(\w+)"|(INFORMATION_SCHEMA\.SCHEMATA)')
_ITEM: Final = re.compile(r'(.*?)(?: AS "(\w+)")?')
_EXPRESSION: Final = re.compile(
    r"(?:(?:\?|TO_DATE\(\?)(?P<bound>\d+)\)?|(?P<number>\d+)"
    r"|(?P<call>\w+)\((?:\*|\"(?P<of>\w+)\"(?:, '[^']*')?)?\)"
    r'|(?:(?P<alias>\w+)\.)?(?:"(?P<column>\w+)"|(?P<bare>VALUE))(?::"(?P<path>\w+)")?)'
    r"(?:::(?P<kind>\w+(?:\(\d+(?:, ?\d+)?\))?))?"
)
_MERGE: Final = re.compile(
    r'MERGE INTO "(?P<table>\w+)" (?P<held>\w+) USING \((?P<source>SELECT .*)\) (?P<told>\w+) '
    r'ON (?P=held)\."(?P<on>\w+)" = (?P=told)\."(?P<with>\w+)"'
    r'(?: WHEN MATCHED AND (?P=held)\."(?P<older>\w+)" <= (?P=told)\."(?P<newer>\w+)" '
    r"THEN UPDATE SET (?P<changes>.*?))?"
    r" WHEN NOT MATCHED THEN INSERT \((?P<columns>[^)]*)\) VALUES \((?P<values>.*)\)"
)


def parsed(text: str) -> tuple[Statement, int]:
    """The statement and how many values are to be bound to it. Raises Failed."""
    plain, bound = _numbered(" ".join(text.split()))
    if match := _MAKE.fullmatch(plain):
        return Make(match[1], _columns(match[2])), bound
    if match := _EXTEND.fullmatch(plain):
        return Extend(match[1], _columns(match[2])), bound
    if match := _MERGE.fullmatch(plain):
        return _merge(match), bound
    return _select(plain), bound


def _numbered(text: str) -> tuple[str, int]:
    """``?`` with their places, outside of names; a second statement is refused."""
    out, places, quoted = [], 0, False
    for mark in text:
        quoted ^= mark == '"'
        out.append(mark)
        if quoted:
            continue
        if mark == ";":
            said = "Actual statement count 2 did not match the desired statement count 1."
            raise Failed("000008", "0A000", said)
        if mark == "?":
            places += 1
            out.append(str(places))
    return "".join(out), places


def _parts(text: str) -> Iterator[str]:
    """What commas part, outside of brackets."""
    depth, start = 0, 0
    for place, mark in enumerate(text):
        depth += (mark == "(") - (mark == ")")
        if mark == "," and depth == 0:
            yield text[start:place].strip()
            start = place + 1
    yield text[start:].strip()


def _columns(text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for part in _parts(text):
        match = _COLUMN.fullmatch(part)
        if match is None or not known(match[2]):
            raise _unknown(part)
        found.append((match[1], match[2]))
    return tuple(found)


def _select(text: str) -> Select:
    match = _SELECT.fullmatch(text)
    if match is None:
        raise _unknown(text)
    source = match["source"] or ""
    listed, table = _LISTED.fullmatch(source), _TABLE.fullmatch(source)
    if source and not listed and not table:
        raise _unknown(source)
    return Select(
        items=tuple(_item(part) for part in _parts(match["items"])),
        table=(table[1] or table[2]) if table else "",
        listed=int(listed[1]) if listed else 0,
        alias=(listed[2] or "") if listed else "",
        where=tuple(_conditions(match["where"] or "")),
        group=match["group"] or "",
        order=match["order"] or "",
        limit=int(match["limit"]) if match["limit"] else None,
    )


def _conditions(text: str) -> Iterator[Condition]:
    start = 0
    while start < len(text):
        match = _CONDITION.match(text, start)
        if match is None:
            raise _unknown(text[start:])
        start = match.end()
        told = [match[name] for name in ("one", "from", "to") if match[name]]
        yield Condition(
            column=match["column"],
            how="IN" if match["among"] else match["how"] or "BETWEEN",
            bound=tuple(_expression(one) for one in told),
            among=_select(match["among"]) if match["among"] else None,
        )


def _item(text: str) -> Expression:
    if text == "*":
        return Expression(column="*")
    match = _ITEM.fullmatch(text)
    if match is None:
        raise _unknown(text)
    return _expression(match[1], match[2] or "")


def _expression(text: str, name: str = "") -> Expression:
    match = _EXPRESSION.fullmatch(text)
    if match is None or (match["kind"] and not known(match["kind"])):
        raise _unknown(text)
    column = match["column"] or match["of"] or ""
    return Expression(
        name=name or column or text,
        bound=int(match["bound"] or 0),
        number=int(match["number"]) if match["number"] else None,
        call=match["call"] or "",
        alias=match["alias"] or "",
        column=column,
        path=(match["path"] or "") if match["bare"] else None,
        kind=match["kind"] or "",
    )


def _merge(match: re.Match[str]) -> Merge:
    changes = []
    for part in _parts(match["changes"]) if match["changes"] else ():
        column, _, value = part.partition(" = ")
        changes.append((column.strip('"'), _expression(value)))
    columns = _names(match["columns"])
    values = tuple(_expression(part) for part in _parts(match["values"]))
    if len(columns) != len(values):
        raise Failed("001031", "21S01", "SQL compilation error:\nInsert value list does not match "
                     f"column list expecting {len(columns)} but got {len(values)}")  # fmt: skip
    return Merge(
        table=match["table"],
        source=_select(match["source"]),
        alias=match["told"],
        on=(match["on"], match["with"]),
        while_=(match["older"], match["newer"]) if match["older"] else None,
        changes=tuple(changes),
        columns=columns,
        values=values,
    )


def _names(text: str) -> tuple[str, ...]:
    found: Sequence[str] = [part.strip('"') for part in _parts(text)]
    return tuple(found)


def _unknown(text: str) -> Failed:
    first = text.split(" ", 1)[0][:40]
    return Failed(
        "001003", "42000",
        f"SQL compilation error:\nsyntax error line 1 at position 0 unexpected '{first}'.",
    )  # fmt: skip
