"""``manage.py recover --since 2026-10-31T14:00:00Z``: after a failover or a restore."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from revops.pipeline.recover import recover


class Command(BaseCommand):
    help = "Doubt everything since an instant: ask before sending, and poll sources again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", required=True, help="an instant with its zone")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = recover(since=datetime.fromisoformat(options["since"]))
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{done.doubted} commands are asked about before anything is sent; "
            f"{done.sources} sources are polled again."
        )
