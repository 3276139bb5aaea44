"""
What a rule would have done in the last thirty days: the same decisions as the worker's, over what
was sampled every five minutes, and before that over what timestamps of the business still tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from revops.alerts import measures
from revops.alerts.deciding import Quiet, Standing, Terms, Turn, step, unseen
from revops.alerts.measures import Measure
from revops.alerts.queries.reading import calendar, pressing
from revops.store import sql

DAYS: Final = 30
STEP: Final = timedelta(minutes=5)

# A row for each time at which somebody measured; what does not count is zero there.
_SAMPLED: Final = """
SELECT sample.at, coalesce({together}(sample.value) FILTER (
    WHERE sample.currency = %(currency)s AND (%(within)s::int IS NULL
        OR period.ends - (sample.at AT TIME ZONE entity.zone)::date <= %(within)s)), 0)::bigint
    AS value
FROM alerts_sample sample
LEFT JOIN mappings_legalentity entity ON entity.id = sample.legal_entity_id
LEFT JOIN mappings_accountingperiod period
    ON period.legal_entity_id = sample.legal_entity_id AND period.code = sample.period_code
WHERE sample.measure = %(measure)s AND sample.at > %(since)s AND sample.at <= %(until)s
    AND (%(entity)s::bigint IS NULL OR sample.legal_entity_id = %(entity)s)
GROUP BY sample.at ORDER BY sample.at
"""
# What was before the window comes together in its first step.
_BEFORE: Final = """
SELECT date_bin('5 minutes', greatest(at, %(since)s), '2000-01-01 00:00+00') AS at,
    legal_entity_id AS entity_id, period_code AS period, sum(value)::bigint AS value
FROM ({past}) AS changes
WHERE at < %(until)s AND (%(entity)s::bigint IS NULL OR legal_entity_id = %(entity)s)
GROUP BY 1, 2, 3 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Firing:
    """One alert that there would have been; still standing without an end."""

    at: datetime
    ended: datetime | None
    worst: int
    quiet: bool


@dataclass(frozen=True, slots=True)
class Day:
    """The highest value of 24 hours, None when nothing is known of them."""

    starts: datetime
    highest: int | None
    fires: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """
    ``minutes`` of the thirty days are known, ``worked_out`` of them from timestamps, which
    ``says`` explains; without an explanation nothing is known from before ``sampled_from``.
    """

    firings: Sequence[Firing]
    days: Sequence[Day]
    minutes: int
    worked_out: int
    sampled_from: datetime | None
    says: str

    @property
    def times(self) -> int:
        return len(self.firings)

    @property
    def whole(self) -> bool:
        """All but what the workers are just about to sample."""
        return self.minutes >= DAYS * 24 * 60 - 30


@dataclass(slots=True)
class _Run:
    """The worker's decisions, one after the other."""

    terms: Terms
    quiet: Quiet | None
    standing: Standing = field(default_factory=Standing)
    firings: list[Firing] = field(default_factory=list)
    last: datetime | None = None

    def take(self, at: datetime, value: int) -> None:
        if self.last is not None and at - self.last > 3 * STEP:
            self.standing = unseen(self.standing)
        self.last = at
        self.standing, turn = step(self.standing, self.terms, value, at)
        if turn is Turn.FIRES:
            told = self.quiet is not None and self.quiet.at(at)
            self.firings.append(Firing(at, None, value, told))
        elif self.firings and self.firings[-1].ended is None:
            now = self.firings[-1]
            ended = at if turn is Turn.ENDS else None
            self.firings[-1] = Firing(now.at, ended, max(now.worst, value), now.quiet)


def trial(terms: Terms, *, quiet: Quiet | None, at: datetime) -> Trial:
    """Two or three statements, however long the history is."""
    measure, since = measures.get(terms.measure), at - timedelta(days=DAYS)
    sampled = _sampled(terms, measure, since, at)
    first = sampled[0][0] if sampled else at
    before = list(_worked_out(terms, measure, since, first)) if measure.past else []
    run = _Run(terms, quiet)
    for moment, value in [*before, *sampled]:
        run.take(moment, value)
    step_minutes = int(STEP.total_seconds()) // 60
    return Trial(
        firings=run.firings,
        days=_days([*before, *sampled], run.firings, since),
        minutes=(len(before) + len(sampled)) * step_minutes,
        worked_out=len(before) * step_minutes,
        sampled_from=sampled[0][0] if sampled else None,
        says=measure.past.says if measure.past and before else "",
    )


def _sampled(
    terms: Terms, measure: Measure, since: datetime, until: datetime
) -> list[tuple[datetime, int]]:
    statement = _SAMPLED.format(together="max" if measure.highest else "sum")
    found = sql.rows(
        statement,
        {
            "measure": terms.measure, "currency": terms.currency, "entity": terms.entity_id,
            "within": terms.closes_within, "since": since, "until": until,
        },
    )  # fmt: skip
    return [(row.at, row.value) for row in found]


def _worked_out(
    terms: Terms, measure: Measure, since: datetime, until: datetime
) -> Iterator[tuple[datetime, int]]:
    """Every five minutes from the first thing that is known until what was sampled."""
    assert measure.past is not None
    given = measures.params() | {
        "currency": terms.currency, "entity": terms.entity_id, "since": since, "until": until,
    }  # fmt: skip
    changes = sql.rows(_BEFORE.format(past=measure.past.statement), given)
    if not changes:
        return
    periods = calendar() if terms.closes_within is not None else []
    held: dict[tuple[int | None, str], int] = {}
    near: set[tuple[int | None, str]] = set()
    position, moment = 0, changes[0].at
    while moment + STEP <= until:
        moved = False
        while position < len(changes) and changes[position].at <= moment:
            one = changes[position]
            key = (one.entity_id, one.period)
            held[key] = held.get(key, 0) + one.value
            position, moved = position + 1, True
        if terms.closes_within is None:
            value = sum(held.values())
        else:
            if moved or moment.minute == 0:
                near = pressing(periods, at=moment, within=terms.closes_within)
            value = sum(much for key, much in held.items() if key in near)
        moment += STEP
        yield moment, value


def _days(
    points: Sequence[tuple[datetime, int]], firings: Sequence[Firing], since: datetime
) -> list[Day]:
    whole = timedelta(days=1)
    highest: dict[int, int] = {}
    for at, value in points:
        day = min(DAYS - 1, (at - since) // whole)
        highest[day] = max(highest.get(day, value), value)
    fired = {min(DAYS - 1, (one.at - since) // whole) for one in firings}
    return [Day(since + day * whole, highest.get(day), day in fired) for day in range(DAYS)]
