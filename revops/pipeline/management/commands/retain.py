"""``manage.py retain``: empty what is older than it may be, such as raw payloads and old lists."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from revops.kernel.actor import system
from revops.pipeline.privacy.retaining import retain, rules


class Command(BaseCommand):
    help = "Apply retention, by the days of REVOPS_RETAIN_*. Run it daily."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *_args: Any, dry_run: bool, **_options: Any) -> None:
        found = retain(by=system("manage.py retain", "Operator of the server"), dry_run=dry_run)
        for rule in rules():
            verb = "would lose" if dry_run else "lost"
            self.stdout.write(f"{found[str(rule)]:>8}  {verb} {rule} after {rule.days} days")
