"""
How long the lookups take in a large business: 100,000 customers, 1,000,000 invoices.

The records are made by the database itself and belong to nobody. The calls are whole ones (token,
throttle, reads, answer), made in this process one after the other: what a network adds is not
counted, and nothing runs beside them.
"""

from __future__ import annotations

import random
import time
from typing import Any, Final

from django.db import connection
from django.test import Client

from accounts.operations import create_token
from revops.bench.figures import percentiles
from revops.mappings.models import LegalEntity
from revops.sandbox import company
from revops.store import sql

CALLS: Final = 500
_WARM: Final = 20
_INVOICES: Final = 10

# (what is made, its statement); ``many`` customers, ten invoices each, a payment for each eighth.
_MADE: Final = (
    ("parties", """
INSERT INTO canonical_party (id, name, domain, tax_id, country, region, currency, health_band,
    health_reason, renewal_currency, renewal_risk, milestone, created_at, updated_at)
SELECT n, 'Bench customer ' || n, '', 'DE' || 100000000 + n, 'DE', '', 'USD', 'green', '', '', '',
    '', now(), now() FROM generate_series(1, %(many)s) n"""),
    ("customers", """
INSERT INTO canonical_customer (id, connection_id, source_id, legal_entity_id, version, rank,
    correlation_id, created_at, updated_at, party_id, name, email, currency, tax_id, tax_key,
    address, domain, region, parent_ref, merged_version, other_ids)
SELECT n, %(billing)s, 'cus_' || n, %(entity)s, 1, 0, 'bench', now(), now(), n,
    'Bench customer ' || n, '', 'USD', '', 'DE:' || 100000000 + n, '{}', '', '', '', 0,
    jsonb_build_array(jsonb_build_object('system', 'crm', 'id', '001' || n))
FROM generate_series(1, %(many)s) n"""),
    ("invoices", """
INSERT INTO canonical_invoice (id, connection_id, source_id, legal_entity_id, version, rank,
    correlation_id, created_at, updated_at, number, customer_id, subscription_ref, currency,
    issued_on, due_on, net, tax, total, applied, credited, state, content_sha256)
SELECT n, %(billing)s, 'in_' || n, %(entity)s, 1, 0, 'bench', now(), now(), 'BENCH-' || n,
    1 + n %% %(many)s, '', 'USD', current_date - (n %% 400)::int,
    current_date - (n %% 400)::int + 30, 10000, 0, 10000,
    CASE WHEN n %% 8 = 0 THEN 10000 ELSE 0 END, 0,
    CASE WHEN n %% 8 = 0 THEN 'paid' WHEN n %% 400 > 30 THEN 'overdue' ELSE 'issued' END, ''
FROM generate_series(1, %(many)s * 10) n"""),
    ("payments", """
INSERT INTO canonical_payment (connection_id, source_id, legal_entity_id, version, rank,
    correlation_id, created_at, updated_at, invoice_id, invoice_ref, customer_id, customer_ref,
    currency, amount, allocated, allocated_later, fee, dated, state, reason, balance_transaction,
    returned, returned_fee)
SELECT %(billing)s, 'pay_' || n, %(entity)s, 1, 0, 'bench', now(), now(), n, '', 1 + n %% %(many)s,
    '', 'USD', 10000, 10000, 0, 0, current_date, 'applied', '', '', 0, 0
FROM generate_series(8, %(many)s * 10, 8) n"""),
    ("grants", """
INSERT INTO canonical_entitlement (connection_id, source_id, legal_entity_id, version, rank,
    correlation_id, created_at, updated_at, customer_id, feature, quantity, unit, meter,
    granted_on, effective_on, state, reason)
SELECT %(billing)s, 'ent_' || n, %(entity)s, 1, 0, 'bench', now(), now(), n, 'Calls', 100000,
    'calls', 'api_calls', current_date - 100, current_date - 100, 'active', ''
FROM generate_series(1, %(many)s) n"""),
    ("prices", """
INSERT INTO canonical_price (connection_id, source_id, legal_entity_id, version, rank,
    correlation_id, created_at, updated_at, product_ref, label, currency, model, unit_price, tiers,
    package_size, included, meter, interval_months, active)
SELECT %(billing)s, 'price_' || n, NULL, 1, 0, 'bench', now(), now(), '', '', 'USD', 'tiered', 0,
    '[{"up_to": "1000", "unit_price": "2", "flat_amount": 0}, {"up_to": null, "unit_price": "1"}]',
    1, 0, 'api_calls', 1, true
FROM generate_series(1, 2000) n"""),
    ("names of customers", """
INSERT INTO canonical_externalreference (connection_id, type, external_id, record_kind, record_id)
SELECT %(billing)s, 'customer', 'cus_' || n, 'customer', n FROM generate_series(1, %(many)s) n"""),
    ("names of invoices", """
INSERT INTO canonical_externalreference (connection_id, type, external_id, record_kind, record_id)
SELECT %(billing)s, kind, CASE kind WHEN 'invoice' THEN 'in_' ELSE 'BENCH-' END || n, 'invoice', n
FROM generate_series(1, %(many)s * 10) n, (VALUES ('invoice'), ('number')) AS k (kind)"""),
)  # fmt: skip
_TABLES: Final = ("party", "customer", "invoice", "payment", "entitlement", "price")


