"""``manage.py audit_export > acts.jsonl``: the whole trail, for docs/verify_audit.py."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from revops.audit import queries
from revops.audit.export import lines
from revops.audit.operations import record
from revops.kernel.actor import system


class Command(BaseCommand):
    help = "Write acts as JSON lines, one an act, to standard output; the export is itself an act."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="first", type=int, default=1, help="first act")
        parser.add_argument("--to", dest="last", type=int, help="last act (default: all)")

    def handle(self, *_args: Any, first: int, last: int | None, **_options: Any) -> None:
        end = queries.Head().last
        upto = end if last is None else min(last, end)
        with transaction.atomic():
            record(
                "audit.export", by=system("manage.py audit_export", "Operator of the server"),
                kind="audit trail", reference=f"{first}-{upto}", after={"format": "JSON lines"},
            )  # fmt: skip
        for text in lines(queries.links(first - 1, upto)):
            self.stdout.write(text, ending="")
