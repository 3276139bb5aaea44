"""One kind of record in a batch: what is known of it, what is new, what has changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from revops.canonical.operations.change import Telling
from revops.canonical.operations.rows import LED_TO, FieldChange, Row
from revops.kernel import strict_json
from revops.store import sql

R = TypeVar("R", bound=Row)

# A row class says its columns' types by its annotations.
_TYPES: Final = {
    "int": "bigint",
    "str": "text",
    "Json": "jsonb",
    "date": "date",
    "datetime": "timestamptz",
    "Decimal": "numeric",
    "bool": "boolean",
}
# A record keeps the story and the event that it began with; whose customer it is, is decided by
# ``parties.py`` and by people, never by what a system says of it.
_FIXED: Final = ("id", "source_id", "correlation_id", "first_event_id", "party_id")
# What no person reads is no history.
_UNTOLD: Final = frozenset({"tax_key", "content_sha256"})


class Table(Generic[R]):
    """
    Rows of one kind of one connection, by source id and by our id.

    ``only`` is the value of ``type`` where one table of the database holds several kinds.
    """

    def __init__(
        self, name: str, row: type[R], connection_id: int, *, table: str = "", only: str = ""
    ) -> None:
        self.name = name
        self.table = f"canonical_{table or name}"
        self._row = row
        self._connection_id = connection_id
        self._only = only
        self._columns = tuple(field.name for field in fields(row))
        self._types = tuple(
            _TYPES[str(field.type).removesuffix(" | None")] for field in fields(row)
        )
        self._json_at = [i for i, kind in enumerate(self._types) if kind == "jsonb"]
        self.json_columns = frozenset(self._columns[index] for index in self._json_at)
        self._by_source: dict[str, R] = {}
        self._by_id: dict[int, R] = {}
        self._new: dict[int, R] = {}
        self._changed: dict[int, R] = {}
        self.history: list[FieldChange] = []
        self._ids: list[int] = []

    def load(self, source_ids: Iterable[str] = (), ids: Iterable[int] = ()) -> None:
        """Read what is known under these ids and not yet in memory."""
        wanted = [one for one in set(source_ids) if one and one not in self._by_source]
        by_id = [one for one in set(ids) if one not in self._by_id]
        if not wanted and not by_id:
            return
        select = ", ".join(
            f"{column}::text" if kind == "jsonb" else column
            for column, kind in zip(self._columns, self._types, strict=True)
        )
        only = f" AND type = '{self._only}'" if self._only else ""
        found = sql.rows(
            f"SELECT {select} FROM {self.table} "  # noqa: S608  own literals
            f"WHERE (connection_id = %s AND source_id = ANY(%s){only}) OR id = ANY(%s)",
            (self._connection_id, wanted, by_id),
        )
        for values in map(list, found):
            for index in self._json_at:
                # The database has its own spelling; ours is canonical, so that equal is equal.
                values[index] = strict_json.dumps(strict_json.loads(values[index]))
            self._keep(self._row(**dict(zip(self._columns, values, strict=True))))

    def reserve(self, count: int) -> None:
        """Fetch ids for up to ``count`` records that may turn out to be new."""
        self._ids.extend(sql.new_ids(self.table, count - len(self._ids)))

    def get(self, source_id: str) -> R | None:
        return self._by_source.get(source_id)

    def by_id(self, record_id: int) -> R:
        return self._by_id[record_id]

    def missing(self, source_ids: Iterable[str]) -> int:
        return sum(1 for source_id in set(source_ids) if source_id not in self._by_source)

    def add(self, **values: Any) -> R:
        record_id = self._ids.pop() if self._ids else sql.new_ids(self.table, 1)[0]
        row = self._row(id=record_id, **values)
        self._keep(row)
        self._new[row.id] = row
        return row

    def change(self, row: R, told: Telling, **values: Any) -> bool:
        """
        Set what differs, and remember it for the history. Whether anything did.

        A reference that changes loses the record it led to, which ``links.py`` then finds again.
        """
        changed = False
        for name, value in values.items():
            before = getattr(row, name)
            if before == value:
                continue
            setattr(row, name, value)
            changed = True
            if row.id not in self._new and name not in _UNTOLD:
                self.history.append(
                    FieldChange(self.name, row.id, name.removesuffix("_id"), before, value, told)
                )
            led_to = LED_TO.get((self.name, name))
            if led_to and led_to not in values:
                setattr(row, led_to, None)
        if changed:
            self._touch(row)
        return changed

    def advance(self, row: R, **values: Any) -> None:
        """Set what orders versions; that is no change of the record."""
        if any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            self._touch(row)

    def _touch(self, row: R) -> None:
        if row.id not in self._new:
            self._changed[row.id] = row

    def is_new(self, row: R) -> bool:
        """Whether this batch made the record."""
        return row.id in self._new

    def known(self) -> list[R]:
        return list(self._by_id.values())

    def new(self) -> list[R]:
        return list(self._new.values())

    def changed(self) -> list[R]:
        return list(self._changed.values())

    def flush(self, at: datetime) -> None:
        """Write what is new and what has changed."""
        names = ", ".join(f'"{column}"' for column in self._columns)
        arrays = ", ".join(f"%b::{kind}[]" for kind in self._types)
        if self._new:
            sql.run(
                f"INSERT INTO {self.table} "  # noqa: S608  own literals
                f"({names}, connection_id, created_at, updated_at) "
                f"SELECT new.*, %s, %s, %s FROM unnest({arrays}) AS new",
                [
                    self._connection_id, at, at,
                    *self._by_column(self._new.values()),
                ],
            )  # fmt: skip
        if self._changed:
            assign = ", ".join(
                f'"{column}" = new."{column}"' for column in self._columns if column not in _FIXED
            )
            sql.run(
                f"UPDATE {self.table} AS old "  # noqa: S608  own literals
                f"SET {assign}, updated_at = %s FROM unnest({arrays}) AS new ({names}) "
                "WHERE old.id = new.id",
                [at, *self._by_column(self._changed.values())],
            )

    def _by_column(self, rows: Iterable[R]) -> list[list[Any]]:
        held = list(rows)
        return [[getattr(row, column) for row in held] for column in self._columns]

    def _keep(self, row: R) -> None:
        self._by_source[row.source_id] = row
        self._by_id[row.id] = row
