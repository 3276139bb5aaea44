"""What somebody found who looks for everything of a kind at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from exceptions.findings import Finding
from exceptions.models import UNRESOLVED, Case
from exceptions.operations.intake import report, settle


def report_all(
    found: Sequence[Finding], *, kind: str, whole: bool, over: str, at: datetime
) -> None:
    """
    ``report`` these, and settle the other unresolved cases of the kind; ``over`` says why. Those
    stay when the list is not ``whole``: what it leaves out may still be so. Called within the
    caller's transaction.
    """
    if whole:
        held = Case.objects.filter(UNRESOLVED, kind=kind)
        gone = held.exclude(fingerprint__in=[one.fingerprint for one in found])
        settle(fingerprints=list(gone.values_list("fingerprint", flat=True)), text=over, at=at)
    report(found, at=at)
