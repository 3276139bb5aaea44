"""What only the owner of the database can do: work on the audit trail with its guards asleep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.utils import CursorWrapper

_GUARDED = ("audit_event", "audit_head")


@contextmanager
def unguarded() -> Iterator[CursorWrapper]:
    """A cursor for which no trigger of the trail fires; they wake again at the end."""
    with connection.cursor() as cursor:
        for table in _GUARDED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            yield cursor
        finally:
            cursor.execute(
                "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
                " WHERE NOT tgisinternal AND tgrelid = ANY(%s::regclass[])",
                [list(_GUARDED)],
            )
            for table, trigger in cursor.fetchall():
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")


def forget() -> None:
    """An empty trail, as it was on the first day."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq FROM audit_head")
        if cursor.fetchone() == (0,):
            return
    with unguarded() as cursor:
        cursor.execute("TRUNCATE audit_event")
        cursor.execute("UPDATE audit_head SET seq = 0, hash = decode(repeat('00', 32), 'hex')")
