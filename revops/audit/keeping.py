"""What keeps the trail honest over time: anchors, and verifications, which are acts, too."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction

from revops.audit import anchors, queries
from revops.audit.operations import record, recorded
from revops.audit.verifying import Report, verify
from revops.kernel.actor import Actor, system

_EVEN_WHEN_NOTHING_IS_NEW: Final = timedelta(days=1)


class TrailWasCut(Exception):
    """An anchor knows more acts than there are; another one now would only hide that."""


def folder() -> Path:
    return Path(settings.REVOPS_AUDIT_ANCHORS)


def anchor() -> Path | None:
    """
    Write an anchor, or None when the newest one already says it. Raises TrailWasCut, and
    ImproperlyConfigured without a key.
    """
    head = queries.Head()
    known = anchors.files(folder())
    if known:
        newest = anchors.read(known[-1], anchors.public_key())
        if newest.seq > head.seq:
            raise TrailWasCut(
                f"{known[-1].name} knows {newest.seq:,} acts, and there are {head.seq:,}. "
                "If a backup was restored, move the later anchors away and keep them."
            )
        same = (newest.seq, newest.hash) == (head.seq, head.hash.hex())
        if same and head.at - newest.at < _EVEN_WHEN_NOTHING_IS_NEW:
            return None
    if head.seq == 0:
        return None
    made = anchors.Anchor(head.seq, head.hash.hex(), head.count, head.at.replace(microsecond=0))
    return anchors.write(folder(), made)


@recorded
def verify_and_record(*, by: Actor | None = None) -> Report:
    """Verify the whole trail against the anchors; who asked, and what came of it, is an act."""
    report = verify(folder=folder())
    with transaction.atomic():
        record(
            "audit.verify", by=by or system("audit", "Daily verification"), kind="audit trail",
            reference=f"{report.first}-{report.last}",
            after={"passed": report.passed, "outcome": report.sentence},
        )  # fmt: skip
    return report
