"""Where documents of a closed period would be dated, and the days that somebody agreed to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from exceptions.models import Case
from revops.ledger.books import all_books
from revops.ledger.schedules import Period, PeriodMissing
from revops.pipeline.journalize.late import next_open
from revops.store import rows, sql

KIND: Final = "period_closed"

_PUT: Final = """
INSERT INTO pipeline_lateposting AS held
    (legal_entity_id, inbound_id, command_id, dated, accrued, job, by_id, at)
SELECT new.*, %s, %s, %s, now()
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::date[])
    AS new (legal_entity_id, inbound_id, command_id, dated)
ON CONFLICT (inbound_id) DO UPDATE SET dated = EXCLUDED.dated, job = EXCLUDED.job,
    accrued = held.accrued OR EXCLUDED.accrued, by_id = EXCLUDED.by_id, at = EXCLUDED.at
"""


def put(
    cases: Sequence[Case], *, dated: Mapping[int, date], job: int, by: int, accrued: bool = False
) -> None:
    """
    Keep what was agreed to for the event, or else the command, of each case; ``dated`` is by the
    legal entity's id. What was accrued once stays accrued. In the caller's transaction.
    """
    told = [
        (
            case.legal_entity_id, None if case.command_id else case.inbound_id, case.command_id,
            dated[case.legal_entity_id],
        )
        for case in cases
        if case.legal_entity_id is not None and case.legal_entity_id in dated
    ]  # fmt: skip
    if told:
        with rows.widened():
            sql.run(_PUT, (accrued, job, by, *(list(column) for column in zip(*told, strict=True))))


def periods_of(
    waiting: Iterable[tuple[int | None, str]],
) -> dict[int, tuple[Period, Period | None]]:
    """
    By legal entity (its id, with the code of a period): the period that is closed, and the one in
    which its documents would post. Entities whose calendar does not have the period are absent.
    """
    found: dict[int, tuple[Period, Period | None]] = {}
    books = all_books()
    for entity_id, code in sorted(waiting, key=str):
        own = books.get(entity_id or 0)
        if own is None or own.id in found:
            continue
        held = next((one for one in own.periods if one.code == code), None)
        if held is not None:
            found[own.id] = held, next_open(own, held.span.end)
    return found


def closed_softly(places: Mapping[int, tuple[Period, Period | None]]) -> bool:
    """Whether nothing is locked in any of these closed periods, by legal entity."""
    told = [(entity_id, held.code) for entity_id, (held, _) in places.items()]
    rows = sql.rows(_SOFT, [list(column) for column in zip(*told, strict=True)]) if told else ()
    return bool(rows) and len(rows) == len(told)


_SOFT: Final = """
SELECT period.id FROM mappings_accountingperiod period
JOIN unnest(%s::bigint[], %s::text[]) AS asked (entity_id, code)
    ON asked.entity_id = period.legal_entity_id AND asked.code = period.code
WHERE period.state = 'soft_closed'
"""


def period_name(entity_id: int, day: date) -> str:
    """The code of the period that holds a day; “” where the calendar has none."""
    try:
        return all_books()[entity_id].period_of(day)[1].code
    except (KeyError, PeriodMissing):
        return ""
