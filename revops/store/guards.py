"""
For migrations: which rows of a table each database role sees, and what it may do to them.

    operations = [
        guards.scoped("ledger_journalentry", guards.entity()),
        guards.scoped("ledger_journalline", guards.through("entry_id", "ledger_journalentry")),
        guards.never_changed("ledger_journalentry", "ledger_journalline"),
    ]

A row without a legal entity is seen by those who see all of them, and by workers. A table that
belongs to an entity and has no policy is refused by ``tests/architecture/test_rows.py``. The roles
and what they are for: ``revops.store.rows``.
"""

from __future__ import annotations

from typing import Final

from django.db.migrations.operations import RunSQL

from revops.store.rows import ALL, DOOR, ROLES, SOME, WORKER

_ALL_ROLES: Final = ", ".join(ROLES)

CODES: Final = "string_to_array(current_setting('app.entities', true), ',')"
"""What the session sees, as codes; empty or null when nobody said."""


def entity(column: str = "legal_entity_id") -> str:
    """The row's own legal entity, by its id."""
    # In a sub-select, so that it is computed once for a query and not once for a row.
    return f"{column} = ANY ((SELECT revops_entities())::bigint[])"


def code(column: str) -> str:
    """The row's own legal entity, by its code."""
    return f"{column} = ANY ({CODES})"


def through(column: str, parent: str, key: str = "id") -> str:
    """Whoever sees the row of ``parent`` that ``column`` names sees this one."""
    return f"EXISTS (SELECT 1 FROM {parent} AS parent WHERE parent.{key} = {column})"  # noqa: S608  literals of a migration


def about(kind: str = "record_kind", id: str = "record_id") -> str:
    """Whoever sees the record of any kind that two columns name sees this row."""
    return f"revops_sees({kind}, {id})"


NOBODY: Final = "false"
"""Only those who see all entities."""


def scoped(table: str, condition: str, *, added: str = "", door: bool = False) -> RunSQL:
    """
    Rows of ``table`` that somebody with some entities sees; ``door`` when machine doors write it.

    ``condition`` may name columns of the table without a prefix, unless a sub-select has them too.
    ``added`` is what must hold for new rows and new versions of them, when it is something else.
    """
    added = added or condition
    doors = f", {DOOR}" if door else ""
    # The owner runs migrations: FORCE binds it too, so it is named.
    return RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY {table}_some ON {table} TO {SOME}
            USING ({condition}) WITH CHECK ({added});
        CREATE POLICY {table}_all ON {table} TO {ALL}, {WORKER}, CURRENT_USER{doors}
            USING (true) WITH CHECK (true);
        """,
        f"""
        DROP POLICY {table}_all ON {table};
        DROP POLICY {table}_some ON {table};
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


def never_changed(*tables: str) -> RunSQL:
    """Nobody but the owner may update or delete rows; triggers refuse it to the owner too."""
    named = ", ".join(tables)
    return RunSQL(
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {named} FROM {_ALL_ROLES};",
        f"GRANT UPDATE, DELETE ON {named} TO {_ALL_ROLES};",
    )


def never_deleted(*tables: str) -> RunSQL:
    """Nobody but the owner may delete rows."""
    named = ", ".join(tables)
    return RunSQL(
        f"REVOKE DELETE, TRUNCATE ON {named} FROM {_ALL_ROLES};",
        f"GRANT DELETE ON {named} TO {_ALL_ROLES};",
    )


def filled_in(table: str, *columns: str) -> RunSQL:
    """After ``never_changed``: these columns workers, and nobody else, may fill in."""
    named = ", ".join(columns)
    return RunSQL(
        f"GRANT UPDATE ({named}) ON {table} TO {WORKER};",
        f"REVOKE UPDATE ({named}) ON {table} FROM {WORKER};",
    )


def read_only_for_workers(*tables: str) -> RunSQL:
    """What only people change, from pages."""
    named = ", ".join(tables)
    return RunSQL(
        f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {named} FROM {WORKER};",
        f"GRANT INSERT, UPDATE, DELETE ON {named} TO {WORKER};",
    )
