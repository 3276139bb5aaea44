"""
`manage.py snapshot` records what an empty database is told (revops/store/snapshot.sql); with
`--check` it proves that snapshot and newer migrations make what all migrations make from nothing.

Needs a database that is empty and an owner who may make another one: `make snapshot`.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import unified_diff
from itertools import islice
from typing import Any, cast

from django.core.management import BaseCommand, CommandError, call_command
from django.db import connection

from revops.store import snapshot
from revops.store.listing import listing

_MOST = 40  # lines of a difference


class Command(BaseCommand):
    help = "Record what migrations say to an empty database, or check the record."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.introspection.table_names():
            raise CommandError("This database is not empty: make snapshot brings one that is.")
        if not options["check"]:
            snapshot.FILE.write_text(snapshot.record())
            self.stdout.write(f"Written: {snapshot.FILE}")
            return
        if old := snapshot.outdated():
            raise CommandError(f"make snapshot: {old[0]} is not what it was when it was recorded.")
        with _another("revops_from_nothing"):
            call_command("migrate", verbosity=0, interactive=False, without_snapshot=True)
            wanted = listing()
        call_command("migrate", verbosity=0, interactive=False)
        differ = list(islice(unified_diff(wanted, listing(), "migrations", "snapshot", n=0), _MOST))
        if differ:
            raise CommandError("make snapshot: it makes something else.\n" + "\n".join(differ))
        self.stdout.write(f"The snapshot makes what the migrations make, {len(wanted)} lines.")


@contextmanager
def _another(name: str) -> Iterator[None]:
    """Work in another database of this server, which is there for that alone."""
    settings, before = connection.settings_dict, connection.settings_dict["NAME"]
    with cast(Any, connection)._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        connection.close()
        settings["NAME"] = name
        try:
            yield
        finally:
            connection.close()
            settings["NAME"] = before
            cursor.execute(f"DROP DATABASE {name}")
