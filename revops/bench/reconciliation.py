"""
Reconciliation: a million invoices against a million postings. One in two hundred of them
is planted with a difference, of every type in turn, to be found with that type and no other.

Beside it, in the same run: the same two lists in one plain full join that compares every column and
counts, and where they can be installed the tools that people compare tables with
(``reconciliation_peers``). Then a thousand rows change, and only they are looked at.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, Final, TypeVar

from django.db import connection

from connectors.models import Connection, Environment
from exceptions.models import Case
from revops.bench import reconciliation_peers
from revops.kernel import clock
from revops.mappings.models import AccountingPeriod, LegalEntity
from revops.reconciliation.checks import registry
from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import listed
from revops.reconciliation.models import Load, Pair, Run
from revops.reconciliation.operations import runs
from revops.store import sql

KIND: Final = "bench"
PERIOD: Final = "bench"
CHANGES: Final = 1_000

# What is planted, in turn. Most are found as what they are called.
TYPES: Final = (
    "missing_right", "missing_left", "amount", "tax", "currency", "state", "period", "duplicate",
    "probable_duplicate", "deleted", "edited", "timing", "explained",
)  # fmt: skip

CHECK: Final = Check(
    slug="bench",
    label="Bench",
    left=listed("Billing", KIND, "billing"),
    right=listed("ERP", KIND, "erp"),
    area="erp_posting",
    compares=frozenset({"amount", "tax", "currency", "dated", "state"}),
    states={"open": frozenset({"posted"})},
    wait_days=2,
)

_COLUMNS: Final = """connection_id, kind, external_id, legal_entity_id, key, number, reference,
    group_key, party, currency, amount, tax, dated, state, first_in_id, seen_in_id, touched_at,
    gone_in_id, changed_in_id, before"""

# An amount is there once, so that what looks like a twin was planted.
_PLANTED: Final = """
CREATE TABLE bench_planted AS
SELECT n, 'INV-' || lpad(n::text, 8, '0') AS key,
    1000 + (n::bigint * 7919) %% 9999991 AS amount, 'Customer ' || n %% 20000 AS party,
    %(first)s::date + (n %% 30)::int AS dated,
    CASE WHEN n %% %(every)s = 0
        THEN (%(types)s::text[])[1 + (n / %(every)s) %% %(many)s] ELSE '' END AS plant
FROM generate_series(1, %(rows)s) AS n
"""
_LEFT: Final = f"""
INSERT INTO reconciliation_holding ({_COLUMNS})
SELECT %(left)s, %(kind)s, 'b' || n, %(entity)s, key, key, '', '', party, 'USD', amount,
    amount / 10, CASE plant WHEN 'timing' THEN %(today)s::date ELSE dated END,
    CASE plant WHEN 'explained' THEN 'void' ELSE 'open' END, %(load)s, %(load)s, %(then)s,
    NULL, NULL, NULL
FROM bench_planted WHERE plant NOT IN ('missing_left', 'probable_duplicate')
"""  # noqa: S608  our own literals
_RIGHT: Final = f"""
INSERT INTO reconciliation_holding ({_COLUMNS})
SELECT %(right)s, %(kind)s, 'e' || n || again.name, %(entity)s, key, key, '', '', party,
    CASE plant WHEN 'currency' THEN 'EUR' ELSE 'USD' END,
    amount + CASE WHEN plant IN ('amount', 'edited') THEN 100 WHEN plant = 'tax' THEN 7 ELSE 0 END,
    amount / 10 + CASE plant WHEN 'tax' THEN 7 ELSE 0 END,
    dated + CASE plant WHEN 'period' THEN 4 ELSE 0 END,
    CASE plant WHEN 'state' THEN 'draft' ELSE 'posted' END, %(load)s, %(load)s, %(then)s,
    CASE plant WHEN 'deleted' THEN %(load)s END, CASE plant WHEN 'edited' THEN %(load)s END,
    CASE plant WHEN 'edited' THEN jsonb_build_object('amount', amount) END
FROM bench_planted
CROSS JOIN LATERAL (
    SELECT '' AS name UNION ALL SELECT '-again' WHERE plant = 'duplicate') AS again
WHERE plant NOT IN ('missing_right', 'timing', 'explained', 'probable_duplicate')
UNION ALL
-- Posted again under another number, beside the one that has its invoice.
SELECT %(right)s, %(kind)s, 'e' || n || '-other', %(entity)s, key || '-other', key || '-other', '',
    '', beside.party, 'USD', beside.amount, beside.amount / 10, beside.dated, 'posted', %(load)s,
    %(load)s, %(then)s, NULL, NULL, NULL
FROM (SELECT n, key FROM bench_planted WHERE plant = 'probable_duplicate') AS planted
CROSS JOIN LATERAL (
    SELECT party, amount, dated FROM bench_planted AS one WHERE one.n = planted.n - 1) AS beside
