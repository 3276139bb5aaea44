"""
I35: whoever gets hold of the console's own database role gets neither the books nor the trail.

Every statement is raw SQL, as the roles that the processes sign in as and that pages run as.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import transaction

from revops.audit.operations import record
from revops.delivery.models import Attempt
from revops.kernel import clock
from revops.kernel.actor import system
from revops.store import rows, sql
from tests import factories as make

pytestmark = pytest.mark.django_db

ENTITY = "US-INC"
DENIED = psycopg.errors.InsufficientPrivilege


@contextmanager
def signed_in_as(role: str) -> Iterator[None]:
    """The session as if it had begun with that role's password; nothing leads back out of it."""
    sql.run(f"SET SESSION AUTHORIZATION {role}")
    sql.run("SELECT set_config('app.entities', %s, false)", (ENTITY,))
    try:
        with transaction.atomic():
            yield
    finally:
        sql.run("RESET SESSION AUTHORIZATION")
        sql.run("SELECT set_config('app.entities', '', false)")


def refused(role: str, statement: str, params: tuple[object, ...] = ()) -> None:
    with pytest.raises(DENIED), signed_in_as(role):
        sql.run(statement, params)


each_role = pytest.mark.parametrize("role", rows.ROLES)


@each_role
class TestNoRole:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE ledger_journalentry SET description = 'Another'",
            "DELETE FROM ledger_journalentry",
            "UPDATE ledger_journalline SET amount = amount + 1",
            "DELETE FROM ledger_journalline",
            "TRUNCATE ledger_journalentry CASCADE",
            "DELETE FROM delivery_attempt",
            "UPDATE delivery_attempt SET request_sha256 = ''",
            "DELETE FROM delivery_outboundcommand",
            "UPDATE audit_event SET actor = 'user:1'",
            "DELETE FROM audit_event",
            "TRUNCATE audit_event",
            "UPDATE audit_head SET seq = 0",
            "DELETE FROM audit_head",
            "DELETE FROM events_inboundevent",
            "UPDATE canonical_recordchange SET field = ''",
            "UPDATE mappings_exchangerate SET rate = 1",
            "DELETE FROM usage_record",
            "UPDATE django_migrations SET name = ''",
        ],
    )
    def test_i35_rewrites_history(self, role: str, statement: str) -> None:
        entry = make.a_journal(make.a_legal_entity(ENTITY))
        Attempt.objects.create(
            command=make.a_command(entry), number=1, kind="send", fence=1, intent_at=clock.now(),
            request_sha256="x",
        )  # fmt: skip
        record("tests.act", by=system("tests"), kind="test", reference="T-1")
        refused(role, statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "CREATE TABLE own (id int)",
            "CREATE SCHEMA own",
            "DROP TABLE exceptions_case",
            "ALTER TABLE ledger_journalentry DISABLE TRIGGER ledger_entry_immutable",
            "ALTER TABLE exceptions_case NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE exceptions_case DISABLE ROW LEVEL SECURITY",
            "DROP POLICY exceptions_case_some ON exceptions_case",
            "CREATE POLICY own ON exceptions_case USING (true)",
            "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql "
            "AS 'BEGIN RETURN NEW; END'",
            "CREATE FUNCTION own() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE ROLE own SUPERUSER",
            "ALTER ROLE revops_door SUPERUSER",
            "GRANT revops_worker TO revops_door",
            "SET session_replication_role = replica",
        ],
    )
    def test_i35_changes_what_the_database_is(self, role: str, statement: str) -> None:
        refused(role, statement)

    def test_is_above_the_rules(self, role: str) -> None:
        found = sql.one(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication "
            "FROM pg_roles WHERE rolname = %s", (role,),
        )  # fmt: skip
        assert not any(found)

    def test_erases_from_the_trail_except_workers(self, role: str) -> None:
        statement = "SELECT audit_erase(ARRAY[1]::bigint[], 2)"
        if role == rows.WORKER:
            with signed_in_as(role):
                sql.run(statement)
        else:
            refused(role, statement)


class TestTheWorker:
    def test_fills_in_an_attempt_once(self) -> None:
        attempt = Attempt.objects.create(
            command=make.a_command(), number=1, kind="send", fence=1, intent_at=clock.now(),
            request_sha256="x",
        )  # fmt: skip
        fill = "UPDATE delivery_attempt SET outcome = 'posted', finished_at = now() WHERE id = %s"
        with signed_in_as(rows.WORKER):
            assert sql.run(fill, (attempt.pk,)) == 1
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):  # noqa: SIM117  what fails is inside
            with signed_in_as(rows.WORKER):
                sql.run(fill, (attempt.pk,))

    @pytest.mark.parametrize("table", ["accounts_assignment", "accounts_breakglass"])
    def test_gives_nobody_rights(self, table: str) -> None:
        refused(rows.WORKER, f"DELETE FROM {table}")
        refused(rows.WORKER, f"INSERT INTO {table} DEFAULT VALUES")

    def test_cannot_become_a_page(self) -> None:
        refused(rows.WORKER, "SET ROLE revops_web_all")

    def test_makes_a_month_of_usage_and_no_other_table(self) -> None:
        with signed_in_as(rows.WORKER):
            sql.run("SELECT usage_make_partition('2031-05-17')")
        found = sql.one("SELECT to_regclass('usage_record_2031_05') IS NOT NULL AS there")
        assert found is not None
        assert found.there


class TestThePage:
    @pytest.mark.parametrize("role", [rows.SOME, rows.ALL, rows.DOOR])
    def test_fills_in_no_attempt(self, role: str) -> None:
        refused(role, "UPDATE delivery_attempt SET outcome = 'posted'")

    @pytest.mark.parametrize("role", [rows.SOME, rows.ALL])
    def test_becomes_nobody_else(self, role: str) -> None:
        for other in rows.ROLES:
            if other != role:
                refused(role, f"SET ROLE {other}")

    def test_adds_to_the_trail_and_the_database_numbers_it(self) -> None:
        with signed_in_as(rows.SOME):
            first = record("tests.act", by=system("tests"), kind="test", reference="T-1")
            second = record("tests.act", by=system("tests"), kind="test", reference="T-2")
        assert second == first + 1
