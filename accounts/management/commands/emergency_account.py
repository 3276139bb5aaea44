"""``manage.py emergency_account``: make the emergency account, or seal it anew after its use."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.operations.sealed import seal


class Command(BaseCommand):
    help = "Make the sealed emergency account, or give it a new password, printed once."

    def handle(self, *_args: Any, **_options: Any) -> None:
        user, password = seal()
        self.stderr.write(
            "Write both down, seal them and lock them away: they are not shown again. Whoever "
            "signs in with them has an hour, and everybody who watches is told."
        )
        self.stdout.write(f"{user.email} {password}")
