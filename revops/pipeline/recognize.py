"""
Revenue recognition: what should have been recognised, less what has been, in open periods.

What each schedule should have recognised follows from it by cumulative rounding
(docs/accounting.md). The difference is posted: all of a period's share the first time, nothing when
run again, and a correction when the schedule has changed since. A share whose own period is closed
posts in the first open one and keeps its service days. What a document that was dated later
deferred is not earned before that later day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from revops.delivery import operations as delivery
from revops.kernel import clock
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
_ONE_DAY: Final = timedelta(days=1)


class PeriodNotOpen(ValueError):
    """Revenue is recognised in open periods only."""


_SCHEDULE: Final = """
SELECT schedule.*, entry.record_kind, entry.record_id,
    CASE WHEN entry.document_date IS NOT NULL THEN entry.accounting_date END AS moved_to
FROM ledger_revenueschedule schedule JOIN ledger_journalentry entry ON entry.id = schedule.entry_id
"""
_DUE: Final = f"""{_SCHEDULE}
WHERE schedule.legal_entity_id = %s AND schedule.due_from <= %s AND schedule.id > %s
ORDER BY schedule.id LIMIT %s FOR UPDATE OF schedule
"""
_THESE: Final = f"""{_SCHEDULE}
WHERE schedule.id = ANY(%s) AND schedule.legal_entity_id = %s
ORDER BY schedule.id FOR UPDATE OF schedule
"""
_HELD: Final = """
SELECT schedule_id, period_code, sum(amount)::bigint AS amount,
    sum(functional_amount)::bigint AS functional, max(revision) AS revision
FROM ledger_recognition WHERE schedule_id = ANY(%s) GROUP BY schedule_id, period_code
"""
_SEEN: Final = """
UPDATE ledger_revenueschedule AS old SET due_from = new.due_from
FROM unnest(%b::bigint[], %b::date[]) AS new (id, due_from) WHERE old.id = new.id
"""
_DONE: Final = sql.Columns(
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
            found = sql.rows(_DUE, (entity_id, period.span.end, after, BATCH))
            if not found:
                break
            after = found[-1].id
            entries = _batch(books, found, period.span.end)
            made += len(entries)
            orders = dispatch.orders(entries, {entity_id: books})
            delivery.enqueue(orders)
            targets |= {order.connection_id for order in orders}
    for connection_id in targets:
        wake.delivery(connection_id)
    return made


def correct(schedule_ids: Sequence[int], books: EntityBooks) -> list[NewEntry]:
    """
    Bring schedules that have just changed to where recognition stands: what was recognised beyond a
    change is taken back, what took its place catches up. In the caller's transaction, which also
    sends the entries; nothing happens where nothing had been recognised.
    """
    rows = sql.rows(_THESE, (list(schedule_ids), books.id))
    held = _held([row.id for row in rows])
    ends = {period.code: period.span.end for _, period in books.calendar}
    seen = [ends[code] for done in held.values() for code in done if code in ends]
    return _batch(books, rows, max(seen)) if seen else []


def due_periods(at: datetime) -> list[tuple[int, str]]:
    """
    (entity id, code) of the latest open period of each entity that had ended at an instant where
    its books are; the sweep recognises it.
    """
    found = []
    for books in all_books().values():
        today = clock.local_date(at, books.zone)
        ended = [one for _, one in books.calendar if one.open and one.span.end < today]
        if ended:
            found.append((books.id, ended[-1].code))
    return found


@dataclass(frozen=True, slots=True)
class _Done:
    """What has been recognised of a period, in how many steps."""

    amount: int = 0
    functional: int = 0
    revision: int = 0


def _held(schedule_ids: Iterable[int]) -> dict[int, dict[str, _Done]]:
    found: dict[int, dict[str, _Done]] = {}
    asked = list(schedule_ids)
    for row in sql.rows(_HELD, (asked,)) if asked else ():
        done = _Done(row.amount, row.functional, row.revision)
        found.setdefault(row.schedule_id, {})[row.period_code] = done
    return found


def _batch(books: EntityBooks, schedules: Sequence[Any], upto: date) -> list[NewEntry]:
    # Only what is new or has changed can have been recognised from its own first day on.
    held = _held(row.id for row in schedules if row.due_from == row.service_start)
    steps: list[tuple[Any, ScheduleDraft, Portion, int]] = []
    seen: list[tuple[int, date | None]] = []
    for row in schedules:
        schedule = _draft(books, row)
        done = held.get(row.id, {})
        until = max([upto, *(_end(books, code) for code in done)])
        steps += [
            (row, schedule, portion, revision)
            for portion, revision in _differences(books, row, schedule, done, until)
        ]
        last = (
            min(row.service_end, row.stopped_on - _ONE_DAY) if row.stopped_on else row.service_end
        )
        seen.append((row.id, None if last <= until else until + _ONE_DAY))
    entries = _entries(books, steps)
    if seen:
        sql.run(_SEEN, [list(column) for column in zip(*seen, strict=True)])
    return entries


def _differences(
    books: EntityBooks, row: Any, schedule: ScheduleDraft, done: dict[str, _Done], until: date
) -> list[tuple[Portion, int]]:
    """Each period's target less what has been recognised, with the number of the step."""
    found = []
    target = {portion.period: portion for portion in schedule.portions}
    for portion in schedule.portions:
        if portion.span.start > until or portion.span.end < row.due_from:
            continue
        before = done.get(portion.period)
        if before is None:
            found.append((portion, 1))
        elif (before.amount, before.functional) != (portion.amount, portion.functional):
            found.append((_less(portion, before), before.revision + 1))
    for code, before in done.items():
        if code not in target and (before.amount or before.functional):
            span = _span(books, code)
            found.append((_less(Portion(code, span, 0, 0), before), before.revision + 1))
    return found


