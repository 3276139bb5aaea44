"""
The statements that this connector asks Snowflake to run, and no others.

Each is a single statement, because values can only be bound to single ones; whatever comes from a
load is bound, never written into the text. Names are upper case, so that people who query the
tables need no quotes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from connectors.facts import Column, Fact, Type
from connectors.loads import TABLE

_TYPES: Final = {
    Type.TEXT: "VARCHAR",
    Type.INTEGER: "NUMBER(38, 0)",
    Type.NUMBER: "NUMBER(38, 12)",
    Type.DAY: "DATE",
    Type.INSTANT: "TIMESTAMP_TZ",
    Type.JSON: "VARIANT",
}
_GIVEN: Final = "TABLE(FLATTEN(INPUT => PARSE_JSON(?)))"

WHO: Final = "SELECT CURRENT_VERSION(), CURRENT_ROLE(), CURRENT_WAREHOUSE()"
# Bound: the schema's name.
SCHEMA: Final = "SELECT COUNT(*) FROM INFORMATION_SCHEMA.SCHEMATA WHERE SCHEMA_NAME = ?"


def name(given: str) -> str:
    return f'"{given.upper()}"'


LOADS: Final = name(TABLE)

MAKE_LOADS: Final = (
    f'CREATE TABLE IF NOT EXISTS {LOADS} ("KEY" VARCHAR NOT NULL PRIMARY KEY, '
    '"FACT" VARCHAR NOT NULL, "ROWS" NUMBER(38, 0) NOT NULL, "SHA256" VARCHAR NOT NULL, '
    '"LOADED_AT" TIMESTAMP_LTZ NOT NULL)'
)

# Bound: the keys, as a JSON array.
HELD: Final = (
    f'SELECT "KEY", "SHA256" FROM {LOADS} '  # noqa: S608  our own names
    f'WHERE "KEY" IN (SELECT listed.VALUE::VARCHAR FROM {_GIVEN} listed)'
)

# Bound: key, fact, how many rows, digest. A key that is there stays as it is.
KEEP: Final = (
    f"MERGE INTO {LOADS} held USING "  # noqa: S608  our own names
    '(SELECT ? AS "KEY", ? AS "FACT", ? AS "ROWS", ? AS "SHA256") told '
    'ON held."KEY" = told."KEY" '
    'WHEN NOT MATCHED THEN INSERT ("KEY", "FACT", "ROWS", "SHA256", "LOADED_AT") '
    'VALUES (told."KEY", told."FACT", told."ROWS", told."SHA256", CURRENT_TIMESTAMP())'
)

# Bound: ids of entries, as a JSON array.
DEBITS: Final = (
    'SELECT "ENTRY_ID", SUM("AMOUNT") AS "DEBITS" FROM "JOURNAL_LINES" '  # noqa: S608  our own names
    'WHERE "AMOUNT" > 0 AND "ENTRY_ID" IN '
    f"(SELECT listed.VALUE::NUMBER(38, 0) FROM {_GIVEN} listed) "
    'GROUP BY "ENTRY_ID"'
)


def entries(most: int) -> str:
    """Bound: the last id, the first day, the last day."""
    return (
        'SELECT "ID", "LEGAL_ENTITY", "CURRENCY", TO_CHAR("ACCOUNTING_DATE", \'YYYY-MM-DD\') AS '  # noqa: S608  our own names
        '"DATED", "DOCUMENT_TYPE", "BUSINESS_KEY" FROM "JOURNAL_ENTRIES" '
        'WHERE "ID" > ? AND "ACCOUNTING_DATE" BETWEEN TO_DATE(?) AND TO_DATE(?) '
        f'ORDER BY "ID" LIMIT {most}'
    )


def make(fact: Fact) -> str:
    columns = ", ".join(
        f"{_declared(column)} NOT NULL PRIMARY KEY" if column.name == "id" else _declared(column)
        for column in fact.columns
    )
    return f"CREATE TABLE IF NOT EXISTS {name(fact.name)} ({columns})"


def look(fact: Fact) -> str:
    """No rows; its answer names the columns."""
    return f"SELECT * FROM {name(fact.name)} LIMIT 0"  # noqa: S608  our own names


def extend(fact: Fact, missing: Iterable[Column]) -> str:
    columns = ", ".join(_declared(column) for column in missing)
    return f"ALTER TABLE {name(fact.name)} ADD COLUMN {columns}"


def merge(fact: Fact) -> str:
    """
    Bound: the rows, as a JSON array of objects. All of them or none; a row that is newer there
    stays, so that loads may come in any order, and any of them again.
    """
    names = [name(column.name) for column in fact.columns]
    read = ", ".join(
        f'listed.VALUE:"{column.name}"::{_TYPES[column.type]} AS {name(column.name)}'
        for column in fact.columns
    )
    changes = ", ".join(f"{one} = told.{one}" for one in names if one != '"ID"')
    return (
        f"MERGE INTO {name(fact.name)} held "  # noqa: S608  our own names
        f'USING (SELECT {read} FROM {_GIVEN} listed) told ON held."ID" = told."ID" '
        f'WHEN MATCHED AND held."CHANGED_AT" <= told."CHANGED_AT" THEN UPDATE SET {changes} '
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(names)}) "
        f"VALUES ({', '.join(f'told.{one}' for one in names)})"
    )


def _declared(column: Column) -> str:
    return f"{name(column.name)} {_TYPES[column.type]}"
