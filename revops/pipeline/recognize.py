"""
Revenue recognition: each schedule's share of a period becomes revenue, once, in an open period.

Shares follow from the schedule by cumulative rounding (docs/accounting.md), so that running again,
or for a later period first, gives the same entries. A share whose own period is closed posts in the
first open one and keeps its service days.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from revops.delivery import operations as delivery
from revops.kernel.periods import Span
from revops.ledger import operations as ledger
from revops.ledger.books import EntityBooks, all_books
from revops.ledger.drafts import Portion, ScheduleDraft
from revops.ledger.operations import NewEntry
from revops.ledger.rules import recognition
from revops.ledger.schedules import Period, portions
from revops.lineage.operations import LINKS
from revops.pipeline import dispatch, wake
from revops.store import sql

BATCH = 200


class PeriodNotOpen(ValueError):
    """Revenue is recognised in open periods only."""


_DUE = """
SELECT schedule.*, entry.record_kind, entry.record_id,
    ARRAY(SELECT period_code FROM ledger_recognition done WHERE done.schedule_id = schedule.id)
        AS done
FROM ledger_revenueschedule schedule JOIN ledger_journalentry entry ON entry.id = schedule.entry_id
WHERE schedule.legal_entity_id = %s AND schedule.service_start <= %s
  AND schedule.stopped_on IS NULL AND schedule.id > %s
  AND (SELECT count(*) FROM ledger_recognition done
       JOIN mappings_accountingperiod period ON period.code = done.period_code
         AND period.legal_entity_id = schedule.legal_entity_id AND period.ends <= %s
       WHERE done.schedule_id = schedule.id)
    < (SELECT count(*) FROM mappings_accountingperiod period
       WHERE period.legal_entity_id = schedule.legal_entity_id AND period.starts <= %s
         AND period.starts <= schedule.service_end AND period.ends >= schedule.service_start)
ORDER BY schedule.id LIMIT %s FOR UPDATE OF schedule
"""

_DONE = sql.Columns(
    "ledger_recognition",
    schedule_id="bigint",
    period_code="text",
    revision="smallint",
    amount="bigint",
    functional_amount="bigint",
    entry_id="bigint",
)


def recognize(*, entity_id: int, period_code: str) -> int:
    """
    Recognise everything due up to the end of an open period. How many entries were made.

    Raises PeriodNotOpen, and LookupError for a period that the calendar does not have.
    """
    books = all_books()[entity_id]
    period = next((one for _, one in books.calendar if one.code == period_code), None)
    if period is None:
        raise LookupError(f"{books.legal_entity} has no period {period_code}.")
    if not period.open:
        raise PeriodNotOpen(f"Period {period_code} of {books.legal_entity} is not open.")
    made = after = 0
    targets: set[int] = set()
    while True:
        with sql.atomic():
            end = period.span.end
            found = sql.rows(_DUE, (entity_id, end, after, end, end, BATCH))
            if not found:
                break
            after = found[-1].id
            entries = _batch(books, found, period)
            made += len(entries)
            orders = dispatch.orders(entries, {entity_id: books})
            delivery.enqueue(orders)
            targets |= {order.connection_id for order in orders}
    for connection_id in targets:
        wake.delivery(connection_id)
    return made


def due_periods(today: date) -> list[tuple[int, str]]:
    """(entity id, code) of the latest ended open period of each entity; the sweep recognises it."""
    found = []
    for books in all_books().values():
        ended = [one for _, one in books.calendar if one.open and one.span.end < today]
        if ended:
            found.append((books.id, ended[-1].code))
    return found


def _batch(books: EntityBooks, schedules: Sequence[Any], period: Period) -> list[NewEntry]:
    shares: list[tuple[Any, ScheduleDraft, Portion]] = []
    for row in schedules:
        schedule = _draft(books, row)
        shares.extend(
            (row, schedule, portion)
            for portion in schedule.portions
            if portion.span.start <= period.span.end and portion.period not in row.done
        )
    ids = iter(sql.new_ids("ledger_journalentry", len(shares)))
    entries: list[NewEntry] = []
    done: list[tuple[Any, ...]] = []
    for row, schedule, portion in shares:
        posts_in = _posts_in(books, portion, period)
        on = max(portion.span.end, posts_in.span.start)
        entry_id = None
        for draft in recognition.month(schedule, portion, on=on).drafts:
            period_id, _ = books.period_of(draft.accounting_date)
            entry_id = next(ids)
            entries.append(
                NewEntry(
                    entry_id, draft, books.id, period_id, posts_in.code, row.mapping_version, None,
                    row.record_kind, row.record_id, row.correlation_id,
                )
            )  # fmt: skip
        # A share that rounds to zero is processed all the same; the schedule goes on.
        done.append((row.id, portion.period, 1, portion.amount, portion.functional, entry_id))
    ledger.record(entries)
    _DONE.insert(done)
    moment = sql.one("SELECT now() AS now")
    assert moment is not None
    LINKS.insert(
        [
            (entry.record_kind, entry.record_id, "journal", entry.id, moment.now)
            for entry in entries
        ],
        "ON CONFLICT DO NOTHING",
    )
    return entries


def _posts_in(books: EntityBooks, portion: Portion, upto: Period) -> Period:
    """The portion's own period when it is open, else the first open one after it."""
    for _, candidate in books.calendar:
        if candidate.span.start >= portion.span.start and candidate.open:
            return candidate
    return upto


def _draft(books: EntityBooks, row: Any) -> ScheduleDraft:
    service = Span(row.service_start, row.service_end)
    return ScheduleDraft(
        legal_entity=books.legal_entity,
        business_key=row.business_key,
        line_id=row.line_id,
        sku=row.sku,
        currency=row.currency,
        total=row.total,
        functional_currency=row.functional_currency,
        functional_total=row.functional_total,
        service=service,
        convention=row.convention,
        deferral_account=row.deferral_account,
        revenue_account=row.revenue_account,
        portions=portions(
            total=row.total,
            functional_total=row.functional_total,
            service=service,
            convention=row.convention,
            periods=[one for _, one in books.calendar],
        ),
        customer_id=row.customer_ref,
        mapping_version=row.mapping_version,
    )
