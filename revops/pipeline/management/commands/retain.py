"""``manage.py retain``: delete raw payloads and tickets' texts that are older than they may be."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from revops.kernel.actor import system
from revops.pipeline.privacy.retaining import RULES, retain


class Command(BaseCommand):
    help = "Apply retention: REVOPS_RETAIN_RAW_DAYS, REVOPS_RETAIN_TICKET_DAYS. Run it daily."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *_args: Any, dry_run: bool, **_options: Any) -> None:
        found = retain(by=system("manage.py retain", "Operator of the server"), dry_run=dry_run)
        for rule in RULES:
            verb = "would lose" if dry_run else "lost"
            self.stdout.write(f"{found[str(rule)]:>8}  {verb} {rule} after {rule.days} days")
