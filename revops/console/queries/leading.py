"""What the home of who signs closes shows beside the close: approvals, lateness, the backlog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.safestring import SafeString

from accounts.models import User
from approvals.models import ApprovalRequest
from approvals.queries.standing import waiting_for
from exceptions.models import Case, CaseState
from revops.close.board import Board, board, current
from revops.store import sql
from revops.web.charts import Point, Words, bars

_DAYS: Final = 14
_MOST: Final = 5

# Open at the end of each of the last days: what came before it and was not settled by then.
_BACKLOG: Final = """
SELECT day::date AS day, count(held.id) AS cases
FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day
LEFT JOIN (
    SELECT held.id, held.opened_at, held.resolved_at FROM exceptions_case held
    LEFT JOIN mappings_legalentity entity ON entity.id = held.legal_entity_id
    WHERE (NOT (held.state = 'resolved') OR held.resolved_at >= %(first)s::date)
        AND (%(entity)s = '' OR entity.code = %(entity)s)
) AS held ON held.opened_at < day + interval '1 day'
    AND (held.resolved_at IS NULL OR held.resolved_at >= day + interval '1 day')
GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Leading:
    """``approvals`` are those the person may decide; ``missed`` fell due today and is not done."""

    board: Board
    approvals: Sequence[ApprovalRequest]
    missed: Sequence[Case]
    backlog: SafeString
    said: str


def leading(user: User, *, at: datetime, entity: str = "") -> Leading | None:
    """None where no period is there to be closed."""
    code = current(at, entity=entity)
    held = board(code, entity=entity, at=at) if code else None
    if held is None or not held.found:
        return None
    drawing, said = _backlog(at, entity)
    return Leading(held, waiting_for(user, at=at)[:_MOST], _missed(at, entity), drawing, said)


def _missed(at: datetime, entity: str) -> Sequence[Case]:
    rows = Case.objects.exclude(state=CaseState.RESOLVED).filter(
        due_at__lt=at, due_at__gte=at - timedelta(days=1)
    )
    if entity:
        rows = rows.filter(legal_entity__code=entity)
    return list(rows.select_related("assignee", "legal_entity").order_by("due_at", "pk")[:_MOST])


def _backlog(at: datetime, entity: str) -> tuple[SafeString, str]:
    last = at.date()
    rows: list[Any] = sql.rows(
        _BACKLOG,
        {"first": last - timedelta(days=_DAYS - 1), "last": last, "entity": entity},
    )
    points = [Point(f"{row.day:%m-%d}", row.cases, f"{row.cases:,}") for row in rows]
    peak = max(rows, key=lambda row: row.cases)
    now = rows[-1].cases
    sentence = f"Open exceptions at the end of each day: {now:,} today, {peak.cases:,} at most."
    drawing = bars(points, Words("backlog", sentence, "Day", "Open"))
    fewer = peak.cases - now
    if fewer:
        return drawing, f"{fewer:,} fewer than the peak"
    # On the first day there is nothing that today could be more than.
    return drawing, "this is the peak" if any(row.cases for row in rows[:-1]) else ""
