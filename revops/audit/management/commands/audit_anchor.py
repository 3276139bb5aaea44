"""``manage.py audit_anchor``: sign where the audit trail stands, into REVOPS_AUDIT_ANCHORS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from revops.audit import keeping


class Command(BaseCommand):
    help = "Write a signed anchor of the audit trail; done every hour by the scheduler."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            path = keeping.anchor()
        except keeping.TrailWasCut as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(str(path) if path else "The newest anchor says it already.")
