"""
How long a run of a period's end takes over many schedules: the split of what is deferred by time.

The schedules are made by the database itself: terms of two to four years that start on any day, in
every straight-line convention, in the books' own currency and in another one. The run is made in
this process, twice: the second time it finds nothing to post.
"""

from __future__ import annotations

import time
from typing import Any, Final

from revops.ledger import books
from revops.ledger.books import EntityBooks
from revops.mappings.models import AccountingPeriod, LegalEntity
from revops.mappings.operations import make_calendar
from revops.pipeline.period_end.runs import run
from revops.sandbox import company
from revops.store import sql

_ENTRIES: Final = """
INSERT INTO ledger_journalentry (id, legal_entity_id, period_id, lane, document_type, business_key,
    revision, accounting_date, currency, functional_currency, amount, description, rule,
    mapping_version, rate_source, content_sha256, record_kind, correlation_id, recorded_at)
SELECT 1000000 + n, %(entity)s, %(period)s, 'primary', 'invoice', 'bench:' || n, 1, %(on)s,
    CASE n %% 4 WHEN 0 THEN 'CHF' ELSE %(own)s END, %(own)s, 100000 + n, '', 'bench', 1, '', '',
    '', 'bench', now() FROM generate_series(1, %(many)s) n
"""
_LINES: Final = """
INSERT INTO ledger_journalline (entry_id, position, account, amount, functional, memo, source_line,
    customer_ref, tax_code, item)
SELECT 1000000 + n, side, CASE side WHEN 0 THEN '1100' ELSE '2300' END,
    (1 - 2 * side) * (100000 + n), (1 - 2 * side) * (CASE n %% 4 WHEN 0 THEN 110000 ELSE 100000 END
    + n), '', 'bench', '', '', '' FROM generate_series(1, %(many)s) n, (VALUES (0), (1)) s (side)
"""
_SCHEDULES: Final = """
INSERT INTO ledger_revenueschedule (legal_entity_id, entry_id, business_key, line_id, part, chain,
    sku, currency, total, functional_currency, functional_total, carried, carried_functional,
    given_up, given_up_functional, service_start, service_end, convention, deferral_account,
    revenue_account, customer_ref, mapping_version, stop_reason, due_from, correlation_id)
SELECT %(entity)s, 1000000 + n, 'bench:' || n, 'il', 1, 'bench:' || n, 'bench',
    CASE n %% 4 WHEN 0 THEN 'CHF' ELSE %(own)s END, 100000 + n, %(own)s,
    CASE n %% 4 WHEN 0 THEN 110000 ELSE 100000 END + n, 0, 0, 0, 0,
    %(on)s::date - (n %% 365)::int, %(on)s::date - (n %% 365)::int + 730 + (n %% 731)::int,
    (ARRAY['daily', 'month_even', 'month_prorate_ends'])[1 + n %% 3], '2300', '4000', '', 1, '',
    %(on)s::date - (n %% 365)::int, 'bench' FROM generate_series(1, %(many)s) n
"""


def measure(*, schedules: int) -> dict[str, Any]:
    """The figures as they are printed: seconds of the first and of a second run."""
    company.seed()
    entity = LegalEntity.objects.order_by("pk")[0]
    calendar = AccountingPeriod.objects.filter(legal_entity=entity).order_by("starts")
    # Everything has begun within the year that this period ends.
    period = calendar[11]
    for year in range(calendar.latest("ends").ends.year + 1, period.ends.year + 5):
        make_calendar(entity, year=year)
    asked = {
        "entity": entity.pk, "period": period.pk, "on": period.ends, "many": schedules,
        "own": entity.functional_currency,
    }  # fmt: skip
    with sql.atomic():
        for statement in (_ENTRIES, _LINES, _SCHEDULES):
            sql.run(statement, asked)
    for table in ("ledger_journalentry", "ledger_journalline", "ledger_revenueschedule"):
        sql.run(f"ANALYZE {table}")
    books.forget()
    found = [_timed(books.all_books()[entity.pk], period.code) for _ in range(2)]
    return {
        "bench": "period_end",
        "schedules": schedules,
        "noncurrent_s": found[0][0],
        "again_s": found[1][0],
        "entries": [entries for _, entries, _ in found],
        "figures": found[0][2],
    }


def _timed(own: EntityBooks, code: str) -> tuple[float, int, Any]:
    started = time.perf_counter()
    (result,) = run(entity_id=own.id, period_code=code, kinds=("noncurrent",))
    if result.trouble:
        raise RuntimeError(result.trouble)
    return round(time.perf_counter() - started, 3), result.entries, dict(result.figures)
