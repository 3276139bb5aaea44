"""
A company whose queue has got out of hand: open cases by the hundred thousand, ten times as many
that were settled, hundreds of causes of which one holds two fifths of everything, and maps with
thousands of rows. All of it is made by the database itself and belongs to nobody.
"""

from __future__ import annotations

import time
from typing import Final

from django.db import connection

from accounts.models import User
from revops.sandbox import company
from revops.store import sql

CAUSES: Final = 500
GREAT: Final = "bench0000"
"""The cause that holds two fifths of the open cases."""
SETTLED: Final = 9
"""So many settled cases for each open one."""
SKUS: Final = 2_000

_PERIODS: Final = """
CREATE TEMPORARY TABLE bench_period ON COMMIT PRESERVE ROWS AS
SELECT row_number() OVER (ORDER BY one.code DESC, entity.id) - 1 AS place, entity.id AS entity,
    entity.functional_currency AS currency, one.code
FROM mappings_accountingperiod one JOIN mappings_legalentity entity
    ON entity.id = one.legal_entity_id
WHERE one.starts <= current_date ORDER BY one.code DESC, entity.id LIMIT 12"""

# Every third cause is a missing map; the others are what the line meets.
_CAUSES: Final = """
CREATE TEMPORARY TABLE bench_cause ON COMMIT PRESERVE ROWS AS
SELECT n, 'bench' || lpad(n::text, 4, '0') AS key,
    CASE n %% 3 WHEN 0 THEN 'mapping_missing' WHEN 1 THEN 'refused' ELSE 'period_closed' END
        AS kind,
    CASE n %% 3 WHEN 0 THEN 'Tax code BENCH-' || n || ' has no ledger mapping'
        WHEN 1 THEN 'The ERP refused customer ' || n ELSE 'Period is closed for lot ' || n END
        AS sentence
FROM generate_series(0, %(causes)s - 1) n"""

_STATEMENTS: Final = (
    _PERIODS,
    _CAUSES,
    """
INSERT INTO exceptions_cause (key, kind, sentence, path, first_at)
SELECT key, kind, sentence, 'Stripe → Tryton', now() - interval '40 days' FROM bench_cause""",
    """
INSERT INTO events_inboundevent (connection_id, account, source_event_id, channel, type,
    schema_version, object_type, object_id, object_version, occurred_at, received_at, body,
    body_sha256, state, reason, waits_for, deliveries, fence, next_at, leased, crash_count,
    correlation_id)
SELECT %(billing)s, '', 'evt_bench_' || n, 'webhook', 'invoice.finalized', '', 'invoice',
    'in_bench_' || n, 1, now(), now(), '{"id": "bench"}', '', 'quarantined', '', '', 1, 0, now(),
    false, 0, 'bench' FROM generate_series(1, %(many)s) n""",
    """
INSERT INTO exceptions_case (kind, fingerprint, cause_key, cause, what_happened, state,
    legal_entity_id, period_code, currency, at_stake, path, customer_name, subject_label,
    blocked_steps, facts, owner_team, assignee_id, occurrences, inbound_id, record_kind,
    connection_slug, correlation_id, opened_at, latest_at, due_at, resolved_at, resolution)
SELECT cause.kind, 'bench' || made.n, cause.key, cause.sentence, 'A measured case.',
    CASE WHEN made.n > %(many)s THEN 'resolved' WHEN made.n %% 400 = 0 THEN 'in_doubt'
        WHEN made.n %% 700 = 0 THEN 'retrying' ELSE 'open' END,
    period.entity, period.code, period.currency,
    CASE WHEN made.n %% 50 = 0 THEN NULL ELSE 1000 + (made.n * 7919) %% 5000000 END,
    'Stripe → Tryton', 'Bench customer ' || made.n %% 5000, 'INV-' || 1000000 + made.n, '[]',
    jsonb_build_array(jsonb_build_array('Tax code', 'BENCH-' || cause.n)),
    CASE WHEN made.n %% 2 = 0 THEN 'Finance' ELSE 'RevOps' END,
    CASE WHEN made.n %% 40 = 0 THEN %(person)s END, 1 + made.n %% 3,
    (SELECT min(id) FROM events_inboundevent WHERE source_event_id = 'evt_bench_1') + made.n
        %% %(many)s,
    '', 'stripe', 'bench', made.opened, made.opened, made.opened + interval '1 day',
    CASE WHEN made.n > %(many)s THEN made.opened + made.n %% 4320 * interval '1 minute' END,
    CASE WHEN made.n > %(many)s THEN 'Posted after a retry.' ELSE '' END
FROM (SELECT n, CASE WHEN n %% 5 < 2 THEN 0 ELSE 1 + (n * 31) %% (%(causes)s - 1) END AS cause,
        -- What is open came within thirty days, what is settled within the last year and a half.
        CASE WHEN n <= %(many)s THEN now() - n %% 43200 * interval '1 minute'
            ELSE now() - (4320 + n %% 777600) * interval '1 minute' END AS opened
      FROM generate_series(1, %(last)s::bigint) n) AS made
JOIN bench_cause cause ON cause.n = made.cause
JOIN bench_period period ON period.place = (made.n * 5) %% (SELECT count(*) FROM bench_period)""",
    """
INSERT INTO mappings_skumap (legal_entity_id, sku, label, revenue_account_id, deferral_account_id,
    convention, valid, version_id)
SELECT entity.id, 'bench_sku_' || n, 'Bench plan ' || n, account.id, account.id, 'daily',
    daterange('2025-01-01', NULL), (SELECT max(id) FROM mappings_mappingversion)
FROM generate_series(1, %(skus)s) n
JOIN mappings_legalentity entity ON entity.code = ANY(ARRAY['US-INC', 'UK-LTD', 'DE-GMBH'])
    AND entity.id %% 3 = n %% 3
CROSS JOIN (SELECT id FROM mappings_ledgeraccount ORDER BY code LIMIT 1) AS account""",
)
_TABLES: Final = (
    "exceptions_case", "exceptions_cause", "exceptions_tally", "events_inboundevent",
    "mappings_skumap",
)  # fmt: skip


def fill(*, cases: int, taken_by: User) -> float:
    """``cases`` open ones; every fortieth is taken by somebody. Seconds that it took."""
    started = time.perf_counter()
    billing = sql.one("SELECT id FROM connectors_connection WHERE slug = %s", (company.STRIPE,))
    assert billing is not None
    values = {
        "billing": billing.id, "person": taken_by.pk, "causes": CAUSES, "skus": SKUS, "many": cases,
        "last": cases * (1 + SETTLED),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for statement in _STATEMENTS:
            cursor.execute(statement, values)
        for table in _TABLES:
            cursor.execute(f"ANALYZE {table}")
        cursor.execute("RESET statement_timeout")
    return time.perf_counter() - started
