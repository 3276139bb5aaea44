"""
I1, the second belt: every table that belongs to a legal entity has a policy in the database, and
every table that hangs on one has one too. What has none is named here, with why.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from django.apps import apps
from django.db import models

from revops.store import rows, sql

# Whose owner may everything, and which belong to everybody.
WITHOUT: Final = {
    "accounts_assignment": "read to find out whose entities a person sees",
    "audit_event": "its readers hold their role for all entities, and everybody adds to it",
    "canonical_price": "the catalogue is the same whoever sells it",
    "canonical_product": "the catalogue is the same whoever sells it",
    "canonical_priceversion": "the catalogue is the same whoever sells it",
    "usage_record": "names no customer of ours; streams and days do, and have one",
    "usage_recordkey": "digests only",
}
_OWN: Final = {"legal_entity", "legal_entity_id", "entity", "entity_code"}
_ABOUT: Final = {"record_kind", "from_kind"}


def models_of_ours() -> Iterator[type[models.Model]]:
    for model in apps.get_models():
        if not model.__module__.startswith("django."):
            yield model


def belongs(model: type[models.Model], seen: frozenset[str] = frozenset()) -> bool:
    """Whether its rows belong to an entity, by a column or through what they hang on."""
    columns = {field.column for field in model._meta.concrete_fields}
    if columns & (_OWN | _ABOUT):
        return True
    parents = [
        field.related_model
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
        and field.remote_field.on_delete is not models.SET_NULL
    ]
    return any(
        parent._meta.db_table not in seen | WITHOUT.keys()
        and belongs(parent, seen | {model._meta.db_table})
        for parent in parents
        if isinstance(parent, type)
    )


BELONGING: Final = sorted({model._meta.db_table for model in models_of_ours() if belongs(model)})


@pytest.mark.django_db
class TestTables:
    @pytest.mark.parametrize("table", [one for one in BELONGING if one not in WITHOUT])
    def test_of_an_entity_have_a_policy(self, table: str) -> None:
        found = sql.one(
            "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass",
            (table,),
        )
        assert found is not None
        assert found.relrowsecurity, f"{table} needs guards.scoped in a migration"
        assert found.relforcerowsecurity
        granted = sql.rows(
            "SELECT policyname, roles::text[] AS roles, qual FROM pg_policies "
            "WHERE tablename = %s", (table,),
        )  # fmt: skip
        told = {role: policy.qual for policy in granted for role in policy.roles}
        assert told[rows.SOME] != "true"
        assert told[rows.ALL] == told[rows.WORKER] == "true"
        assert "public" not in told

    def test_some_belong(self) -> None:
        assert {"ledger_journalentry", "ledger_journalline", "exceptions_case"} <= set(BELONGING)

    @pytest.mark.parametrize("table", sorted(WITHOUT))
    def test_without_one_are_named_while_they_exist(self, table: str) -> None:
        found = sql.one("SELECT to_regclass(%s) IS NOT NULL AS there", (table,))
        assert found is not None
        assert found.there

    @pytest.mark.parametrize("role", rows.ROLES)
    def test_all_are_open_to_the_roles_of_the_console(self, role: str) -> None:
        closed = sql.rows(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') "
            "AND relnamespace = 'public'::regnamespace "
            "AND NOT has_table_privilege(%s, oid, 'SELECT')", (role,),
        )  # fmt: skip
        assert [row.relname for row in closed] == []

    def test_are_owned_by_none_of_them(self) -> None:
        owned = sql.rows(
            "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = ANY(%s)",
            (list(rows.ROLES),),
        )
        assert owned == []
