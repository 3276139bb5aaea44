"""
Samples added up by day and by hour, in UTC, with what an objective counts of them.

Two statements read all measures of a page. Buckets of times are added up in the database; an hour
or day without a sample is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from revops.measures.bounds import BUCKETS, added, percentile, within
from revops.measures.budgets import Counted
from revops.store import sql

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
_SPREAD: Final = ", ".join(
    f"coalesce(sum(sample.spread[{place}]), 0)::bigint" for place in range(1, BUCKETS + 1)
)
_SUMS: Final = f"""
SELECT sample.measure, date_trunc(%(step)s, sample.hour, 'UTC') AS at,
    sum(sample.count)::bigint AS count, sum(sample.good)::bigint AS good,
    sum(sample.open)::bigint AS open, sum(sample.total)::bigint AS total,
    ARRAY[{_SPREAD}] AS spread
FROM measures_sample sample
LEFT JOIN mappings_legalentity entity ON entity.id = sample.legal_entity_id
WHERE sample.measure = ANY(%(measures)s) AND sample.hour >= %(since)s
    AND (%(entity)s = '' OR entity.code = %(entity)s)
GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608  literals of ours
_LATEST: Final = """
SELECT max(hour) AS hour FROM measures_sample WHERE measure = 'ageing'
"""


@dataclass(frozen=True, slots=True)
class Sums:
    """As the columns of a sample."""

    count: int = 0
    good: int = 0
    open: int = 0
    total: int = 0
    spread: Sequence[int] = field(default_factory=tuple)

    @property
    def bad(self) -> int:
        return self.count - self.good - self.open

    @property
    def mean(self) -> int | None:
        """Seconds on average, of those that are good."""
        return self.total // self.good if self.good else None

    def quantile(self, percent: int) -> int | None:
        return percentile(self.spread, percent)


@dataclass(frozen=True, slots=True)
class Bucket:
    """The sums of an hour or a day."""

    starts: datetime
    ends: datetime
    sums: Sums


Series = Mapping[str, Sequence[Bucket]]


def series(
    measures: Sequence[str], *, since: datetime, step: timedelta, entity: str = ""
) -> dict[str, list[Bucket]]:
    """
    By measure, the buckets since an instant in their order; ``step`` is DAY or HOUR. With
    ``entity``, those of one legal entity; else all that the session sees.
    """
    found: dict[str, list[Bucket]] = {slug: [] for slug in measures}
    given = {
        "measures": list(measures), "since": since, "entity": entity,
        "step": "day" if step == DAY else "hour",
    }  # fmt: skip
    for row in sql.rows(_SUMS, given):
        sums = Sums(row.count, row.good, row.open, row.total, tuple(row.spread))
        found[row.measure].append(Bucket(row.at, row.at + step, sums))
    return found


def total(buckets: Iterable[Bucket], *, since: datetime | None = None) -> Sums:
    """Several buckets as one; of those that begin at or after an instant."""
    held = [one.sums for one in buckets if since is None or one.starts >= since]
    return Sums(
        sum(one.count for one in held), sum(one.good for one in held),
        sum(one.open for one in held), sum(one.total for one in held),
        tuple(added(one.spread for one in held)),
    )  # fmt: skip


def counted(
    buckets: Iterable[Bucket], *, within_seconds: int | None, at: datetime, since: datetime
) -> Counted:
    """
    What had to be good by ``at``, and was. What is open counts as missed once its time is over;
    without a time, it does not count until it has ended.
    """
    due = met = 0
    for one in buckets:
        if one.starts < since:
            continue
        sums = one.sums
        if within_seconds is None:
            due, met = due + sums.count - sums.open, met + sums.good
            continue
        late = one.ends + timedelta(seconds=within_seconds) <= at
        due += sums.count if late else sums.count - sums.open
        met += within(sums.spread, within_seconds)
    return Counted(due, met)


def sampled_at() -> datetime | None:
    """The last hour that was sampled; None when none ever was."""
    row = sql.one(_LATEST)
    return row.hour if row else None
