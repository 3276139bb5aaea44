"""``manage.py connector new NAME``: the folder of a new one; its test says what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from connectors import newcomer


class Command(BaseCommand):
    help = "Write the folder of a new connector."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["new"])
        parser.add_argument("name", help="its folder and slug: lower-case letters, digits and _")
        parser.add_argument("--label", default="", help="its name for people")
        parser.add_argument("--kind", choices=newcomer.KINDS, default="source")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            folder = newcomer.write(options["name"], label=options["label"], kind=options["kind"])
        except newcomer.NameRefused as error:
            raise CommandError(str(error)) from error
        place = folder.relative_to(Path(settings.BASE_DIR))
        self.stdout.write(f"Written: {place}")
        self.stdout.write(f'What is missing: make test ARGS="{place} -x"')
