"""Break-glass that nobody has looked at: it stands against signing a close (``revops/close``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.authority import covers, scope_of
from accounts.models import BreakGlass
from approvals.policies import after_working_days


@dataclass(frozen=True, slots=True)
class Unreviewed:
    """Break-glass that has ended and that nobody else has looked at yet, by when somebody must."""

    glass: BreakGlass
    due: datetime
    late: bool

    @property
    def sentence(self) -> str:
        return f"{self.glass} of {self.glass.asked_by.name} ended and waits to be looked at."


def unreviewed_emergencies(
    *, at: datetime, entity: str = "", zone: str = "UTC"
) -> list[Unreviewed]:
    """
    What was done with lent rights and not looked at, the oldest first: the close of no legal entity
    in which they counted is signed off before (reliability.md 6.3). ``entity`` is a code, without
    one those of all; due is the next working day in ``zone``. Of somebody who has left, or holds no
    role any more, it counts everywhere.
    """
    ended = BreakGlass.objects.filter(ends_at__lte=at, reviewed_at__isnull=True)
    found = []
    for glass in ended.select_related("asked_by").order_by("ends_at", "pk"):
        scope = scope_of(glass.asked_by)
        if entity and scope and not covers(scope, [entity]):
            continue
        assert glass.ends_at is not None
        due = after_working_days(glass.ends_at, 1, zone)
        found.append(Unreviewed(glass, due, late=due < at))
    return found