"""  # noqa: S608  our own literals

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
_CHANGE: Final = """
UPDATE reconciliation_holding SET amount = amount + 1, touched_at = now()
WHERE connection_id = %s AND kind = %s
    AND key IN (
        SELECT key FROM bench_planted WHERE plant = '' AND n %% 20 = 7 ORDER BY n LIMIT %s)
"""

_T = TypeVar("_T")


def measure(*, rows: int = 1_000_000, every: int = 200, peers: bool = True) -> dict[str, Any]:
    """
    ``ours`` is the seconds of a full run with breaks and cases kept, ``limit`` those of the plain
    join; ``wrong`` has whatever was not found as it was planted. One row in ``every`` is planted.
    """
    pair, entity = _lists(rows, every)
    plain = min(_timed(lambda: _join(pair))[1] for _ in range(3))
    before = _peak_mb()
    with _declared():
        first, first_s = _timed(lambda: _run(pair, entity, full=True))
        wrong = _wrong(pair)
        again, again_s = _timed(lambda: _run(pair, entity, full=True))
        grown = _peak_mb() - before
        sql.run(_CHANGE, (pair.right_id, KIND, CHANGES))
        part, part_s = _timed(lambda: _run(pair, entity, full=False))
        whole = _run(pair, entity, full=True)
    assert (part.figures, part.evidence) == (whole.figures, whole.evidence), "not what all of it is"
    planted = sql.rows("SELECT count(*) AS count FROM bench_planted WHERE plant <> ''")[0].count
    result = {
        "name": "reconciliation",
        "unit": "seconds for a full run",
        "ours": round(first_s, 2),
        "limit": round(plain, 2),
        "limit_is": "one full join of both lists that compares every column and counts",
        "ratio": round(first_s / plain, 2),
        "rows": [sum(first.figures[c][s]["count"] for c in first.figures) for s in _SIDES],
        "planted": planted,
        "wrong": wrong,
        "unclassified": [one["unclassified"] for one in first.figures.values()],
        "cases": Case.objects.filter(kind__startswith="break_").count(),
        "again_s": round(again_s, 2),
        "the_same_again": (first.figures, first.evidence) == (again.figures, again.evidence),
        "changes": part.touched,
        "incremental_s": round(part_s, 3),
        "incremental_share": round(part_s / again_s, 3),
        "grown_mb": round(grown, 1),
    }
    if peers:
        result["peers"] = reconciliation_peers.measure(
            left=_select(pair.left_id), right=_select(pair.right_id)
        )
    return result


_SIDES: Final = ("left", "right")


def _timed(work: Callable[[], _T]) -> tuple[_T, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


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


def _lists(rows: int, every: int) -> tuple[Pair, LegalEntity]:
    today = clock.now().date()
    entity, _ = LegalEntity.objects.get_or_create(
        code="BENCH",
        defaults={"name": "Bench", "zone": "UTC", "functional_currency": "USD"},
    )
    AccountingPeriod.objects.get_or_create(
        legal_entity=entity, code=PERIOD,
        defaults={"starts": today - timedelta(days=60), "ends": today + timedelta(days=5)},
    )  # fmt: skip
    left, right = (_connection(name, slug) for name, slug in (("stripe", "l"), ("tryton", "r")))
    pair, _ = Pair.objects.get_or_create(check_slug=CHECK.slug, left=left, right=right)
    load = Load.objects.create(
        connection=left, kind=KIND, starts=today, ends=today, state="done", by="bench",
        began_at=clock.now() - timedelta(hours=1),
    )  # fmt: skip
    Load.objects.create(
        connection=right, kind=KIND, starts=today, ends=today, state="done", by="bench",
        began_at=clock.now() - timedelta(hours=1),
    )  # fmt: skip
    _plant(rows, every, today, entity, pair, load)
    return pair, entity


def _plant(rows: int, every: int, today: date, entity: LegalEntity, pair: Pair, load: Load) -> None:
    values = {
        "rows": rows, "every": every, "types": list(TYPES), "many": len(TYPES),
        "first": today - timedelta(days=50), "today": today, "entity": entity.pk, "kind": KIND,
        "left": pair.left_id, "right": pair.right_id, "load": load.pk,
        "then": clock.now() - timedelta(days=2),
    }  # fmt: skip
    sql.run("DROP TABLE IF EXISTS bench_planted")
    for statement in (_PLANTED, "CREATE INDEX ON bench_planted (n)", _LEFT, _RIGHT):
        sql.once(sql.literal(statement, values))
    # In a transaction, a test's, nothing can be vacuumed.
    vacuum = "" if connection.in_atomic_block else "VACUUM"
    sql.once(f"{vacuum} ANALYZE reconciliation_holding")


def _connection(connector: str, end: str) -> Connection:
    return Connection.objects.get_or_create(
        slug=f"bench-{end}",
        defaults={
            "connector": connector, "label": "Billing" if end == "l" else "ERP",
            "environment": Environment.SANDBOX, "base_url": "http://127.0.0.1:9",
        },
    )[0]  # fmt: skip


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
