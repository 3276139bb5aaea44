"""Late events of a close: what waits since it was signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exceptions.models import Case, CaseState
from revops.close.models import LateChoice
from revops.close.queries.causes import LATE
from revops.close.queries.periods import Closing
from revops.kernel.money import Money

MOST = 20


@dataclass(frozen=True, slots=True)
class Late:
    """A case that waits; ``choice`` is what somebody chose, and what has not come about yet."""

    case: Case
    amount: Money | None
    choice: LateChoice | None


def events(closing: Closing, *, at: datetime) -> list[Late]:
    """The newest first, at most twenty."""
    rows = Case.objects.filter(
        kind=LATE, legal_entity=closing.entity_id, period_code=closing.code
    ).exclude(state=CaseState.RESOLVED)
    cases = list(rows.select_related("inbound").order_by("-opened_at", "-pk")[:MOST])
    choices = LateChoice.objects.filter(case__in=cases).select_related("by").order_by("pk")
    chosen = {one.case_id: one for one in choices}
    return [
        Late(
            case,
            Money(case.at_stake, case.currency)
            if case.at_stake is not None and case.currency else None,
            chosen.get(case.pk),
        )
        for case in cases
    ]  # fmt: skip
