"""``manage.py connectors``: what is installed; ``--write`` puts it into docs/connectors.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from connectors import document


class Command(BaseCommand):
    help = "Print what the manifests say; --write puts it into docs/connectors.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["write"]:
            document.write(Path(settings.BASE_DIR))
            self.stdout.write(f"Written: {document.PAGE}")
            return
        for made in document.tables().values():
            self.stdout.write(made)
