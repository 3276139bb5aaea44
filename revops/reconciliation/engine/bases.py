"""What amounts were computed from, for rows that differ: a statement a kind for many of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from revops.kernel.periods import Span
from revops.ledger.schedules import Period, weights_of
from revops.reconciliation.engine.explaining import Basis, weights_30_360
from revops.reconciliation.engine.rows import Row
from revops.store import sql

# How the rows of a check of schedules are named: the schedule, and the period of the portion.
_PORTION: Final = re.compile(r"schedule:(\d+)/(.+)", re.ASCII)

_SCHEDULES: Final = """
SELECT schedule.id, schedule.total, schedule.service_start, schedule.service_end,
    schedule.convention, array_agg(period.code ORDER BY period.starts) AS codes,
    array_agg(period.starts ORDER BY period.starts) AS starts,
    array_agg(period.ends ORDER BY period.starts) AS ends
FROM ledger_revenueschedule AS schedule
JOIN mappings_accountingperiod AS period
    ON period.legal_entity_id = schedule.legal_entity_id
    AND period.ends >= schedule.service_start AND period.starts <= schedule.service_end
WHERE schedule.id = ANY(%s) AND schedule.stopped_on IS NULL AND schedule.convention <> 'on_use'
GROUP BY schedule.id
"""

_TAXES: Final = """
SELECT line.invoice_id, line.amount, tax.value ->> 'rate_percent' AS percent
FROM canonical_invoiceline AS line, jsonb_array_elements(line.taxes) AS tax
WHERE line.invoice_id = ANY(%s) AND tax.value ->> 'rate_percent' IS NOT NULL
ORDER BY line.invoice_id, line.position
"""

_FEES: Final = "SELECT id, fee FROM canonical_payment WHERE id = ANY(%s) AND fee <> 0"


def of(rows: Iterable[Row]) -> dict[str, Basis]:
    """By the rows' ids; rows that nothing is known of are absent."""
    portions: dict[str, tuple[int, str]] = {}
    invoices: dict[str, int] = {}
    payments: dict[str, int] = {}
    for row in rows:
        named = _PORTION.fullmatch(row.id)
        if named:
            portions[row.id] = int(named[1]), named[2]
        elif row.record_id is not None and row.record_kind == "invoice":
            invoices[row.id] = row.record_id
        elif row.record_id is not None and row.record_kind == "payment":
            payments[row.id] = row.record_id
    found = _portions(portions)
    lines: dict[int, list[tuple[int, Decimal]]] = {}
    for held in sql.rows(_TAXES, (sorted({*invoices.values()}),)) if invoices else ():
        rate = Decimal(held.percent) / 100
        lines.setdefault(held.invoice_id, []).append((held.amount, rate))
    found |= {id: Basis(lines=tuple(lines[key])) for id, key in invoices.items() if key in lines}
    fees = {row.id: row.fee for row in sql.rows(_FEES, (sorted({*payments.values()}),))}
    return found | {id: Basis(fee=fees[key]) for id, key in payments.items() if key in fees}


def _portions(wanted: dict[str, tuple[int, str]]) -> dict[str, Basis]:
    if not wanted:
        return {}
    ids = sorted({schedule_id for schedule_id, _ in wanted.values()})
    held = {row.id: row for row in sql.rows(_SCHEDULES, (ids,))}
    return {
        id: _basis(held[schedule_id], code)
        for id, (schedule_id, code) in wanted.items()
        if schedule_id in held and code in held[schedule_id].codes
    }


def _basis(schedule: Any, code: str) -> Basis:
    service = Span(schedule.service_start, schedule.service_end)
    periods: list[tuple[date, date]] = list(zip(schedule.starts, schedule.ends, strict=True))
    touched = [Period(one, Span(*span)) for one, span in zip(schedule.codes, periods, strict=True)]
    weights = weights_of(schedule.convention, service, touched)
    return Basis(
        total=schedule.total, weights=tuple(weights), index=schedule.codes.index(code),
        weights_30=tuple(weights_30_360(service.start, service.end, periods)),
    )  # fmt: skip
