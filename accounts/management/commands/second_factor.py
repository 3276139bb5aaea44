"""``manage.py second_factor EMAIL --reason …``: somebody lost their phone and their paper."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import second_factor, sessions
from accounts.models import User
from revops.kernel.actor import system


class Command(BaseCommand):
    help = "Take a person's second factor away, so that they set up another when they sign in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--reason", required=True, help="how you know that it is them")

    def handle(self, *_args: Any, email: str, reason: str, **_options: Any) -> None:
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"There is nobody with the email {email}.")
        by = system("manage.py second_factor", "Operator")
        if not second_factor.remove(user=user, by=by, reason=reason):
            raise CommandError(f"{user.name} has no second factor.")
        ended = sessions.end_all(user=user)
        self.stdout.write(
            f"{user.name} sets up another second factor next. Sessions ended: {ended}."
        )
