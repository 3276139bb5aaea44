"""People and clean tables for every test."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.db.backends.postgresql.creation import DatabaseCreation
from django.db.backends.utils import CursorWrapper
from django.test import Client, TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from accounts.models import User
from revops.ledger import books
from revops.pipeline import sources
from tests.audit import unguarded
from tests.cast import person
from tests.chromium import launched
from tests.database import django_db_modify_db_settings, drop  # noqa: F401  pytest finds one here

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SignIn = Callable[[User], Client]

# No test is timed: a machine that does much else fails none.
hypothesis.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("untimed")

# Until all tests are found (pytest_collection_finish): what is made by then stays.
gc.disable()


# DISCARD ALL, but for what the server knows of tables and plans: to learn that anew takes it longer
# than most tests. RESET ALL wakes the triggers, too.
_AS_NEW = (
    "CLOSE ALL", "SET SESSION AUTHORIZATION DEFAULT", "RESET ALL", "UNLISTEN *",
    "SELECT pg_advisory_unlock_all()", "DISCARD TEMP", "DISCARD SEQUENCES",
)  # fmt: skip


def _is_unfit(_case: object) -> bool:
    """Whether a connection is not fit for the next test, after one that committed."""
    connection = connections["default"]
    return (
        connection.connection is None
        or connection.in_atomic_block
        or connection.needs_rollback
        or not connection.is_usable()
    )


def _empty_tables(_case: object) -> None:
    """
    Empty every table after a test that committed, and number its rows from 1 again.

    Django's own flush truncates, which the database refuses for journals and attempts, and which
    takes its time for hundreds of empty tables: here alone the triggers sleep, and only what holds
    rows is emptied. The servers of the tests are thrown away and their user is a superuser. The
    audit trail never sleeps: it is emptied by its own kit.
    """
    connection = connections["default"]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            for table in _filled(cursor):
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute(
                "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)"
                " FROM pg_sequences WHERE last_value IS NOT NULL AND schemaname = 'public'"
                " AND sequencename !~ '^(django_migrations|django_content_type|auth_permission)_'"
            )
        finally:
            for words in _AS_NEW:
                cursor.execute(words)
    connection.ensure_timezone()
    unguarded.forget()


def _filled(cursor: CursorWrapper) -> list[str]:
    """
    The tables that hold rows. A session plans this question once: that takes ten times as long as
    the answer.
    """
    cursor.execute("SELECT 1 FROM pg_prepared_statements WHERE name = 'tables_that_hold_rows'")
    if cursor.fetchone() is None:
        connection = connections["default"]
        tables = [
            connection.ops.quote_name(table)
            for table in connection.introspection.django_table_names(
                only_existing=True, include_views=False
            )
            if table not in {"django_migrations", "django_content_type", "auth_permission"}
            and not table.startswith("audit_")
        ]
        holds = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables
        )
        cursor.execute(f"PREPARE tables_that_hold_rows AS {holds}")
    cursor.execute("EXECUTE tables_that_hold_rows")
    return [table for (table,) in cursor.fetchall()]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Eleven thousand tests never go away: the collector of garbage need not look at them again."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """``make test`` asks for files; anything else is xdist's."""
    if config.getoption("dist") != "loadfile":
        return None
    from tests.scheduling import LongestFirst

    return LongestFirst(config, log)


@pytest.fixture(scope="session", autouse=True)
def _flush_past_the_guards() -> None:
    # Theirs truncates, which the guards refuse, and connects anew after each test.
    cast(Any, TransactionTestCase)._fixture_teardown = _empty_tables
    cast(Any, TransactionTestCase)._should_reload_connections = _is_unfit
    # A session that a thread of the last test left would keep its database.
    cast(Any, DatabaseCreation)._destroy_test_db = drop


@pytest.fixture(scope="session", autouse=True)
def _static_files_from_source(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests serve static files where they are written; nothing needs to be collected first."""
    settings.STATIC_ROOT = str(tmp_path_factory.mktemp("static"))


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """
    No test starts with another's: throttles count in the cache, books are kept by version,
    connections for some seconds.
    """
    cache.clear()
    books.forget()
    sources.forget()


@pytest.fixture
def ana(db: None) -> User:
    """Finance analyst."""
    return person("ana")


@pytest.fixture
def mona(db: None) -> User:
    """Finance manager."""
    return person("mona")


@pytest.fixture
def rob(db: None) -> User:
    """RevOps engineer."""
    return person("rob")


@pytest.fixture
def sue(db: None) -> User:
    """Support agent."""
    return person("sue")


@pytest.fixture
def adam(db: None) -> User:
    """Administrator."""
    return person("adam")


@pytest.fixture
def rae(db: None) -> User:
    """Auditor."""
    return person("rae")


@pytest.fixture
def otis(db: None) -> User:
    """Signed in, without a role: may nothing."""
    return person("otis")


@pytest.fixture
def sign_in(db: None) -> SignIn:
    """A browser in which somebody is signed in: ``page = sign_in(ana).get("/")``."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """
    Debian's Chromium, for tests that are marked ``browser``; they are skipped where it is not.
    For one module and not for all, as Django's guard against event loops sleeps meanwhile.
    """
    with launched() as browser:
        yield browser
