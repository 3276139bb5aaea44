"""
``manage.py audit_verify``: exit 0 when the trail is as it was written, 1 when it is broken (the
first act that does not fit is named), 2 when an anchor is missing, foreign, or ahead of the trail.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from revops.audit import anchors, keeping
from revops.audit.verifying import verify


class Command(BaseCommand):
    help = "Verify the audit trail: exit 0 as written, 1 broken at an act, 2 anchors do not hold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="first", type=int, default=1, help="first act")
        parser.add_argument("--to", dest="last", type=int, help="last act (default: all)")
        parser.add_argument("--anchors", type=Path, help="folder (default REVOPS_AUDIT_ANCHORS)")
        parser.add_argument("--no-anchors", action="store_true", help="the chain alone")
        parser.add_argument("--public-key", default="", help="base64; default: of our own key")
        parser.add_argument("--json", action="store_true", help="the report as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["first"] < 1:
            raise CommandError("Acts are numbered from 1.")
        folder = None if options["no_anchors"] else options["anchors"] or keeping.folder()
        try:
            key = anchors.public_key(options["public_key"]) if folder else None
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        report = verify(first=options["first"], last=options["last"], folder=folder, key=key)
        self.stdout.write(json.dumps(asdict(report)) if options["json"] else report.sentence)
        if report.status:
            sys.exit(report.status)
