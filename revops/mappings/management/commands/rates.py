"""``manage.py rates FILE``: publish the exchange rates of a CSV file."""

from __future__ import annotations

import csv
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from revops.mappings.operations import NewRate, RateRefused, publish_rates

_PLAIN: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?", re.ASCII)
_COLUMNS: Final = ("day", "currency", "quote", "rate")


class Command(BaseCommand):
    help = (
        "Publish exchange rates from a CSV file with the columns day, currency, quote, rate and, "
        "unless --source says it for all, source. All of them or none."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", default="", help="Who publishes them, such as ECB.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with path.open(encoding="utf-8-sig", newline="") as text:
                rates = _read(text, options["source"])
            done = publish_rates(rates, by=f"manage.py rates {path.name}"[:120])
        except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{done.new} new, {done.corrected} corrected, {done.unchanged} unchanged."
        )


def _read(text: Any, source: str) -> list[NewRate]:
    reader = csv.DictReader(text)
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise RateRefused(f"The first line lacks: {', '.join(missing)}.")
    found = []
    for row in reader:
        where = f"Line {reader.line_num}"
        if not _PLAIN.fullmatch(row["rate"] or ""):
            raise RateRefused(f"{where}: “{row['rate']}” is not a rate. Write it as 1.0845.")
        try:
            day = date.fromisoformat(row["day"] or "")
        except ValueError as error:
            raise RateRefused(
                f"{where}: “{row['day']}” is not a day such as 2026-01-31."
            ) from error
        found.append(
            NewRate(
                (row["currency"] or "").strip(),
                (row["quote"] or "").strip(),
                day,
                Decimal(row["rate"]),
                (row.get("source") or source).strip(),
            )
        )
    return found
