"""
Runs statements on SQLite. As on Snowflake, each is done whole or not at all, a primary key is a
remark that nobody enforces, and a merge that would change a row twice fails.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from connectors.systems.snowflake.sandbox import values
from connectors.systems.snowflake.sandbox.grammar import (
    Expression,
    Extend,
    Make,
    Merge,
    Select,
    parsed,
)
from connectors.systems.snowflake.sandbox.values import Failed

VERSION: Final = "9.34.0"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What a statement gives: rows of texts and None, and for DML how many rows it touched."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    stats: Mapping[str, int] | None = None


class Engine:
    """``context`` are role, warehouse and schema. ``path`` keeps the tables over a restart."""

    def __init__(self, *, context: Mapping[str, str], path: str = "") -> None:
        self._context = context
        self._path = path
        self._open()

    def run(self, text: str, bound: Sequence[Any]) -> Told:
        """Raises Failed, and then nothing of it was done."""
        statement, places = parsed(text)
        if places != len(bound):
            raise Failed("002049", "42601", "SQL compilation error:\nBind variable not set.")
        try:
            with self.db:
                match statement:
                    case Make():
                        return self._make(statement)
                    case Extend():
                        return self._extend(statement)
                    case Merge():
                        return self._merge(statement, bound)
                    case Select():
                        return self._select(statement, bound)
        except sqlite3.Error as error:
            raise Failed("000603", "XX000", f"SQL execution internal error: {error}") from error

    def tables(self) -> dict[str, int]:
        """How many rows each holds, by its name in small letters."""
        found = self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
        return {
            name.lower(): self.db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608  a name from the catalogue
            for (name,) in found.fetchall()
        }  # fmt: skip

    def held(self, table: str, columns: Sequence[str]) -> list[list[Any]]:
        """As they are kept, by id. Raises Failed."""
        there = self._there(table)
        self._known(there, columns)
        names = ", ".join(f'"{name}"' for name in columns)
        found = self.db.execute(f'SELECT {names} FROM "{table}" ORDER BY "ID"')  # noqa: S608  names that were looked up
        return [list(row) for row in found.fetchall()]

    def journals(self, start: str, end: str) -> dict[str, dict[str, int]]:
        """By currency how many entries there are of these days, and what their lines debit."""
        found = self.db.execute(
            'SELECT held."CURRENCY", count(DISTINCT held."ID"), '
            'total(CASE WHEN line."AMOUNT" > 0 THEN line."AMOUNT" END) '
            'FROM "JOURNAL_ENTRIES" held '
            'LEFT JOIN "JOURNAL_LINES" line ON line."ENTRY_ID" = held."ID" '
            'WHERE held."ACCOUNTING_DATE" BETWEEN ? AND ? GROUP BY 1', (start, end),
        )  # fmt: skip
        return {code: {"count": count, "amount": int(amount)} for code, count, amount in found}

    def forget(self, table: str, column: str) -> None:
        """Raises Failed."""
        self._known(self._there(table), [column])
        with self.db:
            self.db.execute(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')

    def reset(self) -> None:
        self.db.close()
        if self._path:
            Path(self._path).unlink(missing_ok=True)
        self._open()

    def _open(self) -> None:
        self.db = sqlite3.connect(self._path or ":memory:", check_same_thread=False)

    def _make(self, asked: Make) -> Told:
        # Without types of SQLite's, which would turn texts of numbers into fractions.
        names = ", ".join(f'"{name}"' for name, _ in asked.columns)
        self.db.execute(f'CREATE TABLE IF NOT EXISTS "{asked.table}" ({names})')
        first = asked.columns[0][0]
        self.db.execute(
            f'CREATE INDEX IF NOT EXISTS "{asked.table}_1" ON "{asked.table}" ("{first}")'
        )
        return _status(f"Table {asked.table} successfully created.")

    def _extend(self, asked: Extend) -> Told:
        there = self._there(asked.table)
        for name, _ in asked.columns:
            if name in there:
                said = f"SQL compilation error:\ncolumn {name} already exists"
                raise Failed("001430", "42601", said)
            self.db.execute(f'ALTER TABLE "{asked.table}" ADD COLUMN "{name}"')
        return _status("Statement executed successfully.")

    def _merge(self, asked: Merge, bound: Sequence[Any]) -> Told:
        there = self._there(asked.table)
        self._known(there, [*asked.columns, asked.on[0], *(name for name, _ in asked.changes)])
        source = self._rows(asked.source, bound)
        theirs = [item.name for item in asked.source.items]
        self._known(theirs, [one.column for one in asked.values if one.column])
        added = changed = 0
        touched: set[int] = set()
        for row in source:
            told = {asked.alias: row}
            match = self.db.execute(
                f'SELECT rowid, * FROM "{asked.table}" WHERE "{asked.on[0]}" IS ?',  # noqa: S608  names that were looked up
                (row[asked.on[1]],),
            ).fetchall()
            for number, *kept in match:
                held = dict(zip(there, kept, strict=True))
                if asked.while_ is None or not values.not_after(
                    held[asked.while_[0]], row[asked.while_[1]]
                ):
                    continue
                if number in touched:
                    said = "Duplicate row detected during DML action"
                    raise Failed("100090", "42P18", f"{said}\nRow Values: [{row[asked.on[1]]}]")
                touched.add(number)
                self._change(asked, number, told)
                changed += 1
            if not match:
                added += self._add(asked, told)
        return Told(
            ("number of rows inserted", "number of rows updated"),
            ((str(added), str(changed)),),
            {"numRowsInserted": added, "numRowsUpdated": changed, "numRowsDeleted": 0},
        )

    def _change(self, asked: Merge, number: int, told: Mapping[str, Row]) -> None:
        sets = ", ".join(f'"{name}" = ?' for name, _ in asked.changes)
        given = [self._value(value, told, ()) for _, value in asked.changes]
        self.db.execute(f'UPDATE "{asked.table}" SET {sets} WHERE rowid = ?', (*given, number))  # noqa: S608  names that were looked up

    def _add(self, asked: Merge, told: Mapping[str, Row]) -> int:
        names = ", ".join(f'"{name}"' for name in asked.columns)
        marks = ", ".join("?" for _ in asked.columns)
        given = [self._value(value, told, ()) for value in asked.values]
        self.db.execute(f'INSERT INTO "{asked.table}" ({names}) VALUES ({marks})', given)  # noqa: S608  names that were looked up
        return 1

    def _select(self, asked: Select, bound: Sequence[Any]) -> Told:
        rows = self._rows(asked, bound)
        if asked.items[0].column == "*":
            names: tuple[str, ...] = self._there(asked.table)
        else:
            names = tuple(item.name for item in asked.items)
        shown = tuple(tuple(_shown(row[name]) for name in names) for row in rows)
        return Told(names, shown)

    def _rows(self, asked: Select, bound: Sequence[Any]) -> list[dict[str, Any]]:
        if asked.table == "INFORMATION_SCHEMA.SCHEMATA":
            wanted = self._value(asked.where[0].bound[0], {}, bound)
            return [{asked.items[0].name: int(wanted == self._context["schema"])}]
        if asked.listed:
            listed = values.listed(bound[asked.listed - 1])
            scopes: Iterable[Mapping[str, Any]] = ({asked.alias: {"VALUE": one}} for one in listed)
        elif asked.table:
            there = self._there(asked.table)
            self._known(there, [one.column for one in asked.items if one.column != "*"])
            kept = self._kept(asked, there, bound)
            if asked.items[0].column == "*":
                return kept
            if asked.group:
                return self._added(asked, kept)
            scopes = ({"": row} for row in kept)
        else:
            scopes = ({},)
        return [
            {item.name: self._value(item, scope, bound) for item in asked.items}
            for scope in scopes
        ]  # fmt: skip

    def _added(self, asked: Select, kept: Iterable[Row]) -> list[dict[str, Any]]:
        """A row for each value of the group; what is not it is SUM."""
        sums: dict[Any, dict[str, Any]] = {}
        for row in kept:
            held = sums.setdefault(row[asked.group], {asked.group: row[asked.group]})
            for item in asked.items:
                if item.call == "SUM":
                    held[item.name] = held.get(item.name, 0) + (row[item.column] or 0)
        return list(sums.values())

    def _kept(
        self, asked: Select, there: Sequence[str], bound: Sequence[Any]
    ) -> list[dict[str, Any]]:
        parts, given = [], []
        for one in asked.where:
            self._known(there, [one.column])
            if one.among is not None:
                told = [next(iter(row.values())) for row in self._rows(one.among, bound)]
                parts.append(f'"{one.column}" IN ({", ".join("?" for _ in told)})')
            else:
                told = [self._value(value, {}, bound) for value in one.bound]
                parts.append(f'"{one.column}" {one.how} {" AND ".join("?" for _ in told)}')
            given += told
        where = f" WHERE {' AND '.join(parts)}" if parts else ""
        order = f' ORDER BY "{asked.order}"' if asked.order else ""
        limit = "" if asked.limit is None else f" LIMIT {asked.limit}"
        found = self.db.execute(f'SELECT * FROM "{asked.table}"{where}{order}{limit}', given)  # noqa: S608  names that were looked up
        return [dict(zip(there, row, strict=True)) for row in found.fetchall()]

    def _value(self, one: Expression, scope: Mapping[str, Row], bound: Sequence[Any]) -> Any:
        if one.bound:
            value = bound[one.bound - 1]
        elif one.number is not None:
            value = one.number
        elif one.call == "TO_CHAR":
            value = scope[one.alias][one.column]  # days are kept as it would write them
        elif one.call:
            return self._called(one.call)
        elif one.path is not None:
            value = scope[one.alias]["VALUE"]
            value = value.get(one.path) if one.path and isinstance(value, dict) else value
        else:
            value = scope[one.alias][one.column]
        return values.read(one.kind, value) if one.kind else value

    def _called(self, name: str) -> str | None:
        match name:
            case "CURRENT_VERSION":
                return VERSION
            case "CURRENT_ROLE" | "CURRENT_WAREHOUSE":
                return self._context[name.removeprefix("CURRENT_").lower()] or None
            case "CURRENT_TIMESTAMP":
                return datetime.now(UTC).isoformat(timespec="microseconds")
        raise Failed("002140", "42601", f"SQL compilation error:\nUnknown function {name}.")

    def _there(self, table: str) -> tuple[str, ...]:
        found = self.db.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
        if not found:
            said = f"SQL compilation error:\nObject '{table}' does not exist or not authorized."
            raise Failed("002003", "42S02", said)
        return tuple(name for (name,) in found)

    def _known(self, there: Sequence[str], asked: Sequence[str]) -> None:
        for name in asked:
            if name not in there:
                said = "SQL compilation error: error line 1 at position 0\ninvalid identifier"
                raise Failed("000904", "42000", f"{said} '{name}'")


def _shown(value: Any) -> str | None:
    return None if value is None else str(value)


def _status(said: str) -> Told:
    return Told(("status",), ((said,),))
