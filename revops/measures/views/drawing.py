"""The page's drawings: what stands on an axis, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from revops.measures.bounds import BOUNDS
from revops.measures.catalogue import AGES, MEASURES
from revops.measures.queries.page import Shown, midnight
from revops.measures.queries.samples import DAY, Bucket, Sums
from revops.measures.words import bound_of, time_of
from revops.web.charts import Point, Words
from revops.web.formats import number

DAYS: Final = 14
# Ages of the backlog: up to so many days, and the tone of those that are older than the first two.
_AGES: Final = (("up to 1 day", 0, 1, "info"), ("1 to 3 days", 1, 3, "info"),
    ("3 to 7 days", 3, 7, "warn"), ("older than 7 days", 7, 0, "crit"))  # fmt: skip

Drawn = tuple[str, str, Sequence[Point], Words, bool]
"""Heading, note, points, words, and whether it lies (a ranking) or stands (time)."""


def drawings(shown: Shown) -> list[Drawn]:
    """At most six, in the order of the page."""
    return [
        _latency(shown), _volume(shown), _ageing(shown.now["ageing"]), _completion(shown),
        _resolved(shown), _closing(shown),
    ]  # fmt: skip


def _daily(shown: Shown, slug: str) -> list[tuple[str, Sums]]:
    """Fourteen days up to today; one without a sample is empty."""
    first = midnight(shown.at) - (DAYS - 1) * DAY
    held: dict[Any, Bucket] = {one.starts: one for one in shown.days[slug]}
    found = []
    for place in range(DAYS):
        day = first + place * DAY
        bucket = held.get(day)
        found.append((f"{day:%m-%d}", bucket.sums if bucket else Sums()))
    return found


def _latency(shown: Shown) -> Drawn:
    points = []
    for label, sums in _daily(shown, "posting"):
        slow = sums.quantile(95)
        value = BOUNDS[-1] if slow == 0 else slow or 0
        points.append(Point(label, value, time_of(slow) if sums.count else "none"))
    worst = max((one.value for one in points), default=0)
    said = f"On the slowest of {DAYS} days, 95 of 100 were posted within {bound_of(worst)}."
    return (
        MEASURES["posting"].label, "95 of 100 within", points,
        Words("latency", said if worst else "Nothing was posted in these days.", "Day", "Within"),
        False,
    )  # fmt: skip


def _volume(shown: Shown) -> Drawn:
    held = _daily(shown, "events")
    points = [
        Point(label, sums.count, str(number(sums.count)), "warn" if sums.bad else "info")
        for label, sums in held
    ]
    whole, bad = sum(sums.count for _, sums in held), sum(sums.bad for _, sums in held)
    said = f"{whole:,} events came in {DAYS} days; {bad:,} of them wait for somebody."
    return "Events a day", "amber: some were put aside", points, Words(
        "volume", said, "Day", "Events"), False  # fmt: skip


def _ageing(sums: Sums) -> Drawn:
    points = []
    for label, over, upto, tone in _AGES:
        count = _between(sums, over * 86_400, upto * 86_400)
        points.append(Point(label, count, str(number(count)), tone if count else "none"))
    said = f"{sums.count:,} cases are open, {points[-1].value:,} of them for more than 7 days."
    return "Open cases by age", "now", points, Words("ageing", said, "Age", "Cases"), True


def _between(sums: Sums, over: int, upto: int) -> int:
    """How many lie over one bound and not over another; 0 stands for no bound."""
    first = BOUNDS.index(over) + 1 if over else 0
    last = BOUNDS.index(upto) + 1 if upto else len(sums.spread)
    return sum(sums.spread[first:last])


def _completion(shown: Shown) -> Drawn:
    whole = [shown.now[slug] for slug in AGES]
    count = sum(one.count for one in whole)
    stages = (
        ("Invoices of 90 days", count), ("in the books", sum(one.open for one in whole)),
        ("in the ERP", sum(one.total for one in whole)),
        ("settled", sum(one.good for one in whole)),
    )  # fmt: skip
    points = [Point(label, value, str(number(value)), "info") for label, value in stages]
    said = f"Of {count:,} invoices, {stages[2][1]:,} are in the ERP and {stages[3][1]:,} settled."
    return "From invoice to payment", "by stage", points, Words(
        "completion", said, "Stage", "Invoices"), True  # fmt: skip


def _resolved(shown: Shown) -> Drawn:
    held = _daily(shown, "cases")
    points = [
        Point(label, sums.mean or 0, time_of(sums.mean) if sums.mean is not None else "none")
        for label, sums in held
    ]
    done = sum(sums.good for _, sums in held)
    mean = sum(sums.total for _, sums in held) // done if done else None
    said = (
        f"{done:,} case{' was' if done == 1 else 's were'} resolved in {DAYS} days, "
        f"after {time_of(mean)} on average."
        if done else "No case was resolved in these days."
    )  # fmt: skip
    return "Time to resolve", "mean of the day", points, Words(
        "resolved", said, "Day", "Mean"), False  # fmt: skip


def _closing(shown: Shown) -> Drawn:
    held = shown.closed[-12:]
    points = [
        Point(f"{one.period} {one.entity}", max(0, one.days), days_of(one.days)) for one in held
    ]
    said = (
        f"The last period was closed {days_of(held[-1].days)} after its end."
        if held else "No period is closed yet: a reviewer’s signature on the close page does."
    )  # fmt: skip
    return "Days to close", "after the period’s end", points, Words(
        "closing", said, "Period", "Days"), False  # fmt: skip


def days_of(days: int) -> str:
    return f"{days:,} day" if days == 1 else f"{days:,} days"


def ages_of(shown: Shown) -> list[tuple[str, Sums]]:
    """Invoices by age, for the table beside the drawing."""
    return [(MEASURES[slug].label, shown.now[slug]) for slug in AGES]
