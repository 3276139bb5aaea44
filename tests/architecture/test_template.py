"""The migrated database that tests copy is the one that the migrations of today make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.apps import apps

from tests import database


class TestSchemaDigest:
    def test_changes_with_any_migration(self, monkeypatch: Any, tmp_path: Path) -> None:
        before = database.schema_digest()
        folder = tmp_path / "migrations"
        folder.mkdir()
        (folder / "0001_initial.py").write_text("operations = []")
        monkeypatch.setattr(apps.get_app_config("ledger"), "path", str(tmp_path))
        without = database.schema_digest()
        (folder / "0001_initial.py").write_text("operations = [1]")
        assert len({before, without, database.schema_digest()}) == 3

    def test_stays_when_nothing_changes(self) -> None:
        assert database.schema_digest() == database.schema_digest()
