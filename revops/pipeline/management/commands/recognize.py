"""``manage.py recognize --period 2026-10 [--entity US-INC]``: recognise revenue of a period."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from revops.mappings.models import LegalEntity
from revops.pipeline.recognize import PeriodNotOpen, recognize


class Command(BaseCommand):
    help = "Recognise what is due up to the end of an open period."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--period", required=True)
        parser.add_argument("--entity", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        entities = LegalEntity.objects.order_by("code")
        if options["entity"]:
            entities = entities.filter(code=options["entity"])
        if not entities:
            raise CommandError(f"There is no legal entity {options['entity']}.")
        for entity in entities:
            try:
                made = recognize(entity_id=entity.pk, period_code=options["period"])
            except (PeriodNotOpen, LookupError) as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"{entity.code} {options['period']}: {made} entries")
