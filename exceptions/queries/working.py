"""Working the queue: which case comes next."""

from __future__ import annotations

from typing import Final

from django.db.models import Q

from exceptions.models import CaseState
from exceptions.queries.causes import page_of_causes
from exceptions.queries.selection import Selection

_CAUSES: Final = 100


def next_case(selection: Selection, *, sort: str = "impact", skip: int = 0) -> int | None:
    """
    The oldest open case of the dearest cause that nobody else has taken; None when all is done.
    After ``skip`` comes the next one of its cause, or the next cause: what is skipped comes last.
    At most a query for each cause that is all somebody else's.
    """
    free = Q(assignee__isnull=True) | Q(assignee=selection.person)
    chosen = selection.cases().filter(free, state=CaseState.OPEN)
    causes = [row.key for row in page_of_causes(selection, sort=sort, size=_CAUSES).rows]
    last = chosen.filter(pk=skip).values_list("cause_key", "opened_at").first() if skip else None
    if last is not None:
        key, opened_at = last
        later = Q(opened_at__gt=opened_at) | Q(opened_at=opened_at, pk__gt=skip)
        found = chosen.filter(later, cause_key=key).order_by("opened_at", "pk")
        number = found.values_list("pk", flat=True).first()
        if number is not None:
            return number
        if key in causes:
            place = causes.index(key)
            causes = causes[place + 1 :] + causes[:place]
    for key in causes:
        oldest = chosen.filter(cause_key=key).exclude(pk=skip).order_by("opened_at", "pk")
        number = oldest.values_list("pk", flat=True).first()
        if number is not None:
            return number
    return None
