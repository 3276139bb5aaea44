"""``manage.py flows``: the tables of docs/flows.md, as the flows say them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from revops.pipeline.flows import document

_PAGE: Final = "docs/flows.md"


class Command(BaseCommand):
    help = "Print the tables of flows and capabilities; --write puts them into docs/flows.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        tables = {"events": document.table(), "capabilities": document.asked()}
        if not options["write"]:
            for made in tables.values():
                self.stdout.write(made)
            return
        page = Path(settings.BASE_DIR) / _PAGE
        text = page.read_text(encoding="utf-8")
        for name, made in tables.items():
            mark = re.escape(f"<!-- {document.MADE_BY}: {name} -->\n")
            text = re.sub(
                rf"({mark}).*?(<!-- end -->)",
                _between(made),
                text,
                flags=re.DOTALL,
            )
        page.write_text(text, encoding="utf-8")
        self.stdout.write(f"Written: {_PAGE}")


def _between(made: str) -> Callable[[re.Match[str]], str]:
    """What stands between two marks is replaced by ``made``; the marks stay."""
    return lambda found: f"{found[1]}{made}{found[2]}"
