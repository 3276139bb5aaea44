"""``manage.py usage FILE --connection SLUG``: raw usage from a file, NDJSON, one record a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from connectors.models import Connection
from revops.events.models import Channel
from revops.kernel import clock, correlation
from revops.pipeline import sources
from revops.pipeline.metering import door
from revops.usage.operations.intake import Fate
from revops.usage.reading import Bad, Raw, read_line


class Command(BaseCommand):
    help = "Store usage records from a file. Doing it again is safe: each record counts once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="NDJSON: a plain record or a CloudEvent a line")
        parser.add_argument("--connection", required=True, help="the slug of a connection")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            source = sources.by_slug(options["connection"])
        except Connection.DoesNotExist:
            raise CommandError(f"There is no connection “{options['connection']}”.") from None
        path = Path(options["file"])
        if not path.is_file():
            raise CommandError(f"{path} cannot be read.")
        taken = door.take(
            source,
            _records(path, source.slug),
            channel=Channel.FILE,
            correlation_id=correlation.new_id(),
        )
        for one in taken.problems:
            self.stderr.write(f"record {one.index} {one.id or '(no id)'}: {one.sentence}")
        counts = taken.counts
        self.stdout.write(
            f"{counts[Fate.ACCEPTED]:,} stored, {counts[Fate.DUPLICATE]:,} known, "
            f"{counts[Fate.CONFLICT]:,} in conflict, {counts[Fate.REFUSED]:,} refused"
        )


def _records(path: Path, source: str) -> Iterator[Raw | Bad]:
    now = clock.now()
    with path.open("rb") as lines:
        for line in lines:
            if line.strip():
                yield read_line(line, source=source, now=now)