def _less(portion: Portion, done: _Done) -> Portion:
    return Portion(
        portion.period,
        portion.span,
        portion.amount - done.amount,
        portion.functional - done.functional,
    )


def _entries(
    books: EntityBooks, steps: Sequence[tuple[Any, ScheduleDraft, Portion, int]]
) -> list[NewEntry]:
    ids = iter(sql.new_ids("ledger_journalentry", len(steps)))
    entries: list[NewEntry] = []
    done: list[tuple[Any, ...]] = []
    for row, schedule, portion, revision in steps:
        period_id, posts_in = _posts_in(books, portion, row.moved_to)
        on = max(portion.span.end, posts_in.span.start)
        entry_id = None
        for draft in recognition.month(schedule, portion, on=on, revision=revision).drafts:
            entry_id = next(ids)
            entries.append(
                NewEntry(
                    entry_id, draft, books.id, period_id, posts_in.code, row.mapping_version, None,
                    row.record_kind, row.record_id, row.correlation_id,
                )
            )  # fmt: skip
        # A share that rounds to zero is processed all the same; the schedule goes on.
        done.append(
            (row.id, portion.period, revision, portion.amount, portion.functional, entry_id)
        )
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


def _posts_in(books: EntityBooks, portion: Portion, moved_to: date | None) -> tuple[int, Period]:
    """
    The portion's own period when it is open, else the first open one after it; of a document that
    was dated later, that one's period at the earliest.
    """
    since = max(
        portion.span.start, books.period_of(moved_to)[1].span.start if moved_to else date.min
    )
    for period_id, candidate in books.calendar:
        if candidate.span.start >= since and candidate.open:
            return period_id, candidate
    raise PeriodNotOpen(f"{books.legal_entity} has no open period from {since} on.")


def _span(books: EntityBooks, code: str) -> Span:
    return next(one.span for _, one in books.calendar if one.code == code)


def _end(books: EntityBooks, code: str) -> date:
    return _span(books, code).end


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
            periods=books.periods,
            until=row.stopped_on,
        ),
        customer_id=row.customer_ref,
        mapping_version=row.mapping_version,
        part=row.part,
        stopped=row.stopped_on is not None,
    )
