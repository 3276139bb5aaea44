"""
Raw psycopg on Django's own connection: prepared statements, typed rows, arrays in and out.

Statements take whole batches (``unnest``). They run inside whatever transaction Django has open.
Errors are psycopg's (``psycopg.errors``), not Django's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import psycopg
from django.db import connection, transaction
from psycopg.rows import namedtuple_row

Params = Sequence[Any] | dict[str, Any] | None

# What PostgreSQL asks to be run again as a whole: serialization failure and deadlock.
TRANSIENT: Final = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


def _raw() -> psycopg.Connection[Any]:
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    return raw


def rows(statement: str, params: Params = None) -> list[Any]:
    """All rows as named tuples."""
    with psycopg.Cursor(_raw(), row_factory=namedtuple_row) as cursor:
        return cursor.execute(statement, params, prepare=True).fetchall()


def tuples(statement: str, params: Params = None) -> list[tuple[Any, ...]]:
    """All rows as plain tuples."""
    with psycopg.Cursor(_raw()) as cursor:
        return cursor.execute(statement, params, prepare=True).fetchall()


def one(statement: str, params: Params = None) -> Any | None:
    """The first row as a named tuple, or None."""
    with psycopg.Cursor(_raw(), row_factory=namedtuple_row) as cursor:
        return cursor.execute(statement, params, prepare=True).fetchone()


def run(statement: str, params: Params = None) -> int:
    """Execute and say how many rows were touched."""
    with psycopg.Cursor(_raw()) as cursor:
        return cursor.execute(statement, params, prepare=True).rowcount


def literal(statement: str, params: Params) -> str:
    """
    The statement with its values written into it, quoted by the driver: for what takes no
    parameters (``CREATE TABLE … AS``) and for plans that should know the values.
    """
    return psycopg.ClientCursor(_raw()).mogrify(statement, params)


def once(statement: str) -> list[Any]:
    """Execute a statement that is not worth preparing; its rows as named tuples, if it has any."""
    with psycopg.Cursor(_raw(), row_factory=namedtuple_row) as cursor:
        cursor.execute(statement, prepare=False)
        return cursor.fetchall() if cursor.description else []


def stream(statement: str, *, size: int = 2_000) -> Iterator[list[Any]]:
    """Rows in lots of ``size``, held by the server in between. Needs a transaction around it."""
    with psycopg.ServerCursor(_raw(), "stream", row_factory=namedtuple_row) as cursor:
        cursor.execute(statement)
        while found := cursor.fetchmany(size):
            yield found


def copy(statement: str, lines: Iterable[str]) -> None:
    """
    ``COPY … FROM STDIN`` in PostgreSQL's text format; every line ends in a line feed. The caller
    escapes what it writes (a backslash in a text is two).
    """
    with psycopg.Cursor(_raw()) as cursor, cursor.copy(statement) as into:
        into.write("".join(lines))


def new_ids(table: str, count: int) -> list[int]:
    """``count`` fresh ids of a table, so that a batch can refer to its own rows."""
    if not count:
        return []
    found = rows(
        "SELECT nextval(pg_get_serial_sequence(%s, 'id')) AS id FROM generate_series(1, %s)",
        (table, count),
    )
    return [row.id for row in found]


@lru_cache(maxsize=64)
def _insert_statement(
    table: str, columns: tuple[str, ...], types: tuple[str, ...], tail: str
) -> str:
    arrays = ", ".join(f"%b::{kind}[]" for kind in types)
    names = ", ".join(f'"{column}"' for column in columns)
    return f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}) {tail}"  # noqa: S608  the caller's literals


class Columns:
    """
    A table's columns with their SQL types, for inserting many rows in one statement.

    ``Columns("lineage_link", from_kind="text", …)``; rows are sequences in the same order. JSON
    columns take text and are typed ``text`` with a cast by the column itself where needed.
    """

    def __init__(self, table: str, **types: str) -> None:
        self.table = table
        self.names = tuple(types)
        self.types = tuple(types.values())

    def insert(self, values: Sequence[Sequence[Any]], tail: str = "") -> int:
        """Insert rows; ``tail`` is an ON CONFLICT clause. Says how many were written."""
        if not values:
            return 0
        statement = _insert_statement(self.table, self.names, self.types, tail)
        return run(statement, [list(column) for column in zip(*values, strict=True)])


@contextmanager
def atomic() -> Iterator[None]:
    """One transaction; nested use is a mistake here, because a batch is committed as a whole."""
    with transaction.atomic(durable=not _inside_test()):
        yield


def _inside_test() -> bool:
    # Django's TestCase wraps each test in a transaction, which ``durable`` would refuse.
    return bool(connection.in_atomic_block)


def lock_objects(keys: Iterable[str]) -> None:
    """
    Serialize work on the same objects until the transaction ends. Keys are locked in one order,
    so that two batches never wait for each other in a circle.
    """
    ordered = sorted(set(keys))
    if ordered:
        run(
            "SELECT pg_advisory_xact_lock(key) FROM "
            "(SELECT DISTINCT hashtextextended(k, 7) AS key FROM unnest(%b::text[]) AS k "
            "ORDER BY 1) AS ordered",
            (ordered,),
        )
