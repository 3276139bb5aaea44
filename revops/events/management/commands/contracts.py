"""``manage.py contracts --check|--write``: the published language and its exported schemas."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from revops.contracts import compatibility, export
from revops.contracts.compatibility import Change


class Command(BaseCommand):
    help = "Compares the contracts with their exported JSON Schemas, or exports them."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        task = parser.add_mutually_exclusive_group(required=True)
        task.add_argument(
            "--check", action="store_true", help="fail when a contract differs from its schema"
        )
        task.add_argument(
            "--write", action="store_true", help="export; an incompatible change is refused"
        )
        parser.add_argument("--folder", type=Path, default=export.FOLDER, help="where they are")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        present = export.generated()
        changes = compatibility.compare(export.exported(folder), present)
        breaking = [change for change in changes if change.breaks]
        if breaking:
            raise CommandError(_refusal(breaking))
        if options["write"]:
            for file in export.write(present, folder):
                self.stdout.write(f"Written: {file.name}")
        elif behind := export.stale(present, folder):
            listed = "\n".join(f"  {contract}" for contract in behind)
            raise CommandError(
                f"The exported schemas are behind their contracts:\n{listed}\n"
                "Run “manage.py contracts --write” and commit the files."
            )
        for change in changes:
            self.stdout.write(str(change))
        self.stdout.write(f"{len(present)} contracts keep their promise.")


def _refusal(breaking: list[Change]) -> str:
    listed = "\n".join(f"  {change}" for change in breaking)
    advice = "\n".join(
        f"  {contract}: add {compatibility.next_version(contract)}, and an upgrade to it in "
        "revops/contracts/registry.py"
        for contract in dict.fromkeys(change.contract for change in breaking)
    )
    return (
        f"Incompatible changes; somebody who reads or writes these events would break:\n{listed}\n"
        f"Leave the version as it was and add a new one:\n{advice}"
    )
