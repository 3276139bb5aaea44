"""``manage.py period_end --period 2026-10 [--entity US-INC] [--kind remeasurement]``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from revops.mappings.models import LegalEntity
from revops.pipeline.period_end.runs import AUTOMATIC, KINDS, run
from revops.pipeline.recognize import PeriodNotOpen


class Command(BaseCommand):
    help = "Make the runs of an open period's end. Again, they post only what has changed since."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--period", required=True)
        parser.add_argument("--entity", default="")
        parser.add_argument("--kind", action="append", choices=list(KINDS), default=None)

    def handle(self, *args: Any, **options: Any) -> None:
        entities = LegalEntity.objects.order_by("code")
        if options["entity"]:
            entities = entities.filter(code=options["entity"])
        if not entities:
            raise CommandError(f"There is no legal entity {options['entity']}.")
        trouble = False
        for entity in entities:
            try:
                results = run(
                    entity_id=entity.pk,
                    period_code=options["period"],
                    kinds=options["kind"] or AUTOMATIC,
                    by="manage.py period_end",
                )
            except (PeriodNotOpen, LookupError) as error:
                raise CommandError(str(error)) from error
            for result in results:
                trouble = trouble or bool(result.trouble)
                said = result.trouble or f"{result.entries} entries"
                self.stdout.write(f"{entity.code} {options['period']} {result.kind}: {said}")
        if trouble:
            raise CommandError("Not every run could be made. Each of them is a case.")
