"""``manage.py simulate``: the delivery protocol among faults, from seeds."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from revops.delivery.simulation.run import EVENTS, HARMS, Summary, simulate_all
from revops.delivery.simulation.variants import VARIANTS

_LETTERS: Final = "".join(variant.letter for variant in VARIANTS)


class Command(BaseCommand):
    help = (
        "Runs the delivery protocol through seeded faults. Full designs must do no harm, controls "
        "(20 seeds each) must; ends with 1 when it is otherwise."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seeds", type=_positive, default=100, help="runs of each full design")
        parser.add_argument(
            "--only", type=_letters, default="", help=f"letters of variants, of {_LETTERS}"
        )
        parser.add_argument("--events", type=_positive, default=EVENTS, help="facts in each run")
        parser.add_argument("--processes", type=_positive, default=2)
        parser.add_argument("--json", action="store_true", help="the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        quiet = options["json"]
        if not quiet:
            self.stdout.write(_HEAD)
        summaries = simulate_all(
            seeds=options["seeds"],
            only=options["only"],
            events=options["events"],
            processes=options["processes"],
            told=lambda summary: None if quiet else self.stdout.write(_line(summary)),
        )
        seconds = round(time.monotonic() - began, 1)
        failed = [summary for summary in summaries if not summary.passed]
        if quiet:
            result = {
                "variants": [summary.as_json() for summary in summaries],
                "seconds": seconds,
                "passed": not failed,
            }
            self.stdout.write(json.dumps(result, indent=1))
        else:
            self.stdout.write(f"{sum(summary.runs for summary in summaries)} runs, {seconds} s")
        if failed:
            raise CommandError(" ".join(_why(summary) for summary in failed), returncode=1)


_HEAD: Final = (
    f"{'':2} {'variant':66} {'events':>8} "
    + " ".join(f"{harm:>12}" for harm in HARMS)
    + f" {'breaches':>9} {'bad runs':>9}"
)


def _line(summary: Summary) -> str:
    variant = summary.variant
    return (
        f"{variant.letter:2} {variant.name:66} {summary.events:8} "
        + " ".join(f"{summary.harms[harm]:12}" for harm in HARMS)
        + f" {summary.breaches.total():9} {f'{len(summary.bad_seeds)}/{summary.runs}':>9}"
    )


def _why(summary: Summary) -> str:
    if summary.variant.control:
        return f"Control {summary.variant.letter} did not show {', '.join(summary.variant.shows)}."
    return f"Variant {summary.variant.letter} did harm, first with seed {min(summary.bad_seeds)}."


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is not a number") from error
    if number < 1:
        raise ArgumentTypeError("at least 1")
    return number


def _letters(text: str) -> str:
    letters = text.upper().replace(",", "")
    unknown = sorted(set(letters) - set(_LETTERS))
    if unknown:
        raise ArgumentTypeError(f"there is no variant {', '.join(unknown)}")
    return letters
