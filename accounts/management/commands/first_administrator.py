"""``manage.py first_administrator EMAIL NAME``: the two who begin; run it once for each."""

from __future__ import annotations

import getpass
import os
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.operations import PeopleRefused, first_administrator


class Command(BaseCommand):
    help = "Make one of the first two administrators; REVOPS_ADMIN_PASSWORD, or it is asked for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")

    def handle(self, *_args: Any, email: str, name: str, **_options: Any) -> None:
        password = os.environ.get("REVOPS_ADMIN_PASSWORD") or getpass.getpass("Password: ")
        try:
            validate_password(password)
            made = first_administrator(email=email, name=name, password=password)
        except (ValidationError, PeopleRefused) as error:
            said = error.messages if isinstance(error, ValidationError) else [str(error)]
            raise CommandError(" ".join(said)) from error
        self.stdout.write(
            f"{made.name} administers this console. A role takes two administrators: while there "
            "is only one, run this again for the second."
        )
