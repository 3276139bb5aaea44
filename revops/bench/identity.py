"""
How long it takes to look for customers that may be one, among all of a business.

One in ten of the made customers has a twin in another system, with a name written otherwise and the
same domain; the others have names that share words, as names of companies do. Measured is the whole
search: candidates, reasons, proposals; in one process, as the line runs it.
"""

from __future__ import annotations

import resource
import time
from typing import Any, Final

from revops.canonical.identity import finder
from revops.mappings.models import LegalEntity
from revops.sandbox import company
from revops.store import sql

_TWINS: Final = 10

# Words make names that are alike by some of their letters and differ by others.
_PARTIES: Final = """
INSERT INTO canonical_party (id, name, domain, tax_id, country, region, currency, health_band,
    health_reason, renewal_currency, renewal_risk, milestone, created_at, updated_at)
SELECT series.n, first.name || ' ' || second.name || ' ' || base.n || last.name,
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
    '', '', '{}', domain, '', '', 0, '[]' FROM canonical_party
"""


def measure(*, customers: int) -> dict[str, Any]:
    """The figures as they are printed; ``per_second`` are customers that were looked at."""
    company.seed()
    _fill(customers)
    started, cpu = time.perf_counter(), time.process_time()
    first = finder.find()
    taken, own = time.perf_counter() - started, time.process_time() - cpu
    started = time.perf_counter()
    again = finder.find()
    return {
        "bench": "identity",
        "unit": "customers/s",
        "customers": customers,
        "ours": round(customers / taken, 1),
        "seconds": round(taken, 1),
        "seconds_again": round(time.perf_counter() - started, 1),
        "own_cpu_seconds": round(own, 1),
        "compared": first.compared,
        "proposed": first.proposed,
        "twins": customers // _TWINS,
        "proposed_again": again.proposed,
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


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
