"""``manage.py backfill FILE --connection stripe``: events from a file, one JSON body a line."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from connectors.models import Connection
from revops.events.models import Channel
from revops.kernel import strict_json
from revops.pipeline import receive, sources, wake


class Command(BaseCommand):
    help = "Take a source's events from a file. What is known already counts as a repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--connection", required=True, help="the slug of the source")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            source = sources.by_slug(options["connection"])
            file = options["file"].open("rb")
        except (Connection.DoesNotExist, OSError) as error:
            raise CommandError(f"Cannot start: {error}") from error
        counts: Counter[str] = Counter()
        with file:
            # The whole file is read before anything is stored: it is taken as a whole or not.
            bodies = [(number, line.strip()) for number, line in enumerate(file, 1) if line.strip()]
        wrong = [
            f"line {number}: {problem}" for number, body in bodies if (problem := _problem(body))
        ]
        if wrong:
            raise CommandError("Nothing was stored.\n" + "\n".join(wrong[:20]))
        for _, body in bodies:
            counts[receive.store_body(source, body, Channel.FILE).stored.value] += 1
        wake.line(source.id)
        self.stdout.write(
            f"{counts['new']} new, {counts['duplicate']} known already, "
            f"{counts['conflict']} with other content"
        )


def _problem(body: bytes) -> str:
    try:
        value = strict_json.loads(body)
    except strict_json.JsonRefused as error:
        return str(error)
    return "" if isinstance(value, dict) else "An event is a JSON object."
