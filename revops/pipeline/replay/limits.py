"""
What one person may replay alone, and how fast: more than some events, or than some money, is
somebody else's decision, too; and of what a target takes, most is left to what comes in meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Sum

from approvals.queries.money import value
from exceptions.pacing import SHARE_PERCENT, pace, share, targets
from exceptions.replaying import ALONE, WORTH
from revops.events.models import BusinessEvent
from revops.jobs.kinds import Budget
from revops.jobs.models import ItemState, Job
from revops.kernel.money import Money

__all__ = ["ALONE", "SHARE_PERCENT", "WORTH", "budget", "money_of", "pace", "why_not_alone"]


def why_not_alone(job: Job, *, at: datetime) -> str:
    """
    Why one person does not replay this alone, or “”. What counts is the money of the open cases of
    its events (what is in the books already is not booked again), in whole units of each legal
    entity's functional currency.
    """
    chosen = job.items.filter(state=ItemState.PENDING)
    count = chosen.count()
    if count > ALONE:
        return f"More than {ALONE} events."
    if count < 2:
        return ""
    sums: dict[str, int] = {}
    held = chosen.exclude(amount=None).values("entity", "currency").annotate(total=Sum("amount"))
    for row in held.order_by("entity", "currency"):
        amount = Money(abs(row["total"]), row["currency"])
        found = value(
            subject="", entity=row["entity"], amount=amount, customer=None, at=at
        ).functional
        if found is None:
            return f"What {row['entity'] or 'no legal entity'} has at stake cannot be measured."
        sums[row["entity"]] = sums.get(row["entity"], 0) + found.minor
        if Money(sums[row["entity"]], found.currency).decimal > WORTH:
            return f"More than {found.currency} {WORTH:,} at stake in {row['entity']}."
    return ""


def money_of(job: Job) -> list[Money]:
    """What the open cases of its events have at stake, by currency."""
    chosen = job.items.filter(state=ItemState.PENDING).exclude(amount=None)
    sums = chosen.values("currency").annotate(total=Sum("amount")).order_by("currency")
    return [Money(row["total"], row["currency"]) for row in sums]


def budget(ids: Sequence[int], options: Mapping[str, Any]) -> list[Budget]:
    """What replaying these events may ask of each target a minute."""
    told = BusinessEvent.objects.filter(inbound__in=list(ids))
    codes = set(told.values_list("legal_entity", flat=True).distinct())
    found = []
    for row in targets(sorted(codes)):
        most = max(1, share(row.rate))
        found.append(Budget(row.label, len(ids), most, max(1, -(-len(ids) // most))))
    return found
