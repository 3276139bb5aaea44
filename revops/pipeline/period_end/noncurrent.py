"""J1-nc: what is deferred for more than a year after the period's end, until the next day."""

from __future__ import annotations

import calendar
from collections import defaultdict
from datetime import date, timedelta
from typing import Final

from revops.ledger.earned import Earned
from revops.ledger.operations import LANE
from revops.ledger.rules import period_end
from revops.pipeline.period_end.plan import Closing, Plan, Planned, next_revisions
from revops.store import sql

# Schedules as they stood on the day: one that was changed later still ran its own way then.
_LONG: Final = """
SELECT schedule.deferral_account, schedule.currency, schedule.total, schedule.functional_total,
    schedule.service_start, schedule.service_end, schedule.convention
FROM ledger_revenueschedule schedule JOIN ledger_journalentry entry ON entry.id = schedule.entry_id
WHERE schedule.legal_entity_id = %s AND schedule.service_end > %s
  AND entry.accounting_date <= %s
  AND (schedule.stopped_on IS NULL OR schedule.stopped_on > %s)
"""
_HELD: Final = """
SELECT entry.business_key, sum(line.amount)::bigint AS amount,
    sum(line.functional)::bigint AS functional
FROM ledger_journalentry entry JOIN ledger_journalline line ON line.entry_id = entry.id
WHERE entry.legal_entity_id = %s AND entry.lane = %s AND entry.document_type = 'reclass'
  AND entry.business_key = ANY(%s) AND line.position = 0
GROUP BY entry.business_key
"""


def plan(closing: Closing) -> Plan:
    """One entry for each deferral account and currency, taken back on the next day."""
    horizon = _horizon(closing)
    books = closing.books
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    rows = sql.rows(_LONG, (books.id, horizon, closing.on, closing.on))
    kept = Earned(books.periods, horizon + timedelta(days=1))
    for row in rows:
        earned = kept.of(
            row.service_start, row.service_end, row.convention,
            total=row.total, functional_total=row.functional_total,
        )  # fmt: skip
        held = found[row.deferral_account, row.currency]
        held[0] += row.total - earned.amount
        held[1] += row.functional_total - earned.functional
    keys = {
        (account, currency): closing.key("noncurrent", account, currency)
        for account, currency in {*found, *_posted_before(closing)}
    }
    before = {
        row.business_key: (row.amount, row.functional)
        for row in sql.rows(_HELD, (books.id, LANE, list(keys.values())))
    }
    revisions = next_revisions(books, "reclass", keys.values())
    planned = []
    total = 0
    for (account, currency), key in sorted(keys.items()):
        amount, functional = found.get((account, currency), (0, 0))
        held_amount, held_functional = before.get(key, (0, 0))
        total += functional
        if amount == held_amount and functional == held_functional:
            continue
        moved = period_end.Moved(
            account, currency, amount - held_amount, functional - held_functional
        )
        draft = period_end.noncurrent(
            moved, closing.dated, business_key=key, on=closing.on, revision=revisions[key]
        )
        planned.append(Planned(draft, reversing=True))
    return Plan(planned, {"schedules": len(rows), "noncurrent": total})


_POSTED: Final = """
SELECT DISTINCT line.account, entry.currency
FROM ledger_journalentry entry JOIN ledger_journalline line ON line.entry_id = entry.id
WHERE entry.legal_entity_id = %s AND entry.lane = %s AND entry.document_type = 'reclass'
  AND entry.accounting_date = %s AND line.position = 0
"""


def _posted_before(closing: Closing) -> list[tuple[str, str]]:
    """What an earlier run moved; nothing may be left of it now."""
    rows = sql.rows(_POSTED, (closing.books.id, LANE, closing.on))
    return [(row.account, row.currency) for row in rows]


def _horizon(closing: Closing) -> date:
    """The latest day of the period that lies a year ahead."""
    on = closing.on
    latest = calendar.monthrange(on.year + 1, on.month)[1]
    ahead = date(on.year + 1, on.month, min(on.day, latest))
    for _, period in closing.books.calendar:
        if ahead in period.span:
            return period.span.end
    return ahead
