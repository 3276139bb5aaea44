"""How fast a target was sent to in the last hour, drawn beside what may be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from revops.delivery.gate import Breaker, GateRow
from revops.delivery.queries import MOST_CALLS
from revops.store import sql

STEP: Final = timedelta(minutes=2)
STEPS: Final = 30
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 620, 20, 150
# A limit far above everything that was sent is said and not drawn: it would flatten the rest.
_NEAR: Final = 4

_SENT: Final = f"""
WITH calls AS (
    SELECT attempt.intent_at, attempt.outcome
    FROM delivery_attempt attempt
    JOIN delivery_outboundcommand command ON command.id = attempt.command_id
    WHERE command.connection_id = %(connection)s AND attempt.kind = 'send'
        AND attempt.id > (SELECT coalesce(max(id), 0) FROM delivery_attempt) - {MOST_CALLS}
), steps AS (
    SELECT generate_series(
        date_bin('2 minutes', now(), 'epoch') - interval '58 minutes',
        date_bin('2 minutes', now(), 'epoch'), interval '2 minutes') AS at
)
SELECT steps.at, count(calls.intent_at) AS sent,
    count(*) FILTER (WHERE calls.outcome = 'throttled') AS slowed,
    count(*) FILTER (WHERE calls.outcome IN ('transient', 'auth', 'in_doubt', 'not_sent')) AS failed
FROM steps
LEFT JOIN calls ON calls.intent_at >= steps.at AND calls.intent_at < steps.at + interval '2 minutes'
GROUP BY steps.at ORDER BY steps.at
"""  # noqa: S608  own literals


@dataclass(frozen=True, slots=True)
class Step:
    """
    Two minutes. ``slowed`` were turned away as too many, ``failed`` were not answered or failed.
    The rest is geometry: the bar from the bottom, and what of it was slowed or failed on top.
    """

    at: datetime
    sent: int
    slowed: int
    failed: int
    x: float
    width: float
    y: float
    height: float
    trouble_y: float
    trouble_height: float


@dataclass(frozen=True, slots=True)
class Pace:
    """
    The last hour. ``limit`` is what may be sent in two minutes, None for as much as the system
    takes; ``limit_y`` is None when it is too far up to be drawn. ``shut_x`` is where sending was
    stopped, None when it is not.
    """

    steps: Sequence[Step]
    sent: int
    slowed: int
    failed: int
    most: int
    limit: int | None
    limit_y: float | None
    shut_x: float | None

    @property
    def ticks(self) -> Sequence[tuple[float, datetime]]:
        """(x, instant) of every ten minutes."""
        return [(one.x, one.at) for one in self.steps if one.at.minute % 10 == 0]

    @property
    def shut_width(self) -> float:
        return round(_RIGHT - self.shut_x, 1) if self.shut_x is not None else 0


def pace(connection_id: int, gate: GateRow) -> Pace:
    """One query."""
    rows = sql.rows(_SENT, {"connection": connection_id})
    limit = round(gate.rate * STEP.total_seconds()) if gate.rate else None
    most = max(row.sent for row in rows)
    drawn = limit is not None and limit <= _NEAR * max(most, 1)
    top = max(most, limit if limit and drawn else 0, 1)
    return Pace(
        steps=[_step(row, number, top) for number, row in enumerate(rows)],
        sent=sum(row.sent for row in rows),
        slowed=sum(row.slowed for row in rows),
        failed=sum(row.failed for row in rows),
        most=top,
        limit=limit,
        limit_y=_y(limit, top) if limit and drawn else None,
        shut_x=_shut(gate, rows[0].at),
    )


def _step(row: Any, number: int, top: int) -> Step:
    each = (_RIGHT - _LEFT) / STEPS
    y, trouble = _y(row.sent, top), row.slowed + row.failed
    trouble_height = round(_BOTTOM - _y(trouble, top), 1)
    return Step(
        at=row.at,
        sent=row.sent,
        slowed=row.slowed,
        failed=row.failed,
        x=round(_LEFT + number * each + 2, 1),
        width=round(each - 4, 1),
        y=y,
        height=round(_BOTTOM - y, 1),
        trouble_y=y,
        trouble_height=trouble_height,
    )


def _y(count: int, top: int) -> float:
    return round(_BOTTOM - (_BOTTOM - _TOP) * count / top, 1)


def _shut(gate: GateRow, first: datetime) -> float | None:
    """Where the breaker opened, at the left edge when that was earlier."""
    if gate.breaker is Breaker.CLOSED or gate.opened_at is None:
        return None
    share = max(gate.opened_at - first, timedelta()) / (STEP * STEPS)
    return round(_LEFT + (_RIGHT - _LEFT) * min(share, 1.0), 1)
