"""
What the home of those who run the systems begins with: whoever handles cases and connections
(RevOps) sees what does not work, whoever gives roles (administrators) also what became of people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from accounts.models import User
from accounts.queries import may
from exceptions.queries.causes import CauseRow
from revops.console.queries.home import Waiting
from revops.pipeline.changes.gaps import Gap, gaps
from revops.store import sql

_MOST: Final = 3
_DAY: Final = timedelta(days=1)
# A worker's beats are minutes apart; a day's work has a day and some hours.
_LATE: Final = timedelta(minutes=15)
_DAILY: Final = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Operating:
    """
    ``unhealthy`` connections; ``growing`` causes; ``dead`` letters, those of them that fail again
    and again in ``poison``; ``gaps`` of mappings, the first of ``gap_count``; of a day, sign-ins
    that were ``refused`` and ``roles`` given or ended; ``late`` the scheduled work that did not
    come. None where the person's roles do not show it.
    """

    unhealthy: Sequence[Waiting]
    growing: Sequence[CauseRow]
    dead: int | None
    poison: int
    gaps: Sequence[Gap]
    gap_count: int | None
    refused: int | None
    roles: int | None
    late: Sequence[str]

    @property
    def calm(self) -> bool:
        counts = (self.dead, self.gap_count, self.refused, self.roles)
        return not (self.unhealthy or self.growing or self.late or any(counts))


_DEAD: Final = """
SELECT count(*) AS dead, count(*) FILTER (WHERE state = 'poison') AS poison FROM (
    SELECT state FROM events_inboundevent WHERE state IN ('quarantined', 'poison') LIMIT 10000
) AS aside
"""
_PEOPLE: Final = """
SELECT (SELECT count(*) FROM audit_event
        WHERE action = 'session.refused' AND ts >= %(since)s) AS refused,
    (SELECT count(*) FROM accounts_assignment
        WHERE valid_from >= %(since)s OR (valid_to >= %(since)s AND valid_to <= now())) AS roles
"""
_BEATS: Final = """
SELECT name, at FROM pipeline_heartbeat
WHERE name IN ('sweeper', 'reconciliation', 'usage', 'daily')
"""
_WORK: Final = {
    "sweeper": ("Looking around", _LATE), "reconciliation": ("Reconciliation", _LATE),
    "usage": ("Rating of usage", _LATE), "daily": ("Daily work", _DAILY),
}  # fmt: skip


def operates(user: User) -> bool:
    """Whether somebody's home begins with the systems."""
    return may(user, "connections.operate")


def operating(
    user: User, targets: Sequence[Waiting], causes: Sequence[CauseRow], *, at: datetime
) -> Operating:
    """``targets`` and ``causes`` are those that the home read already. At most four queries."""
    cases, people = may(user, "cases.view"), may(user, "people.change")
    dead = sql.one(_DEAD) if cases else None
    lacking = gaps(at=at) if may(user, "mappings.view") else None
    told = sql.one(_PEOPLE, {"since": at - _DAY}) if people else None
    return Operating(
        [one for one in targets if one.status != "healthy"],
        [one for one in causes if one.growing],
        dead.dead if dead else None, dead.poison if dead else 0,
        (lacking or [])[:_MOST], len(lacking) if lacking is not None else None,
        told.refused if told else None, told.roles if told else None,
        _late(at) if people else (),
    )  # fmt: skip


def _late(at: datetime) -> list[str]:
    held = {row.name: row.at for row in sql.rows(_BEATS)}
    return [
        label
        for name, (label, patience) in _WORK.items()
        if name in held and held[name] < at - patience
    ]
