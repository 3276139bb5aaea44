"""Stored events against a contract that is not in force yet."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from revops.contracts.fitting import SchemaUnreadable
from revops.contracts.registry import CONTRACTS
from revops.pipeline.replay.contract import rehearse


class Command(BaseCommand):
    help = (
        "Rehearse a change of a contract: the newest stored events of it against a proposed schema,"
        " or, without one, read again by this build's connectors and contracts. Nothing is written."
        " Ends with 1 when any would fail."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("contract", help="such as invoice.issued/1")
        parser.add_argument("--schema", type=Path, help="a JSON Schema, as contracts --write makes")
        parser.add_argument("--last", type=int, default=500, help="how many events (500)")

    def handle(self, *args: Any, **options: Any) -> None:
        contract, schema = options["contract"], None
        if contract not in CONTRACTS:
            raise CommandError(f"There is no contract {contract}.")
        if options["last"] < 1:
            raise CommandError("--last must be at least 1.")
        try:
            if options["schema"]:
                schema = json.loads(options["schema"].read_text(encoding="utf-8"))
            found = rehearse(contract=contract, last=options["last"], schema=schema)
        except (OSError, ValueError, SchemaUnreadable) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{contract}: {found.looked_at} events, {found.passed} hold, {found.failed} would fail"
        )
        if found.skipped:
            self.stdout.write(f"  {found.skipped} could not be read: their payload is gone")
        for path, words, count in found.causes:
            self.stdout.write(f"  {count} × {path}: {words}")
        for failure in found.failures[:10]:
            self.stdout.write(f"    EVT-{failure.inbound_id} {failure.subject_id}")
        if found.failed:
            raise SystemExit(1)
