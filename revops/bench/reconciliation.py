"""
Reconciliation: a million invoices against a million postings. One in two hundred of them
is planted with a difference, of every type in turn, to be found with that type and no other.

Beside it, in the same run: the same two lists in one plain full join that compares every column and
counts, and where they can be installed the tools that people compare tables with
(``reconciliation_peers``). Then a thousand rows change, and only they are looked at.

Seconds are of the clock and of the processor, ours and the database's with its helpers: the latter
do not depend on who else is at work.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import psutil

from exceptions.models import Case
from revops.bench import reconciliation_lists as lists
from revops.bench import reconciliation_peers
from revops.bench.reconciliation_lists import CHECK, KIND, PERIOD
from revops.mappings.models import LegalEntity
from revops.reconciliation.checks import registry
from revops.reconciliation.models import Pair, Run
from revops.reconciliation.operations import runs
from revops.store import sql

CHANGES: Final = 1_000
_T = TypeVar("_T")

# One statement, all comparisons, nothing kept.
_JOIN: Final = """
SELECT count(*) AS differ FROM
    (SELECT * FROM reconciliation_holding WHERE connection_id = {left} AND kind = '{kind}'
        AND gone_in_id IS NULL) AS l
FULL JOIN
    (SELECT * FROM reconciliation_holding WHERE connection_id = {right} AND kind = '{kind}'
        AND gone_in_id IS NULL) AS r ON l.key = r.key
WHERE l.key IS NULL OR r.key IS NULL OR l.amount <> r.amount OR l.tax <> r.tax
    OR l.currency <> r.currency OR l.dated <> r.dated OR l.state || r.state <> 'openposted'
"""
_FOUND: Final = """
SELECT coalesce(planted.plant, '') AS plant, coalesce(found.type, '') AS type, count(*) AS count
FROM (SELECT key, plant FROM bench_planted WHERE plant <> '') AS planted
FULL JOIN (
    SELECT DISTINCT replace(row.value ->> 'key', '-other', '') AS key, held.type
    FROM reconciliation_break AS held, jsonb_array_elements(held."left" || held."right") AS row
    WHERE held.pair_id = %s AND NOT (held.state = 'settled')
) AS found ON found.key = planted.key
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Took:
    """What something took: seconds of the clock, and of the processor over all that worked."""

    clock: float
    worked: float

    def beside(self, other: Took) -> dict[str, float]:
        """With how many times that is of the other one, by the clock and by the processor."""
        return {
            "s": round(self.clock, 2), "processor_s": round(self.worked, 2),
            "ratio": round(self.clock / other.clock, 3),
            "processor_ratio": round(self.worked / max(other.worked, 0.01), 3),
        }  # fmt: skip


def measure(*, rows: int = 1_000_000, every: int = 200, peers: bool = True) -> dict[str, Any]:
    """
    ``ours`` is the seconds of a full run with breaks and cases kept, ``limit`` those of the plain
    join; ``wrong`` has whatever was not found as it was planted. One row in ``every`` is planted.
    ``looks`` are runs of what changed, each beside a full run that finds what it found before.
    """
    pair, entity = lists.make(rows, every)
    plain = min((_timed(lambda: _join(pair))[1] for _ in range(3)), key=lambda took: took.worked)
    before = _peak_mb()
    with _declared():
        first, found = _timed(lambda: _run(pair, entity, full=True))
        wrong = _wrong(pair)
        again, same = _timed(lambda: _run(pair, entity, full=True))
        looks = _looks(pair, entity, same)
        grown = _peak_mb() - before
    result = {
        "name": "reconciliation",
        "unit": "seconds for a full run",
        "ours": round(found.clock, 2),
        "limit": round(plain.clock, 2),
        "limit_is": "one full join of both lists that compares every column and counts",
        "ratio": round(found.clock / plain.clock, 2),
        "plain": {"s": round(plain.clock, 2), "processor_s": round(plain.worked, 2)},
        "all_breaks_new": found.beside(plain),
        "breaks_as_before": same.beside(plain),
        "looks": looks,
        "rows": [sum(first.figures[c][s]["count"] for c in first.figures) for s in _SIDES],
        "planted": sql.rows("SELECT count(*) AS count FROM bench_planted WHERE plant <> ''")[0][0],
        "types": sorted(lists.TYPES),
        "wrong": wrong,
        "unclassified": [one["unclassified"] for one in first.figures.values()],
        "cases": Case.objects.filter(kind__startswith="break_").count(),
        "the_same_again": (first.figures, first.evidence) == (again.figures, again.evidence),
        "grown_mb": round(grown, 1),
    }
    if peers:
        result["peers"] = reconciliation_peers.measure(
            left=_select(pair.left_id), right=_select(pair.right_id)
        )
    return result


