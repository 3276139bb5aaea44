"""
What one person may replay alone, and how fast: more than some events, or than some money, is
somebody else's decision, too; and of what a target takes, most is left to what comes in meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import Sum

from approvals.queries.money import value
from exceptions.replaying import ALONE, WORTH
from revops.events.models import BusinessEvent
from revops.jobs.kinds import Budget
from revops.jobs.models import ItemState, Job
from revops.kernel.money import Money
from revops.store import sql

__all__ = ["ALONE", "SHARE_PERCENT", "WORTH", "budget", "money_of", "pace", "why_not_alone"]

SHARE_PERCENT: Final = 30
"""Of a target's rate; the rest is for what comes in while events are replayed."""

# The targets of the books that a replay may reach; an event that belongs to nobody yet may be of
# any. ``rate`` is calls a second.
_TARGETS: Final = """
SELECT DISTINCT gate.connection_id, connection.label, gate.rate
FROM mappings_erproute route
JOIN mappings_legalentity entity ON entity.id = route.legal_entity_id
JOIN delivery_gate gate ON gate.connection_id = route.connection_id
JOIN connectors_connection connection ON connection.id = gate.connection_id
WHERE gate.rate > 0 AND route.valid @> current_date
    AND (entity.code = ANY(%(codes)s) OR '' = ANY(%(codes)s) OR cardinality(%(codes)s::text[]) = 0)
ORDER BY gate.rate, connection.label
"""


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


def pace(job: Job) -> int | None:
    """Events a minute that leave its targets enough; an event counts as one posting to each."""
    found = _targets(job.entities)
    return max(1, _share(found[0].rate)) if found else None


def budget(ids: Sequence[int], options: Mapping[str, Any]) -> list[Budget]:
    """What replaying these events may ask of each target a minute."""
    told = BusinessEvent.objects.filter(inbound__in=list(ids))
    codes = set(told.values_list("legal_entity", flat=True).distinct())
    found = []
    for row in _targets(sorted(codes)):
        share = max(1, _share(row.rate))
        found.append(Budget(row.label, len(ids), share, max(1, -(-len(ids) // share))))
    return found


def _targets(codes: Sequence[str]) -> list[Any]:
    return sql.rows(_TARGETS, {"codes": list(codes)})


def _share(rate: int) -> int:
    return rate * 60 * SHARE_PERCENT // 100
