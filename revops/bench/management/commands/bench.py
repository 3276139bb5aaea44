"""``manage.py bench [NAME] [--events N]``: measure, and print JSON last."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from revops.bench import (
    certificate,
    identity,
    line,
    lookups,
    period_end,
    queue,
    reconciliation,
    usage,
)
from revops.bench.house import ROOT

_NAMES = [
    "certificate",
    "identity",
    "line",
    "lookups",
    "period_end",
    "queue",
    "reconciliation",
    "usage",
]


class Command(BaseCommand):
    help = "Our figures beside the limits of this machine, measured in one run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", default="line", choices=_NAMES)
        parser.add_argument("--events", type=int, help="how many; by default those of the page")

    def handle(self, *args: Any, **options: Any) -> None:
        many = options["events"]
        if options["name"] == "usage":
            result = usage.measure(records=many or 1_000_000)
        elif options["name"] == "lookups":
            result = lookups.measure(customers=many or 100_000)
        elif options["name"] == "identity":
            result = identity.measure(customers=many or 20_000)
        elif options["name"] == "period_end":
            result = period_end.measure(schedules=many or 50_000)
        elif options["name"] == "certificate":
            result = certificate.measure(events=many or 1_000_000)
        elif options["name"] == "queue":
            result = queue.measure(cases=many or 100_000)
        elif options["name"] == "reconciliation":
            result = reconciliation.measure(rows=many or 1_000_000)
        else:
            result = line.measure(events=many or 3000)
        result["commit"] = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        self.stdout.write(json.dumps(result))
