"""
``manage.py erase APR-12``: forget, now, whom two people agreed to forget.

Nobody is forgotten without two: it is asked for on the page *Personal data* and agreed to like
anything else. A worker does it within a minute; this command is for a console without a beat.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from revops.audit.models import Erasure
from revops.pipeline.privacy.erasing import Erased, NotAgreed, carry_out, look
from revops.pipeline.privacy.places import Terms, TooShort


class Command(BaseCommand):
    help = "Carry out an erasure that two people agreed to; or count what one would erase."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("request", nargs="?", help="the approved request, such as APR-12")
        parser.add_argument(
            "--look", nargs="+", metavar="TEXT", help="only count where these texts stand"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["look"]:
            try:
                self._say(look(Terms.of(options["look"])))
            except TooShort as error:
                raise CommandError(str(error)) from error
            self.stdout.write("Nothing was changed.")
            return
        if not options["request"]:
            raise CommandError("Name the approved request; it is asked for on “Personal data”.")
        held = Erasure.objects.filter(request=options["request"].upper()).first()
        if held is None:
            raise CommandError(f"{options['request']} is no erasure that somebody asked for.")
        try:
            done = carry_out(held.pk)
        except NotAgreed as error:
            raise CommandError(str(error)) from error
        self._say(Erased(done.progress.get("rows", {}), done.progress.get("kept", {})))
        self.stdout.write(f"Erased; act {done.act} says so.")

    def _say(self, found: Erased) -> None:
        for name, count in sorted(found.rows.items()):
            self.stdout.write(f"{count:>8}  {name}")
        if found.acts:
            self.stdout.write(f"{len(found.acts):>8}  details of the audit trail")
        for name, count in sorted(found.kept.items()):
            self.stdout.write(f"{count:>8}  {name}, kept by law with the books")
