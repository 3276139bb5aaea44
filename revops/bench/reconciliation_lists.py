"""
The two lists of ``reconciliation``: a million rows each, one in two hundred planted with a
difference of every type in turn; and how some of them change later.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.db import connection

from connectors.models import Connection, Environment
from revops.kernel import clock
from revops.mappings.models import AccountingPeriod, LegalEntity
from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import listed
from revops.reconciliation.models import Load, Pair
from revops.store import sql

KIND: Final = "bench"
PERIOD: Final = "bench"

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

# Rows without a plant, by a place in twenty: on one side alone they differ from then on.
_CHANGE: Final = """
UPDATE reconciliation_holding SET amount = amount + 1, touched_at = now()
WHERE connection_id = ANY (%s) AND kind = %s AND key IN (
    SELECT key FROM bench_planted WHERE plant = '' AND n %% 20 = %s ORDER BY n LIMIT %s)
"""


def make(rows: int, every: int) -> tuple[Pair, LegalEntity]:
    """Both lists, as if they had been asked for an hour ago."""
    # A million rows at once take longer than a statement of the product may.
    sql.run("SET statement_timeout = 0")
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


def change(pair: Pair, many: int, *, place: int, differ: bool) -> None:
    """So many rows read differently: of both lists alike, or so that they ``differ``."""
    sides = [pair.right_id] if differ else [pair.left_id, pair.right_id]
    sql.run(_CHANGE, (sides, KIND, place, many // len(sides)))
