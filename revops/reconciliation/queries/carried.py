"""
What is carried forward: breaks that nobody decided in their period, and the yes for leaving them.

A yes is for exactly the breaks that stood when it was asked for. One more, or another amount, and
it counts no longer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet

from approvals.models import ApprovalRequest, State
from revops.kernel.keys import sha256
from revops.reconciliation.models import Break, BreakState, Run
from revops.reconciliation.queries.figures import standing as standing_breaks

SUBJECT: Final = "breaks_carried"


@dataclass(frozen=True, slots=True)
class Carried:
    """Items of earlier periods in one currency: what came in, what this period cleared."""

    currency: str
    rows: Sequence[Break]
    opening: int
    cleared: int
    cleared_count: int

    @property
    def still(self) -> int:
        return self.opening - self.cleared

    @property
    def still_count(self) -> int:
        return len(self.rows) - self.cleared_count


def of(run: Run) -> list[Carried]:
    """
    What earlier periods left to this one, by currency: it stood when the period began, and stands
    or was settled since. What is explained needs nobody and is left out.
    """
    rows = (
        Break.objects.filter(
            Q(settled_at__isnull=True) | Q(settled_at__date__gte=run.starts),
            pair_id=run.pair_id, legal_entity_id=run.legal_entity_id,
            period_code__lt=run.period_code,
        )
        .exclude(state=BreakState.EXPLAINED)
        .select_related("case__assignee", "first_run")
        .order_by("currency", "opened_at", "pk")
    )  # fmt: skip
    found: dict[str, list[Break]] = {}
    for one in rows:
        found.setdefault(one.currency, []).append(one)
    carried = []
    for currency, held in found.items():
        gone = [one for one in held if one.state == BreakState.SETTLED]
        carried.append(
            Carried(
                currency, held, sum(one.difference for one in held),
                sum(one.difference for one in gone), len(gone),
            )
        )  # fmt: skip
    return carried


def identity(run: Run) -> str:
    return f"{run.pair_id}:{run.legal_entity_id}:{run.period_code}"


def undecided(run: Run) -> list[Break]:
    """The breaks of the period that need a decision."""
    return [one for one in standing_breaks(run) if one.state == BreakState.OPEN]


def digest(breaks: Sequence[Break]) -> str:
    """Names exactly these breaks with these differences."""
    told = sorted([one.fingerprint, one.currency, one.difference] for one in breaks)
    return sha256(json.dumps(told, separators=(",", ":")))


def agreed(run: Run) -> ApprovalRequest | None:
    """The yes for leaving what is undecided now, or None."""
    request = _requests(run).filter(state=State.APPROVED).order_by("-pk").first()
    if request is None or json.loads(request.content)["digest"] != digest(undecided(run)):
        return None
    return request


def waiting(run: Run) -> ApprovalRequest | None:
    """A request that nobody has decided yet."""
    return _requests(run).filter(state=State.WAITING).first()


def _requests(run: Run) -> QuerySet[ApprovalRequest]:
    return ApprovalRequest.objects.filter(subject=SUBJECT, subject_id=identity(run))
