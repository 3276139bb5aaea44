"""
One migrated database for all workers of a run: whoever comes first makes it, the others copy it.

To copy a database takes a fifth of a second. The copy is named after all migrations, what they
import and the snapshot that it is loaded from, so that a server that is used again (see
REVOPS_TEST_DATABASE_URL in CONTRIBUTING.md) never gives an old one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, cast

import django
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from revops.store import guards, snapshot

_LOCK = 4_801_226  # one at a time on this server; any number that nothing else takes


def schema_digest() -> str:
    """Names what migrating from nothing would make."""
    found = hashlib.sha256(django.__version__.encode())
    files = [*Path(guards.__file__).parent.glob("*.py"), snapshot.FILE]
    for app in apps.get_app_configs():
        files.extend(Path(app.path, "migrations").glob("*.py"))
    for file in sorted(files):
        found.update(str(file).encode() + file.read_bytes())
    return found.hexdigest()[:16]


def template() -> str:
    """The name of a migrated database on the server of the tests, made now if it is not there."""
    name = f"revops_template_{schema_digest()}"
    with cast(Any, connection)._nodb_cursor() as cursor:
        # A slow machine may take minutes for what the other one does.
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            making = f"{name}_making"
            cursor.execute(f"DROP DATABASE IF EXISTS {making}")
            cursor.execute(f"CREATE DATABASE {making}")
            _migrate(making)
            cursor.execute(f"ALTER DATABASE {making} RENAME TO {name}")
    return name


def drop(creation: Any, test_database_name: str, verbosity: int) -> None:
    """As Django drops the database of a run, whoever is still signed in to it."""
    with creation._nodb_cursor() as cursor:
        name = creation.connection.ops.quote_name(test_database_name)
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _migrate(name: str) -> None:
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """pytest-django asks for this before it makes its database."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = template()
