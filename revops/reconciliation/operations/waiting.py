"""
A row whose counterpart is on its way: a person says by which day it is there. It stays a break,
clears by itself, and is open again when the day has passed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from accounts.models import User
from exceptions.operations import settle
from revops.reconciliation.models import Break, BreakState


def wait(ids: Collection[int], *, until: date, user: User, at: datetime, note: str = "") -> int:
    """Breaks that wait until a day, with their cases settled; locked by the caller. How many."""
    breaks = Break.objects.filter(pk__in=ids)
    why = f"{user.name} expects it by {until}."
    own = breaks.filter(case__kind__startswith="break_")
    settle(fingerprints=list(own.values_list("case__fingerprint", flat=True)), text=why, at=at)
    words = f"{why} {note.strip()}".strip()
    return breaks.update(
        state=BreakState.CLEARING, expected_by=until, promised_by=user, reason=words[:1_000]
    )
