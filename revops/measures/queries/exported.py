"""
What monitoring is told: counters since the first sample that is kept, what stands now, and the
objectives. Labels are codes of legal entities and names of ours; no amount, no person, no document.

Counters are sums of samples, so they fall when the oldest are dropped after 400 days: to Prometheus
that is a restart.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from revops.measures.bounds import BUCKETS
from revops.measures.budgets import WHOLE, Budget, burn
from revops.measures.exposition import Family, Histogram, decimal
from revops.measures.queries.samples import DAY, HOUR, counted, sampled_at, series
from revops.measures.queries.standing import promises
from revops.store import sql

_SPREAD: Final = ", ".join(
    f"coalesce(sum(sample.spread[{place}]), 0)::bigint" for place in range(1, BUCKETS + 1)
)
_EVER: Final = f"""
SELECT sample.measure, coalesce(entity.code, '') AS entity, sum(sample.count)::bigint AS count,
    sum(sample.good)::bigint AS good, sum(sample.open)::bigint AS open,
    sum(sample.total)::bigint AS total, ARRAY[{_SPREAD}] AS spread
FROM measures_sample sample
LEFT JOIN mappings_legalentity entity ON entity.id = sample.legal_entity_id
WHERE sample.measure = ANY(%(measures)s) GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608  literals of ours
_NOW: Final = """
SELECT coalesce(entity.code, '') AS entity, sum(sample.count)::bigint AS count
FROM measures_sample sample
LEFT JOIN mappings_legalentity entity ON entity.id = sample.legal_entity_id
WHERE sample.measure = 'ageing' AND sample.hour = %(hour)s GROUP BY 1 ORDER BY 1
"""
_COUNTERS: Final = {
    "events": ("revops_events_received_total", "Events that came in."),
    "repeats": ("revops_repeated_deliveries_total", "Deliveries of an event that was there."),
    "doubles": ("revops_second_postings_prevented_total", "Lost answers that were asked about."),
    "replays": ("revops_replayed_total", "Events and cases that people gave to the line again."),
}
_TIMES: Final = {
    "posting": ("revops_posting_seconds", "From an event to its posting in the ERP."),
    "cases": ("revops_case_resolution_seconds", "From a case to its end."),
    "approvals": ("revops_approval_seconds", "From a request to its approval or rejection."),
}
_BURNS: Final = {"6h": timedelta(hours=6), "24h": timedelta(hours=24)}


def families(at: datetime) -> list[Family | Histogram]:
    """Everything, as the session sees it."""
    ever: dict[str, list[Any]] = {}
    wanted = [*_COUNTERS, *_TIMES]
    for row in sql.rows(_EVER, {"measures": wanted}):
        ever.setdefault(row.measure, []).append(row)
    told: list[Family | Histogram] = [
        Family(name, "counter", help, [(_of(row), str(row.count)) for row in ever.get(slug, ())])
        for slug, (name, help) in _COUNTERS.items()
    ]
    told += [
        Histogram(name, help, [(_of(row), row.spread, row.total) for row in ever.get(slug, ())])
        for slug, (name, help) in _TIMES.items()
    ]
    events = ever.get("events", [])
    told.append(
        Family(
            "revops_events_put_aside", "gauge", "Dead letters: events that wait for somebody.",
            [(_of(row), str(row.count - row.good - row.open)) for row in events],
        )
    )  # fmt: skip
    told.append(
        Family(
            "revops_postings_waiting", "gauge", "Postings that their ERP has not confirmed.",
            [(_of(row), str(row.open)) for row in ever.get("posting", ())],
        )
    )  # fmt: skip
    return [*told, *_standing(), *_objectives(at)]


def _of(row: Any) -> dict[str, str]:
    return {"entity": row.entity}


def _standing() -> list[Family | Histogram]:
    hour = sampled_at()
    if hour is None:
        return []
    rows = sql.rows(_NOW, {"hour": hour})
    return [
        Family(
            "revops_cases_open", "gauge", "Cases that are open.",
            [(_of(row), str(row.count)) for row in rows],
        ),
        Family(
            "revops_sampled_timestamp_seconds", "gauge", "The hour that was sampled last.",
            [({}, str(int(hour.timestamp())))],
        ),
    ]  # fmt: skip


def _objectives(at: datetime) -> list[Family | Histogram]:
    mine = promises()
    slugs = sorted({one.measure for one in mine})
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    longest = max(one.days for one in mine)
    days = series(slugs, since=midnight - (longest - 1) * DAY, step=DAY)
    hours = series(slugs, since=at - timedelta(hours=25), step=HOUR)
    target, ratio, left, burning = [], [], [], []
    for one in mine:
        label = {"objective": one.slug}
        whole = counted(
            days[one.measure], within_seconds=one.within, at=at,
            since=midnight - (one.days - 1) * DAY,
        )  # fmt: skip
        budget = Budget(one.target, whole)
        target.append((label, decimal(one.target, WHOLE)))
        if budget.share is not None:
            ratio.append((label, decimal(whole.met, whole.due)))
        left.append((label, decimal(budget.left, 100)))
        for window, length in _BURNS.items():
            lately = counted(
                hours[one.measure], within_seconds=one.within, at=at, since=at - length - HOUR
            )
            tenths = burn(one.target, lately)
            if tenths is not None:
                burning.append(({**label, "window": window}, decimal(tenths, 10)))
    return [
        Family("revops_objective_target_ratio", "gauge", "What has to be good.", target),
        Family("revops_objective_ratio", "gauge", "What was good in the window.", ratio),
        Family("revops_error_budget_left_ratio", "gauge", "What is left of the budget.", left),
        Family("revops_error_budget_burn", "gauge", "How fast it burns; 1 uses it up.", burning),
    ]
