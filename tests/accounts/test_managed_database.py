"""
Where the console's owner in the database is no superuser, as with managed PostgreSQL: what the
migration of the roles and ``manage.py database_roles`` do with ``CREATEROLE`` alone. Roles are of
the whole server, so these have names of their own.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator
from typing import Any, Final

import environ
import psycopg
import pytest
from django.core.management.base import CommandError
from django.db import connection

from accounts.management.commands import database_roles
from revops.store.rows import ROLES

MADE_BY: Final = importlib.import_module("accounts.migrations.0003_database_roles").ROLES
OWNERS: Final = ("tmanaged", "tother")
OWN: Final = tuple(role.replace("revops_", "tmanaged_") for role in ROLES)


def signed_in(user: str = "", password: str = "secret") -> psycopg.Connection[Any]:
    """As somebody, or as whom the tests sign in as."""
    given = connection.get_connection_params()
    wanted = {"user": user, "password": password} if user else {}
    kept = {name: given[name] for name in ("host", "port", "dbname", "user", "password")
            if given.get(name)}  # fmt: skip
    return psycopg.connect(**kept | wanted, autocommit=True)


@pytest.fixture
def server(db: None) -> Iterator[None]:
    """Two owners who may make roles and nothing else."""
    _drop()
    with signed_in() as administrator:
        for owner in OWNERS:
            administrator.execute(f"CREATE ROLE {owner} LOGIN CREATEROLE PASSWORD 'secret'")
    yield
    _drop()


def _drop() -> None:
    """In the order in which they depend on each other: what an owner granted goes first."""
    with signed_in() as administrator:
        known = administrator.execute("SELECT rolname FROM pg_roles").fetchall()
        for role in (*OWN, *OWNERS):
            if (role,) in known:
                administrator.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def make_roles(owner: psycopg.Connection[Any]) -> None:
    """The part of the migration that makes roles and says who becomes whom."""
    block, end, _ = MADE_BY.replace("revops_", "tmanaged_").partition("END $$;")
    owner.execute(block + end)


def gives_password(owner: psycopg.Connection[Any], role: str) -> str:
    said = io.StringIO()
    command = database_roles.Command(stdout=said, stderr=io.StringIO())
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(database_roles._WHAT, role, "the tests")
        cursor: Any = owner.cursor()
        command._sign_in(cursor, role, "", owner.info.dbname)
    return said.getvalue().strip().removeprefix("DATABASE_URL=")


class TestAnOwnerWhoMayMakeRoles:
    def test_makes_them_twice_and_becomes_a_page(self, server: None) -> None:
        with signed_in("tmanaged") as owner:
            make_roles(owner)
            make_roles(owner)
            owner.execute("SET ROLE tmanaged_web")

    def test_gives_the_door_a_password_and_the_door_becomes_a_page(self, server: None) -> None:
        with signed_in("tmanaged") as owner:
            make_roles(owner)
            address = environ.Env.db_url_config(gives_password(owner, "tmanaged_door"))
        options = {"host": address["HOST"], "port": address["PORT"]} | address.get("OPTIONS", {})
        with psycopg.connect(
            user=address["USER"], password=address["PASSWORD"], dbname=address["NAME"],
            **{name: value for name, value in options.items() if value},
        ) as door:  # fmt: skip
            door.execute("SET ROLE tmanaged_web_all")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                door.execute("SET ROLE tmanaged_worker")


class TestAnOwnerWhoDidNotMakeThem:
    def test_is_told_what_an_administrator_has_to_run(self, server: None) -> None:
        with signed_in("tmanaged") as first, signed_in("tother") as second:
            make_roles(first)
            with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal:
                make_roles(second)
            assert "run GRANT tmanaged_web TO tother" in str(refusal.value)
            first.execute("GRANT tmanaged_web, tmanaged_web_all TO tother")
            make_roles(second)

    def test_gives_no_password(self, server: None) -> None:
        with signed_in("tmanaged") as first, signed_in("tother") as second:
            make_roles(first)
            with pytest.raises(CommandError, match="ALTER ROLE tmanaged_door LOGIN PASSWORD"):
                gives_password(second, "tmanaged_door")
