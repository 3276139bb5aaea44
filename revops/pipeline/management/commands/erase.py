"""``manage.py erase pat@alder.example "Pat Lee" --reason "Request 2026-114"``: forget a person."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from revops.kernel.actor import system
from revops.pipeline.privacy.erasing import EraseRefused, erase
from revops.pipeline.privacy.places import Terms, TooShort


class Command(BaseCommand):
    help = "Erase a person, known by their e-mail address, name or number; the books stay whole."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("terms", nargs="+", help="each as it is written in the records")
        parser.add_argument("--reason", required=True, help="why, without naming the person")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be erased")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            done = erase(
                terms=Terms.of(options["terms"]), reason=options["reason"],
                by=system("manage.py erase", "Operator of the server"), dry_run=options["dry_run"],
            )  # fmt: skip
        except (EraseRefused, TooShort) as error:
            raise CommandError(str(error)) from error
        for name, count in sorted(done.rows.items()):
            self.stdout.write(f"{count:>8}  {name}")
        self.stdout.write(f"{len(done.acts):>8}  details of the audit trail")
        for name, count in sorted(done.kept.items()):
            self.stdout.write(f"{count:>8}  {name}, kept by law with the books")
        self.stdout.write("Nothing was changed." if options["dry_run"] else "Erased.")
