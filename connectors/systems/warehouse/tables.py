"""Tables of PostgreSQL for the facts, and the statements that fill them."""

from __future__ import annotations

from typing import Final

from psycopg import sql

from connectors.facts import FACTS, Column, Fact, Type
from connectors.loads import TABLE

_TYPES: Final = {
    Type.TEXT: "text",
    Type.INTEGER: "bigint",
    Type.NUMBER: "numeric",
    Type.DAY: "date",
    Type.INSTANT: "timestamptz",
    Type.JSON: "jsonb",
}


def make(schema: str) -> sql.Composed:
    """What is not there yet: the tables, their new columns, and the list of loads."""
    statements: list[sql.Composable] = [
        sql.SQL(
            "CREATE TABLE IF NOT EXISTS {table} (key text PRIMARY KEY, fact text NOT NULL, "
            "rows integer NOT NULL, sha256 text NOT NULL, loaded_at timestamptz NOT NULL "
            "DEFAULT now())"
        ).format(table=sql.Identifier(schema, TABLE))
    ]
    for fact in FACTS.values():
        table = sql.Identifier(schema, fact.name)
        statements.append(
            sql.SQL("CREATE TABLE IF NOT EXISTS {table} ({id} bigint PRIMARY KEY)").format(
                table=table, id=sql.Identifier("id")
            )
        )
        statements += [
            sql.SQL("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column}").format(
                table=table, column=_declared(column)
            )
            for column in fact.columns
            if column.name != "id"
        ]
    # Journals are listed with what their lines add up to.
    statements.append(
        sql.SQL("CREATE INDEX IF NOT EXISTS journal_lines_entry ON {lines} (entry_id)").format(
            lines=sql.Identifier(schema, "journal_lines")
        )
    )
    return sql.SQL("; ").join(statements)


def upsert(schema: str, fact: Fact) -> sql.Composed:
    """
    Rows as one JSON parameter. A row that is newer there than here stays: loads may come in any
    order.
    """
    names = [sql.Identifier(column.name) for column in fact.columns]
    changes = [
        sql.SQL("{name} = excluded.{name}").format(name=name) for name in names if name != names[0]
    ]
    return sql.SQL(
        "INSERT INTO {table} AS held ({names}) SELECT {names} "
        "FROM jsonb_to_recordset(%s::jsonb) AS told ({columns}) "
        "ON CONFLICT (id) DO UPDATE SET {changes} WHERE held.changed_at <= excluded.changed_at"
    ).format(
        table=sql.Identifier(schema, fact.name),
        names=sql.SQL(", ").join(names),
        columns=sql.SQL(", ").join(_declared(column) for column in fact.columns),
        changes=sql.SQL(", ").join(changes),
    )


def _declared(column: Column) -> sql.Composed:
    return sql.SQL("{name} {type}").format(
        name=sql.Identifier(column.name), type=sql.SQL(_TYPES[column.type])
    )
