"""An empty database gets what migrations say without running them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django.plugin import DjangoDbBlocker

from revops.store import snapshot

OWNER: Final = "revops_snapshot_owner"
DATABASE: Final = "revops_snapshot_tested"


@pytest.fixture
def owned(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Connected to an empty database as its owner, who is no superuser and makes no roles."""
    settings = connection.settings_dict
    before = settings["NAME"]
    with django_db_blocker.unblock(), cast(Any, connection)._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"DROP ROLE IF EXISTS {OWNER}")
        cursor.execute(f"CREATE ROLE {OWNER}")
        cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        connection.close()
        settings["NAME"] = DATABASE
        try:
            run(f"SET SESSION AUTHORIZATION {OWNER}")
            yield
        finally:
            connection.close()
            settings["NAME"] = before
            cursor.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
            cursor.execute(f"DROP ROLE {OWNER}")


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def told(statement: str) -> set[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return {row[0] for row in cursor.fetchall()}


class TestLoading:
    def test_an_owner_without_more_rights_gets_all_of_it_or_nothing(
        self, owned: None, caplog: pytest.LogCaptureFixture
    ) -> None:
        # It may not become the pages' roles, and that is found out in the middle.
        assert snapshot.load() == 0
        assert connection.introspection.table_names() == []
        assert "migrating instead" in caplog.text
        run("RESET SESSION AUTHORIZATION")
        run(f"GRANT revops_web, revops_web_all TO {OWNER}")
        run(f"SET SESSION AUTHORIZATION {OWNER}")

        call_command("migrate", verbosity=0, interactive=False)

        executor = MigrationExecutor(connection)
        assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
        assert told("SELECT tableowner FROM pg_tables WHERE schemaname = 'public'") == {OWNER}
        policies = "SELECT unnest(roles) FROM pg_policies WHERE policyname LIKE '%_all'"
        assert OWNER in told(policies), "Whoever migrates is named, not whoever recorded it."
        assert len(told("SELECT codename FROM auth_permission")) > 100

    @pytest.mark.django_db
    def test_a_database_that_holds_something_is_left_alone(self) -> None:
        assert snapshot.load() == 0


class TestTheFile:
    def test_fits_the_migrations_of_today(self) -> None:
        assert snapshot.outdated() == [], "Run: make snapshot"

    def test_ends_before_a_migration_that_was_changed_since(self, tmp_path: Path) -> None:
        text = snapshot.FILE.read_text()
        (digest,) = re.findall(r"-- migration accounts 0002_people (\w+)", text)
        changed = tmp_path / "changed.sql"
        changed.write_text(text.replace(digest, "0" * 16))

        kept = [part.name for part in snapshot.standing(changed)]

        assert "0002_people" not in kept
        assert 0 < len(kept) < len(snapshot.standing())
        assert snapshot.outdated(changed)[0] == "accounts 0002_people"

    def test_is_not_taken_from_another_django(self, tmp_path: Path) -> None:
        other = tmp_path / "other.sql"
        other.write_text(re.sub(r"-- django .*", "-- django 4.2", snapshot.FILE.read_text()))
        assert snapshot.standing(other) == []

    def test_holds_no_time_no_key_and_nobody(self) -> None:
        text = "\n".join(
            line for line in snapshot.FILE.read_text().splitlines()
            if not line.startswith("-- migration ")
        )  # fmt: skip
        assert re.findall(r"20\d\d-\d\d-\d\d", text) == []
        assert re.findall(r"\b[0-9a-f]{24,}\b|[\w+/-]{32,}=", text) == []
        assert re.findall(r"[\w.]+@[\w.]+|/home/|/tmp/|/var/", text) == []
        assert "OWNER TO" not in text
