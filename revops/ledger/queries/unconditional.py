"""Billed, unpaid, and the right to it not yet unconditional (accounting.md note 1)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from revops.kernel.money import divide_half_up
from revops.kernel.periods import Span
from revops.ledger.earned import Earned
from revops.ledger.schedules import Period
from revops.store import sql


@dataclass(frozen=True, slots=True)
class NotYetDue:
    """
    An invoice's part that a balance sheet may leave out on both sides: what is open of it and still
    deferred, the smaller of both. ``functional`` is at the invoice's rate.
    """

    invoice_id: int
    number: str
    customer_id: str
    customer_name: str
    due_on: date
    currency: str
    open: int
    deferral_account: str
    amount: int
    functional: int


# What was paid after the day was open on it.
_OPEN: Final = """
SELECT invoice.id, invoice.number, customer.source_id AS customer_id,
    customer.name AS customer_name, invoice.due_on,
    invoice.currency, invoice.total - invoice.applied - invoice.credited + coalesce((
        SELECT sum(payment.allocated + payment.allocated_later) FROM canonical_payment payment
        WHERE payment.invoice_id = invoice.id AND payment.dated > %(on)s
          AND payment.state = 'applied'), 0)::bigint AS open
FROM canonical_invoice invoice JOIN canonical_customer customer ON customer.id = invoice.customer_id
WHERE invoice.legal_entity_id = %(entity)s AND invoice.issued_on <= %(on)s
  AND invoice.due_on > %(on)s AND invoice.state <> 'void'
ORDER BY invoice.due_on, invoice.id
"""
_SCHEDULES: Final = """
SELECT entry.record_id AS invoice_id, schedule.deferral_account, schedule.total,
    schedule.functional_total, schedule.service_start, schedule.service_end, schedule.convention
FROM ledger_journalentry entry JOIN ledger_revenueschedule schedule ON schedule.entry_id = entry.id
WHERE entry.record_kind = 'invoice' AND entry.record_id = ANY(%(ids)s)
  AND (schedule.stopped_on IS NULL OR schedule.stopped_on > %(on)s)
ORDER BY schedule.id
"""
_PERIODS: Final = """
SELECT code, starts, ends FROM mappings_accountingperiod WHERE legal_entity_id = %s ORDER BY starts
"""


def not_yet_unconditional(*, entity_id: int, on: date) -> list[NotYetDue]:
    """
    Invoices of an entity that are not due on ``on``, by due date. Three queries.

    An invoice without a due date is due at once. Raises PeriodMissing where the calendar does not
    hold a schedule.
    """
    rows = [row for row in sql.rows(_OPEN, {"entity": entity_id, "on": on}) if row.open > 0]
    if not rows:
        return []
    periods = [
        Period(row.code, Span(row.starts, row.ends)) for row in sql.rows(_PERIODS, (entity_id,))
    ]
    left: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
    earned = Earned(periods, on + timedelta(days=1))
    for one in sql.rows(_SCHEDULES, {"ids": [row.id for row in rows], "on": on}):
        kept = earned.of(
            one.service_start, one.service_end, one.convention,
            total=one.total, functional_total=one.functional_total,
        )  # fmt: skip
        left[one.invoice_id].append(
            (one.deferral_account, one.total - kept.amount, one.functional_total - kept.functional)
        )
    found = []
    for row in rows:
        still = row.open
        for account, amount, functional in left[row.id]:
            taken = min(still, amount)
            if taken <= 0:
                continue
            still -= taken
            own = functional if taken == amount else divide_half_up(functional * taken, amount)
            found.append(
                NotYetDue(
                    row.id, row.number, row.customer_id, row.customer_name, row.due_on,
                    row.currency, row.open, account, taken, own,
                )
            )  # fmt: skip
    return found
