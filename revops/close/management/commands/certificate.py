"""
``manage.py certificate verify FILE``: exit 0 when the file is as it was signed and, with the
database, still says what stands; 1 when it was changed or something behind it has; 2 when it
cannot be read or there is no key.

``manage.py certificate pack ENTITY PERIOD OUT``: the pack of the newest certificate.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from revops.audit import anchors
from revops.audit.operations import record
from revops.close.certificate import evidence, pack
from revops.close.certificate.canonical import (
    CertificateForged,
    CertificateUnreadable,
    Sealed,
    opened,
)
from revops.close.certificate.choosing import METHODS, MONETARY_UNIT
from revops.close.certificate.pack import PackRefused, Wish
from revops.close.certificate.queries import latest
from revops.close.certificate.scope import period_of
from revops.kernel.actor import system

HOLDS: Final = 0
CHANGED: Final = 1
UNREADABLE: Final = 2


class Command(BaseCommand):
    # An auditor's question about a file; how the server is set up is none of it.
    requires_system_checks = ()
    help = "Verify a certificate (exit 0 holds, 1 changed, 2 unreadable), or make its pack."

    def add_arguments(self, parser: CommandParser) -> None:
        ways = parser.add_subparsers(dest="way", required=True)
        verify = ways.add_parser("verify", help="check a certificate's file")
        verify.add_argument("file", type=Path)
        verify.add_argument("--public-key", default="", help="base64; default: our own key")
        verify.add_argument(
            "--offline", action="store_true", help="the signature alone, without the database"
        )
        packs = ways.add_parser("pack", help="write the evidence pack")
        packs.add_argument("entity")
        packs.add_argument("period")
        packs.add_argument("out", type=Path)
        packs.add_argument("--seed", default="")
        packs.add_argument("--method", choices=list(METHODS), default=MONETARY_UNIT)
        packs.add_argument("--size", type=int, default=25)
        packs.add_argument("--raw", action="store_true", help="payloads as they came, not masked")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["way"] == "pack":
            return self._pack(options)
        status, words = self._verify(options)
        self.stdout.write(words)
        if status:
            sys.exit(status)
        return None

    def _verify(self, options: dict[str, Any]) -> tuple[int, str]:
        try:
            text = options["file"].read_text(encoding="utf-8")
            key = anchors.public_key(options["public_key"])
            sealed = opened(text, key)
        except CertificateForged as error:
            return CHANGED, str(error)
        except (OSError, UnicodeDecodeError) as error:
            return UNREADABLE, f"The file cannot be read: {error}"
        except (CertificateUnreadable, ImproperlyConfigured) as error:
            return UNREADABLE, str(error)
        if options["offline"]:
            return HOLDS, f"{_about(sealed)} is as it was signed."
        return self._standing(sealed)

    def _standing(self, sealed: Sealed) -> tuple[int, str]:
        told = sealed.body["evidence"]
        period = period_of(told["entity"], told["period"]["code"])
        if period is None:
            return CHANGED, f"{_about(sealed)} is as it was signed, but its period is not here."
        now = evidence.read(period)
        if now.sha256 == sealed.body["evidence_sha256"]:
            return HOLDS, f"{_about(sealed)} is as it was signed, and says what stands."
        parts = sorted(name for name, value in now.told.items() if told.get(name) != value)
        return CHANGED, (
            f"{_about(sealed)} is as it was signed, but this changed since: {', '.join(parts)}."
        )

    def _pack(self, options: dict[str, Any]) -> None:
        period = period_of(options["entity"], options["period"])
        newest = latest(period.entity_id, period.code) if period else None
        if newest is None:
            raise CommandError("Nobody has sealed a certificate of this period.")
        try:
            wish = Wish(
                options["seed"] or str(newest), options["method"], options["size"], options["raw"]
            )
            made = pack.make(newest, wish)
        except PackRefused as error:
            raise CommandError(str(error)) from error
        with transaction.atomic():
            record(
                "export", by=system("manage.py certificate", "Operator of the server"),
                kind="file", reference="evidence pack", label=str(newest),
                entity=options["entity"], after={"raw": wish.raw, "seed": wish.seed},
            )  # fmt: skip
        options["out"].write_bytes(made)
        self.stdout.write(f"{options['out']}: {len(made):,} bytes")


def _about(sealed: Sealed) -> str:
    told = sealed.body["evidence"]
    return f"The certificate of {told['entity']} {told['period']['code']}"
