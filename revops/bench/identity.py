"""
How long it takes to look for customers that may be one, among all of a business.

One in ten of the made customers has a twin in another system, with a name written otherwise and the
same domain; the others have names that share words, as names of companies do, and live in cities
that many share. Measured is the whole search (candidates, reasons, proposals) in one process, as
the line runs it: among all, among all again, and among 200 that have changed since.
"""

from __future__ import annotations

import resource
import time
from datetime import datetime
from typing import Any, Final

import psutil

from revops.canonical.identity import finder
from revops.mappings.models import LegalEntity
from revops.sandbox import company
from revops.store import sql

_TWINS: Final = 10

# Words make names that are alike by some of their letters and differ by others; half have a number.
_PARTIES: Final = """
INSERT INTO canonical_party (id, name, domain, tax_id, country, region, currency, health_band,
    health_reason, renewal_currency, renewal_risk, milestone, created_at, updated_at)
SELECT series.n, first.name || ' ' || second.name || ' ' || CASE WHEN base.n %% 2 = 0
        THEN base.n::text ELSE translate(base.n::text, '0123456789', 'aeioulmnrs') END || last.name,
    'firm' || base.n || '.example', '', 'US', '', 'USD', 'green', '', '', '', '', now(), now()
FROM generate_series(1, %(many)s) AS series (n)
CROSS JOIN LATERAL (SELECT CASE WHEN series.n > %(many)s - %(many)s / %(twins)s
    THEN series.n - %(many)s + %(many)s / %(twins)s ELSE series.n END AS n) AS base
JOIN (VALUES (0, 'Alder'), (1, 'Basalt'), (2, 'Cobalt'), (3, 'Delta'), (4, 'Ember'), (5, 'Fjord'),
    (6, 'Granite'), (7, 'Harbor'), (8, 'Indigo'), (9, 'Juniper'), (10, 'Kestrel')
    ) AS first (place, name) ON first.place = base.n %% 11
JOIN (VALUES (0, 'Analytics'), (1, 'Biotech'), (2, 'Capital'), (3, 'Dynamics'), (4, 'Energy'),
    (5, 'Foods'), (6, 'Logistics')) AS second (place, name) ON second.place = base.n %% 7
JOIN (VALUES (0, ' Inc.'), (1, ' GmbH'), (2, ''), (3, ' Ltd'), (4, ' Company')
    ) AS last (place, name) ON last.place = series.n %% 5
"""
_CUSTOMERS: Final = """
INSERT INTO canonical_customer (id, connection_id, source_id, legal_entity_id, version, rank,
    correlation_id, created_at, updated_at, party_id, name, email, currency, tax_id, tax_key,
    address, domain, region, parent_ref, merged_version, other_ids)
SELECT id, %(billing)s, 'cus_' || id, %(entity)s, 1, 0, 'bench', now(), now(), id, name, '', 'USD',
    '', '', jsonb_build_object('country', 'US', 'city', 'City ' || sqrt(id %% 10000)::int,
        'postal_code', 10000 + id %% 5000), domain, '', '', 0, '[]' FROM canonical_party
"""
_CHANGED: Final = 200


def measure(*, customers: int) -> dict[str, Any]:
    """The figures as they are printed; ``per_second`` are customers that were looked at."""
    company.seed()
    _fill(customers)
    first, seconds, cpu = _timed()
    again, seconds_again, cpu_again = _timed()
    row = sql.one("SELECT now() AS now")
    assert row is not None
    sql.run(
        "UPDATE canonical_party SET updated_at = now() + interval '1 second' WHERE id <= %s",
        (_CHANGED,),
    )
    changed, seconds_changed, cpu_changed = _timed(since=row.now)
    return {
        "bench": "identity",
        "unit": "customers/s",
        "customers": customers,
        "ours": round(customers / seconds, 1),
        "seconds": seconds,
        "cpu_seconds": cpu,
        "seconds_again": seconds_again,
        "cpu_seconds_again": cpu_again,
        "changed": changed.looked_at,
        "seconds_changed": seconds_changed,
        "cpu_seconds_changed": cpu_changed,
        "compared": first.compared,
        "proposed": first.proposed,
        "twins": customers // _TWINS,
        "twins_proposed": _twins_proposed(customers),
        "proposed_again": again.proposed + changed.proposed,
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _timed(*, since: datetime | None = None) -> tuple[finder.Found, float, float]:
    """What was found, in how many seconds, and with how much CPU of ours and of our session."""
    row = sql.one("SELECT pg_backend_pid() AS pid")
    assert row is not None
    both = [psutil.Process(), psutil.Process(row.pid)]
    before, started = _cpu(both), time.perf_counter()
    found = finder.find(since=since)
    return found, round(time.perf_counter() - started, 1), round(_cpu(both) - before, 1)


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _twins_proposed(customers: int) -> int:
    row = sql.one(
        "SELECT count(*) AS n FROM canonical_mergeproposal WHERE right_id - left_id = %s",
        (customers - customers // _TWINS,),
    )
    assert row is not None
    return int(row.n)


def _fill(many: int) -> None:
    found = sql.one("SELECT id FROM connectors_connection WHERE slug = %s", (company.STRIPE,))
    assert found is not None
    entity = LegalEntity.objects.order_by("pk")[0].pk
    values = {"many": many, "twins": _TWINS, "billing": found.id, "entity": entity}
    with sql.atomic():
        sql.run("DELETE FROM canonical_customer", ())
        sql.run(_PARTIES, values)
        sql.run(_CUSTOMERS, values)
    sql.run("ANALYZE canonical_party", ())
    sql.run("ANALYZE canonical_customer", ())