_SIDES: Final = ("left", "right")


def _looks(pair: Pair, entity: LegalEntity, full: Took) -> dict[str, Any]:
    """Runs of what changed, and whether the last one has what a run from the ground has."""
    told: dict[str, Any] = {}

    def look(name: str) -> Run:
        run, took = _timed(lambda: _run(pair, entity, full=False))
        told[name] = took.beside(full) | {"keys": run.touched}
        return run

    look("the first, which reads all to keep it")
    look("nothing changed")
    lists.change(pair, CHANGES, place=7, differ=False)
    look("1,000 rows changed and agree")
    lists.change(pair, CHANGES, place=9, differ=True)
    part = look("1,000 more changed and differ, all new cases")
    whole = _run(pair, entity, full=True)
    assert (part.figures, part.evidence) == (whole.figures, whole.evidence), "not what all of it is"
    return told


def _timed(work: Callable[[], _T]) -> tuple[_T, Took]:
    server = psutil.Process(sql.rows("SELECT pg_backend_pid() AS pid")[0].pid)
    worked, started = _worked(server), time.perf_counter()
    done = work()
    took = time.perf_counter() - started
    # Helpers are counted when the server has seen them end.
    time.sleep(0.05)
    return done, Took(took, _worked(server) - worked)


def _worked(server: psutil.Process) -> float:
    """Seconds of processor so far: here, in this session, and in all that the server let end."""
    parent = server.parent()
    assert parent is not None
    mine, its, ended = (one.cpu_times() for one in (psutil.Process(), server, parent))
    return float(
        mine.user + mine.system + its.user + its.system + ended.children_user
        + ended.children_system
    )  # fmt: skip


@contextmanager
def _declared() -> Iterator[None]:
    known = registry._found()
    known[CHECK.slug] = CHECK
    try:
        yield
    finally:
        del known[CHECK.slug]


def _run(pair: Pair, entity: LegalEntity, *, full: bool) -> Run:
    done = runs.run(pair_id=pair.pk, entity_id=entity.pk, period_code=PERIOD, full=full, by="Bench")
    assert done.state == "done", done.error
    return done


def _join(pair: Pair) -> int:
    found = sql.once(_JOIN.format(left=pair.left_id, right=pair.right_id, kind=KIND))
    return int(found[0].differ)


def _select(connection_id: int | None) -> str:
    return (
        "SELECT key, amount, tax, currency, dated, CASE state WHEN 'posted' THEN 'open' "  # noqa: S608  our own literals
        "ELSE state END AS state FROM reconciliation_holding "
        f"WHERE connection_id = {connection_id} AND kind = '{KIND}' AND gone_in_id IS NULL"
    )


def _wrong(pair: Pair) -> list[str]:
    """Every kind of plant that was found as something else, or not, or where none was."""
    return [
        f"{row.count} planted as “{row.plant or 'nothing'}”, found as “{row.type or 'nothing'}”"
        for row in sql.rows(_FOUND, (pair.pk,))
        if row.plant != row.type
    ]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
