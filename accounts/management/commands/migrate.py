"""`migrate`, which gives an empty database what was recorded first (revops/store/snapshot.py)."""

from __future__ import annotations

from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db import DEFAULT_DB_ALIAS

from revops.store import snapshot


class Command(Migrate):
    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--without-snapshot", action="store_true", help="run every migration, even from nothing"
        )

    def handle(self, *args: Any, **options: Any) -> str | None:
        asked = ("app_label", "plan", "check_unapplied", "fake", "fake_initial", "prune")
        if (
            options["database"] == DEFAULT_DB_ALIAS
            and not options.pop("without_snapshot", False)
            and not any(options.get(one) for one in asked)
            and (count := snapshot.load())
            and options["verbosity"] > 0
        ):
            self.stdout.write(f"{count} migrations from the snapshot of the schema.")
        told: str | None = super().handle(*args, **options)
        return told
