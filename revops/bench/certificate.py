"""
How long a certificate takes: a month of events, nine of ten with an entry that is posted, read
whole with all digests, and its pack. Events and books are made by the database, without the lines
of entries, which a certificate does not read.
"""

from __future__ import annotations

import resource
import time
from typing import Any, Final

import psutil
from django.db import connection, transaction

from accounts.models import User
from revops.close.certificate import evidence, operations, pack
from revops.close.certificate.choosing import MONETARY_UNIT
from revops.close.certificate.pack import Wish
from revops.close.certificate.scope import period_of
from revops.close.models import Certificate
from revops.kernel import clock
from revops.sandbox import company
from revops.store import sql

ENTITY: Final = "US-INC"
LIMIT: Final = 60
_RANGE: Final = "generate_series(1, %(many)s) n"
_WHEN: Final = "%(starts)s::timestamptz + n %% 2500000 * interval '1 second'"
# What came a moment ago would be looked at again.
_SINCE: Final = "now() - interval '1 hour'"
_STATEMENTS: Final = (
    f"""
INSERT INTO events_inboundevent (id, connection_id, account, source_event_id, channel, type,
    schema_version, object_type, object_id, object_version, occurred_at, received_at, body,
    body_sha256, state, reason, waits_for, deliveries, fence, next_at, leased, crash_count,
    correlation_id)
SELECT %(base)s + n, %(billing)s, '', 'evt_bench_' || n, 'webhook', 'invoice.finalized', '',
    'invoice', 'in_bench_' || n, 1, {_WHEN}, {_WHEN},
    convert_to(repeat('x', 1200) || n, 'UTF8'), md5(n::text) || md5('b' || n), 'processed', '',
    '', 1, 0, now(), false, 0, 'bench' FROM {_RANGE}""",  # noqa: S608  literals of ours
    f"""
INSERT INTO events_businessevent (id, inbound_id, position, contract, subject, subject_id,
    legal_entity, data, occurred_at, recorded_at, correlation_id, note)
SELECT %(base)s + n, %(base)s + n, 0, 'invoice.issued/1', 'invoice', 'in_bench_' || n,
    %(code)s, '{{}}', {_WHEN}, {_SINCE}, 'bench', '' FROM {_RANGE}""",  # noqa: S608  literals of ours
    f"""
INSERT INTO ledger_journalentry (id, legal_entity_id, period_id, lane, document_type, business_key,
    revision, accounting_date, currency, functional_currency, amount, description, rule,
    mapping_version, rate_source, content_sha256, business_event_id, record_kind, correlation_id,
    recorded_at)
SELECT %(base)s + n, %(entity)s, %(period)s, 'primary', 'invoice', 'bench:in_' || n, 1,
    %(starts)s::date + n %% 28, 'USD', 'USD', 100 + n %% 1000000, '', 'J1', 1, '',
    md5('e' || n) || md5('f' || n), %(base)s + n, 'invoice', 'bench', {_SINCE}
FROM {_RANGE} WHERE n %% 10 <> 0""",  # noqa: S608  literals of ours
    f"""
INSERT INTO delivery_outboundcommand (connection_id, lane, legal_entity_id, document_type,
    business_key, revision, kind, key, payload, payload_sha256, subject_kind, subject_id, currency,
    amount, period_code, state, fence, next_at, attempts, crash_count, drafted_id, external_id,
    external_number, code, reason, correlation_id, created_at, finished_at)
SELECT %(erp)s, 'primary', %(entity)s, 'invoice', 'bench:in_' || n, 1, 'journal.post',
    'rc1-' || n, '{{}}', '', 'journal', %(base)s + n, 'USD', 100 + n %% 1000000, %(period_code)s,
    'posted', 1, now(), 1, 0, '', 'move-' || n, '', '', '', 'bench', {_SINCE}, {_SINCE}
FROM {_RANGE} WHERE n %% 10 <> 0""",  # noqa: S608  literals of ours
)
_TABLES: Final = (
    "events_inboundevent", "events_businessevent", "ledger_journalentry",
    "delivery_outboundcommand",
)  # fmt: skip
_PERIOD: Final = """
SELECT period.code FROM mappings_accountingperiod period
JOIN mappings_legalentity entity ON entity.id = period.legal_entity_id
WHERE entity.code = %s AND period.ends < current_date ORDER BY period.starts DESC LIMIT 1
"""
_BASE: Final = 100_000_000


def measure(*, events: int) -> dict[str, Any]:
    """The figures as they are printed; seconds."""
    company.seed()
    row = sql.one(_PERIOD, (ENTITY,))
    assert row is not None
    period = period_of(ENTITY, row.code)
    assert period is not None
    filled = _fill(events, period.params())
    before, server = _peak_mb(), _server()
    held = server.memory_full_info().uss
    worked, began = _worked(server), time.perf_counter()
    found = evidence.read(period)
    read, worked = time.perf_counter() - began, _worked(server) - worked
    sealing = _peak_mb() - before
    manager = User.objects.get(email="marcus@demo.example")
    made = Certificate.objects.create(
        legal_entity_id=period.entity_id, period_code=period.code,
        body=operations.body_of(found, user=manager, at=clock.now()), evidence=found.sha256,
        signature="", key="", sealed_by=manager, sealed_at=clock.now(),
        period_state=period.state, checked_at=clock.now(),
    )  # fmt: skip
    began = time.perf_counter()
    packed = pack.make(made, Wish("bench", MONETARY_UNIT, 25))
    took = time.perf_counter() - began
    began = time.perf_counter()
    looked = operations.look(made)
    untouched = time.perf_counter() - began
    return {
        "bench": "certificate",
        "events": events,
        "counted": found.told["events"]["count"],
        "certificate_s": round(read, 1),
        "processor_s": round(worked, 1),
        "limit_s": LIMIT,
        "sealing_growth_mb": round(sealing),
        "pack_of_25_s": round(took, 1),
        "pack_bytes": len(packed),
        "look_when_nothing_came_ms": round(untouched * 1000, 1),
        "holds": looked.suspended_at is None,
        "memory_growth_mb": round(_peak_mb() - before),
        "server_growth_mb": (server.memory_full_info().uss - held) // 1024**2,
        "filled_in_s": round(filled, 1),
    }


def _peak_mb() -> float:
    """The most that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _server() -> psutil.Process:
    """The database's process of this session; without helpers, so that all its work is counted."""
    sql.run("SET max_parallel_workers_per_gather = 0")
    row = sql.one("SELECT pg_backend_pid() AS pid")
    assert row is not None
    return psutil.Process(row.pid)


def _worked(server: psutil.Process) -> float:
    """Seconds of processor, here and in the database: what does not depend on who else works."""
    mine, its = psutil.Process().cpu_times(), server.cpu_times()
    return float(mine.user + mine.system + its.user + its.system)


def _fill(events: int, given: dict[str, Any]) -> float:
    began = time.perf_counter()
    slugs = {row.slug: row.id for row in sql.rows("SELECT slug, id FROM connectors_connection")}
    values = {
        **given, "many": events, "base": _BASE, "billing": slugs[company.STRIPE],
        "erp": slugs[company.ERP],
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        # Entries without their lines: the guards would refuse them.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in _STATEMENTS:
            cursor.execute(statement, values)
        for table in _TABLES:
            cursor.execute(f"ANALYZE {table}")
    return time.perf_counter() - began