def measure(*, customers: int) -> dict[str, Any]:
    """The figures as they are printed: p50, p95 and p99 of each lookup in milliseconds."""
    company.seed()
    taken = _fill(customers)
    caller = _Caller()
    chosen = random.Random(7)  # noqa: S311  the same customers in every run
    lookups: dict[str, Any] = {
        "account by id": lambda n: ("account", {"id": f"cus_{n}"}),
        "account by another system's id": lambda n: ("account", {"id": f"001{n}"}),
        "account by tax id": lambda n: (
            "account",
            {"name": "Bench", "tax_id": f"DE{100_000_000 + n}", "country": "DE"},
        ),
        "price": lambda n: ("price", {"price": f"price_{1 + n % 2000}", "quantity": "2500"}),
        "entitlement": lambda n: ("entitlement", {"customer": f"cus_{n}", "feature": "calls"}),
        "credit": lambda n: ("credit", {"customer": f"cus_{n}"}),
        "invoice by number": lambda n: ("invoice", {"id": f"BENCH-{n * _INVOICES}"}),
        "nobody": lambda n: ("account", {"id": f"nobody_{n}"}),
    }
    figures = {}
    for name, question in lookups.items():
        times = []
        for place in range(_WARM + CALLS):
            address, asked = question(chosen.randint(1, customers))
            started = time.perf_counter()
            caller.ask(address, asked, missing=name == "nobody")
            if place >= _WARM:
                times.append((time.perf_counter() - started) * 1000)
        figures[name] = percentiles(times)
    return {
        "bench": "lookups",
        "customers": customers,
        "invoices": customers * _INVOICES,
        "calls": CALLS,
        "ms": figures,
        "filled_in_s": round(taken, 1),
    }


class _Caller:
    """A service; a token's calls a minute are not what is measured, so each has a few hundred."""

    def __init__(self) -> None:
        self._client = Client(HTTP_HOST="localhost")
        self._left = 0
        self._headers: dict[str, str] = {}

    def ask(self, address: str, asked: dict[str, str], *, missing: bool) -> None:
        if not self._left:
            _, text = create_token(name="bench", scopes=["read:lookups"])
            self._headers, self._left = {"Authorization": f"Bearer {text}"}, 2000
        self._left -= 1
        answer = self._client.get(f"/api/v1/lookups/{address}/", asked, headers=self._headers)
        if answer.status_code != (404 if missing else 200):
            raise AssertionError(f"{address} answered {answer.status_code}: {answer.content!r}")


def _fill(customers: int) -> float:
    """Seconds that it took."""
    started = time.perf_counter()
    billing = sql.one("SELECT id FROM connectors_connection WHERE slug = %s", (company.STRIPE,))
    assert billing is not None
    entity = LegalEntity.objects.get(code=company.ENTITIES[0][0])
    values = {"many": customers, "billing": billing.id, "entity": entity.pk}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for _, statement in _MADE:
            cursor.execute(statement, values)
        for table in (*_TABLES, "externalreference"):
            cursor.execute(f"ANALYZE canonical_{table}")
        cursor.execute("RESET statement_timeout")
    return time.perf_counter() - started
