"""
``manage.py database_roles``: passwords for the roles that the console's processes sign in as.

Run it as the owner, after ``migrate``: with ``DATABASE_ADMIN_URL`` set it uses that. It may run
again at any time; a password that is not given stays, and one that was never set is made and shown
once. It needs what managed PostgreSQL gives an owner: ``CREATEROLE``, no superuser.
"""

from __future__ import annotations

import os
import secrets
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, connections
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from revops.store.rows import DOOR, ROLES, WORKER

_PASSWORDS: Final = {DOOR: "REVOPS_DOOR_PASSWORD", WORKER: "REVOPS_WORKER_PASSWORD"}
_WHAT: Final = {DOOR: "the web process", WORKER: "workers, the beat and manage.py"}


class Command(BaseCommand):
    help = "Let the web process and the workers sign in to the database as roles of their own."

    def handle(self, *_args: Any, **_options: Any) -> None:
        alias = "owner" if "owner" in settings.DATABASES else "default"
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT current_user, current_database()")
            (owner, database) = cursor.fetchone()
            if owner in ROLES:
                raise CommandError(f"{owner} may not do this: set DATABASE_ADMIN_URL to the owner.")
            cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(ROLES)])
            missing = sorted(set(ROLES) - {name for (name,) in cursor.fetchall()})
            if missing or _is_behind(alias):
                raise CommandError("Run “manage.py migrate” first.")
            self._grant(cursor, database)
            for role, variable in _PASSWORDS.items():
                self._sign_in(cursor, role, os.environ.get(variable, ""), database)
            self._refuse_too_much(cursor)

    def _grant(self, cursor: CursorWrapper, database: str) -> None:
        """What the migrations grant, for tables that somebody else made or restored."""
        roles = sql.SQL(", ").join(map(sql.Identifier, ROLES))
        run = sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}")
        cursor.execute(run.format(sql.Identifier(database), roles))
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'p') AND NOT has_table_privilege(%s, oid, 'SELECT')",
            [DOOR],
        )
        for (table,) in cursor.fetchall():
            give = sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}")
            cursor.execute(give.format(sql.Identifier(table), roles))
            self.stdout.write(f"Opened {table}")

    def _sign_in(self, cursor: CursorWrapper, role: str, password: str, database: str) -> None:
        cursor.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [role])
        (known,) = cursor.fetchone()
        if known and not password:
            self.stdout.write(f"{role} stays as it is.")
            return
        made = password or secrets.token_urlsafe(24)
        # Only the verifier travels, so that no log of statements holds the password.
        verifier = cursor.connection.pgconn.encrypt_password(
            made.encode(), role.encode(), b"scram-sha-256"
        ).decode()
        change = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
        try:
            cursor.execute(change.format(sql.Identifier(role), sql.Literal(verifier)))
        except (ProgrammingError, InsufficientPrivilege) as error:
            raise CommandError(
                f"The owner did not make {role}, so it may not give it a password: let whoever "
                f"did, or an administrator of the server, run ALTER ROLE {role} LOGIN PASSWORD …"
            ) from error
        if password:
            self.stdout.write(f"{role} signs in with the password of {_PASSWORDS[role]}.")
            return
        at = cursor.connection.info
        self.stderr.write(f"For {_WHAT[role]}; keep it now, it is not shown again:")
        self.stdout.write(f"DATABASE_URL={_address(role, made, at.host, at.port, database)}")

    def _refuse_too_much(self, cursor: CursorWrapper) -> None:
        cursor.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) "
            "AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)",
            [list(ROLES)],
        )
        found = [name for (name,) in cursor.fetchall()]
        if found:
            raise CommandError(
                f"{', '.join(found)} may do too much: an administrator of the server has to run "
                "ALTER ROLE … NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB."
            )


def _is_behind(alias: str) -> bool:
    executor = MigrationExecutor(connections[alias])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _address(role: str, password: str, host: str, port: int, database: str) -> str:
    """A socket's folder stands in the query: django-environ does not decode it as a host."""
    name = quote(database, safe="")
    if host.startswith("/"):
        return f"postgres://{role}:{password}@/{name}?host={quote(host)}&port={port}"
    place = f"[{host}]" if ":" in host else host
    return f"postgres://{role}:{password}@{place}:{port}/{name}"
