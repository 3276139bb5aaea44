"""``manage.py identity``: look for customers that may be one, now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from revops.pipeline import identity


class Command(BaseCommand):
    help = "Propose customers that are alike, among new and changed ones; --all compares all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="compare every customer again")

    def handle(self, *args: Any, **options: Any) -> None:
        found = identity.look(everything=options["all"])
        self.stdout.write(
            f"Looked at {found.looked_at} customers and compared {found.compared} pairs: "
            f"{found.proposed} new proposals, {found.withdrawn} withdrawn."
        )
