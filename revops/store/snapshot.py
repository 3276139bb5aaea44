"""
What ``migrate`` says to an empty database, written down: ``snapshot.sql`` beside this file.

To migrate from nothing takes twenty seconds, nearly all of which Django spends on the states of
models between migrations; the statements themselves take two. So an empty database gets the
statements, and ``migrate`` then runs what is newer than they. They are recorded, not dumped from a
database: what a migration asks the server (whether a role is there, who owns this) is asked there
and then, and nothing of the machine on which they were recorded is in them (docs/adr/0017).

A migration that was changed after it was recorded is not taken from here, nor is anything after it.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import django
from django.db import DatabaseError, connection, transaction
from django.db.migrations import Migration, RunSQL
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

FILE: Final = Path(__file__).with_name("snapshot.sql")
_HEAD: Final = "-- django "
_PART: Final = "-- migration "
_INTRO: Final = """\
-- What `migrate` says to an empty database, in its order. Made by `make snapshot`, never by hand;
-- what it is for: revops/store/snapshot.py.
"""
# With values come Django's own questions, and its notes of what has run, which loading writes.
_PASSED: Final = re.compile(r'\s*(SELECT|(INSERT INTO|DELETE FROM) "django_migrations")', re.I)
# A new column of old rows gets the time of the recording; the next statement takes it away again.
_TODAY: Final = re.compile(r"DEFAULT '20[0-9-]{8} [0-9:.+]+'::timestamptz")
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """One migration: its app and name, what it was when it was recorded, what it said."""

    app: str
    name: str
    digest: str
    statements: str

    def __str__(self) -> str:
        return f"{_PART}{self.app} {self.name} {self.digest}\n{self.statements}"


def load(file: Path = FILE) -> int:
    """
    Give an empty database what ``file`` holds; returns how many migrations that was. 0 when it is
    not empty, when nothing of the file holds any more, or when the server refuses a statement: then
    the database is as it was, and migrating from nothing says what is wrong.
    """
    if connection.introspection.table_names():
        return 0
    parts = standing(file)
    if not parts:
        return 0
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # One transaction, so nothing may wait for its end that a later statement changes.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for part in parts:
                if part.statements:
                    cursor.execute(part.statements)
            cursor.executemany(
                "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())",
                [(part.app, part.name) for part in parts if part.name],
            )
    except DatabaseError as error:
        _log.warning("The snapshot of the schema could not be loaded, migrating instead: %s", error)
        return 0
    return len(parts)


def standing(file: Path = FILE) -> list[Part]:
    """The parts of ``file`` up to the first one whose migration was changed or is gone since."""
    version, parts = _read(file)
    if version != _version():
        return []
    disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    found = []
    for part in parts:
        migration = disk.get((part.app, part.name))
        if part.name and (migration is None or digest_of(migration) != part.digest):
            break
        found.append(part)
    return found


def outdated(file: Path = FILE) -> list[str]:
    """The migrations of ``file`` from the first one that was changed or is gone since."""
    _, parts = _read(file)
    return [f"{part.app} {part.name}" for part in parts[len(standing(file)) :]]


def record() -> str:
    """Migrate the database, which is empty, and return what was said as the text of a snapshot."""
    heard: list[str] = []
    parts: list[Part] = []

    def over(migration: Migration | None) -> None:
        said = "".join(f"{one.strip().rstrip(';')};\n" for one in heard)
        said = _TODAY.sub("DEFAULT now()", said)
        heard.clear()
        if migration is None:
            parts.append(Part("django_migrations", "", "", said))
            return
        # Django makes some migrations anew in the plan's state; the digest is of what is on disk.
        parts.append(Part(migration.app_label, migration.name, digest_of(migration), said))

    def progress(what: str, migration: Migration | None = None, fake: bool = False) -> None:
        if what == "apply_start" and not parts:
            over(None)  # the table that migrations are noted in
        elif what == "apply_success":
            over(migration)

    executor = MigrationExecutor(connection, cast(Any, progress))
    with _listening(heard):
        executor.migrate(executor.loader.graph.leaf_nodes())
    return f"{_INTRO}{_HEAD}{_version()}\n" + "".join(str(part) for part in parts)


def digest_of(migration: Migration) -> str:
    """Names what a migration says: its file, and its SQL with what it takes from elsewhere."""
    module = cast(Any, __import__(migration.__module__, fromlist=["__file__"]))
    found = hashlib.sha256(Path(module.__file__).read_bytes())
    for operation in migration.operations:
        if isinstance(operation, RunSQL):
            found.update(str(operation.sql).encode())
    return found.hexdigest()[:16]


@contextmanager
def _listening(heard: list[str]) -> Iterator[None]:
    """Note what migrations say to the database. Raises ValueError for rows written by Python."""
    there = cast(Any, connection)
    editor: Any = there.SchemaEditorClass

    class Noting(editor):  # type: ignore[misc]  # which class it is, the connection says
        def execute(self, sql: Any, params: Any = ()) -> None:
            text = str(sql)
            heard.append(text if params is None else there.ops.compose_sql(text, params))
            super().execute(sql, params)

    def watch(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        answer, text = execute(sql, params, many, context), str(sql)
        if params and not _PASSED.match(text) and context["cursor"].rowcount > 0:
            raise ValueError(f"A migration writes rows by Python, not by SQL: {text[:200]}")
        return answer

    there.SchemaEditorClass = Noting
    try:
        with connection.execute_wrapper(watch):
            yield
    finally:
        there.SchemaEditorClass = editor


def _read(file: Path) -> tuple[str, list[Part]]:
    """The version of Django that recorded it, and its parts."""
    if not file.exists():
        return "", []
    head, *texts = file.read_text().split(f"\n{_PART}")
    parts = []
    for text in texts:
        line, _, statements = text.partition("\n")
        app, name, digest = line.split(" ")
        parts.append(Part(app, name, digest, statements))
    return head.rpartition(_HEAD)[2].strip(), parts


def _version() -> str:
    return ".".join(str(part) for part in django.VERSION[:2])
