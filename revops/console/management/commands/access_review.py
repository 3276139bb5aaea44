"""``manage.py access_review``: who holds which role where, as CSV on standard output."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from revops.console.people import reading
from revops.kernel.sight import WHOLE, looking_as
from revops.web.csv_files import csv_lines


class Command(BaseCommand):
    help = "Write the access review: a line for each role of each person, with conflicts."

    def handle(self, *_args: Any, **_options: Any) -> None:
        # Whoever runs commands on the server reads the tables themselves.
        with looking_as(WHOLE):
            parts = csv_lines(reading.COLUMNS, reading.review_rows())
        for part in parts:
            self.stdout.write(part, ending="")
