"""
How near the end of an accounting period is, and so what an open case endangers.

Days are counted in the entity's own zone. Money that is not in the books when its period ends
must be explained or moved, hence the words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Q

from approvals.models import ApprovalRequest
from exceptions.models import Case, CaseState
from revops.jobs.models import JobItem
from revops.kernel.clock import local_date
from revops.web.formats import NBSP

BLOCKS_WITHIN: Final = 3
RISKS_WITHIN: Final = 10
RESOLVE: Final = "cases.resolve"
"""The kind of job that closes cases without a fix (``exceptions.bulk``)."""


@dataclass(frozen=True, slots=True)
class Endangers:
    """A period of an entity and how near its end is. ``days`` is negative after it."""

    entity: str
    period: str
    ends: date
    days: int
    closed: bool

    @property
    def tone(self) -> str:
        if self.closed or self.days <= BLOCKS_WITHIN:
            return "crit"
        return "warn" if self.days <= RISKS_WITHIN else ""

    @property
    def status(self) -> str:
        """A state of the house's table (revops/web/statuses.py), or “” when nothing presses."""
        return {"crit": "blocked", "warn": "at_risk"}.get(self.tone, "")

    @property
    def icon(self) -> str:
        return {"crit": "diamond", "warn": "triangle"}.get(self.tone, "ring")

    @property
    def when(self) -> str:
        """Plain text: ``in 3 d``, ``ends today``, ``ended 2 d ago``, ``closed``."""
        if self.closed:
            return "closed"
        if self.days == 0:
            return f"ends{NBSP}today"
        if self.days < 0:
            return f"ended {-self.days:,}{NBSP}d{NBSP}ago"
        return f"in{NBSP}{self.days:,}{NBSP}d"

    @property
    def words(self) -> str:
        """The line under the period's code: ``blocked, in 3 d``."""
        return {"crit": f"blocked, {self.when}", "warn": f"at risk, {self.when}"}.get(
            self.tone, self.when
        )


def endangers(
    *, entity: str, zone: str, period: str, ends: date, state: str, at: datetime
) -> Endangers:
    """What a case of that entity and period endangers, seen at an instant."""
    days = (ends - local_date(at, zone)).days
    return Endangers(entity, period, ends, days, closed=state == "closed")


def closed_without_fix(*, entity: str, period: str) -> int:
    """
    How many cases of a period somebody gave up (``operations.giving_up``), one by one or in bulk:
    what they held back is not in its books, so the close counts them.
    """
    gone = ApprovalRequest.objects.filter(subject="case_close", state="approved", entity=entity)
    ids = [int(one) for one in gone.values_list("subject_id", flat=True)]
    many = JobItem.objects.filter(
        job__kind=RESOLVE, state="done", entity=entity, period_code=period
    ).values("subject_id")
    given_up = Case.objects.filter(Q(pk__in=ids) | Q(pk__in=many))
    return given_up.filter(period_code=period, state=CaseState.RESOLVED).count()
