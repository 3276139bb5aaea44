"""``manage.py password_link EMAIL``: a link by which somebody sets their password."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.operations.passwords import password_link


class Command(BaseCommand):
    help = "Print the path of a page on which a person sets their password, once, in three days."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *_args: Any, email: str, **_options: Any) -> None:
        user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
        if user is None:
            raise CommandError(f"There is nobody with the email {email}.")
        if user.sealed_at is not None:
            raise CommandError("Seal it anew instead: manage.py emergency_account.")
        self.stdout.write(password_link(user=user))
