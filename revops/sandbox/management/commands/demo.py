"""``manage.py demo seed`` makes the demo company; ``demo signins`` lists its people."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.demo import PASSWORD
from revops.sandbox import closes, company, contacts, desk, group, metered, watched


class Command(BaseCommand):
    help = "The demo company: seed it, or list the people who can sign in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["seed", "signins"])

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "signins":
            for email, _, role in company.PEOPLE:
                self.stdout.write(f"{email}  {PASSWORD}  {role.label}")
            email, _, role, entity = company.LOCAL
            self.stdout.write(f"{email}  {PASSWORD}  {role.label}, {entity} only")
            return
        try:
            fresh = company.seed()
            metered.seed()
            contacts.seed()
            desk.seed()
            watched.seed()
            closes.seed()
            group.seed()
        except company.NotADemo as error:
            raise CommandError(str(error)) from error
        self.stdout.write("The demo company is new." if fresh else "The demo company is there.")
