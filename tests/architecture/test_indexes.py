"""No index that another one makes needless: each costs every write, and answers nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from django.apps import apps

from revops.store import sql

OURS: Final = {"accounts", "approvals", "connectors", "exceptions", "revops"}
# One index is needless beside another of the same table, kind and condition when its columns, with
# the way each is compared, are the other's first ones, and it keeps nothing unique that the other
# does not.
_NEEDLESS: Final = """
SELECT tables.relname AS "table", less.relname AS needless, more.relname AS beside
FROM pg_index a
JOIN pg_index b ON b.indrelid = a.indrelid AND b.indexrelid <> a.indexrelid
JOIN pg_class tables ON tables.oid = a.indrelid
JOIN pg_class less ON less.oid = a.indexrelid
JOIN pg_class more ON more.oid = b.indexrelid AND more.relam = less.relam
WHERE tables.relnamespace = 'public'::regnamespace AND NOT tables.relispartition
  AND tables.relname = ANY(%s)
  AND a.indexprs IS NULL AND b.indexprs IS NULL
  AND coalesce(pg_get_expr(a.indpred, a.indrelid), '')
    = coalesce(pg_get_expr(b.indpred, b.indrelid), '')
  AND (b.indkey::text || ' ') LIKE (a.indkey::text || ' %%')
  AND (b.indclass::text || ' ') LIKE (a.indclass::text || ' %%')
  AND (b.indcollation::text || ' ') LIKE (a.indcollation::text || ' %%')
  AND (NOT a.indisunique
    OR (b.indisunique AND a.indnkeyatts = b.indnkeyatts AND a.indexrelid > b.indexrelid))
ORDER BY 1, 2, 3
"""


def tables() -> Iterator[str]:
    """Ours; what Django and others bring along is theirs to index."""
    for model in apps.get_models():
        if model.__module__.partition(".")[0] in OURS:
            yield model._meta.db_table


def needless() -> list[str]:
    found = sql.rows(_NEEDLESS, (sorted(tables()),))
    return [f"{row.table}: {row.needless} beside {row.beside}" for row in found]


@pytest.mark.django_db
class TestIndexes:
    def test_none_is_the_beginning_of_another(self) -> None:
        assert needless() == [], (
            "Set db_index=False on the foreign key, or drop the shorter index, with a migration."
        )

    def test_one_that_is_would_be_found(self) -> None:
        sql.run("CREATE INDEX needless_one ON ledger_journalline (entry_id)")
        assert needless() == ["ledger_journalline: needless_one beside ledger_line_once"]
