"""Doing the runs of a period in order, and keeping what became of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

import structlog

from exceptions import operations as cases
from exceptions.findings import Finding
from revops.kernel import clock, correlation
from revops.kernel.clock import local_date
from revops.ledger.books import EntityBooks, all_books
from revops.ledger.drafts import CannotJournalize
from revops.pipeline import wake
from revops.pipeline.period_end import credits, netdown, noncurrent, prepaid, remeasure, usage
from revops.pipeline.period_end.plan import Closing, Plan, post
from revops.pipeline.recognize import PeriodNotOpen, recognize
from revops.store import sql

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """A run of the period's end. Those that are not ``automatic`` are made on request only."""

    slug: str
    label: str
    plan: Callable[[Closing], Plan] | None
    automatic: bool = True


# In this order: accruals are monetary and are remeasured with the rest.
KINDS: Final[Mapping[str, Kind]] = {
    kind.slug: kind
    for kind in (
        Kind("usage", "Usage not billed yet", usage.plan),
        Kind("prepaid", "Prepaid usage", prepaid.plan),
        Kind("credits", "Credits not decided yet", credits.plan),
        Kind("recognition", "Revenue recognition", None),
        Kind("noncurrent", "Deferred beyond a year", noncurrent.plan),
        Kind("netdown", "Billed and not yet due", netdown.plan, automatic=False),
        Kind("remeasurement", "Foreign balances", remeasure.plan),
    )
}
AUTOMATIC: Final = tuple(kind.slug for kind in KINDS.values() if kind.automatic)


@dataclass(frozen=True, slots=True)
class Result:
    """What a run did. ``trouble`` says why it could not, and then nothing was posted."""

    kind: str
    entries: int = 0
    figures: Mapping[str, int | str] = field(default_factory=dict)
    note: str = ""
    trouble: str = ""


def run(
    *, entity_id: int, period_code: str, kinds: Sequence[str] = AUTOMATIC, by: str = "console"
) -> list[Result]:
    """
    Make these runs of an open period, each in a transaction of its own, in their own order. One
    that cannot be made opens a case, and the others go on; later success settles it.

    Raises PeriodNotOpen, LookupError for a period or kind that there is not.
    """
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise LookupError(f"There is no run called {', '.join(unknown)}.")
    closing = _closing(all_books()[entity_id], period_code)
    return [_one(closing, kind, by) for slug, kind in KINDS.items() if slug in kinds]


def run_due(*, by: str = "daily") -> int:
    """
    Every automatic run of every ended period that is still open, oldest first. How many entries.
    """
    made = 0
    for entity_id, period_code in due(clock.now()):
        try:
            results = run(entity_id=entity_id, period_code=period_code, by=by)
        except Exception:
            # Somebody closed it meanwhile, say. The others must not wait; it is due again tomorrow.
            log.exception("period_end.failed", entity=entity_id, period=period_code)
            continue
        made += sum([result.entries for result in results])
    return made


def due(at: datetime) -> list[tuple[int, str]]:
    """
    (entity id, code) of the open periods that had ended at an instant, oldest first. A period ends
    at midnight where its books are.
    """
    return [
        (books.id, period.code)
        for books in all_books().values()
        for period in books.periods
        if period.open and period.span.end < local_date(at, books.zone)
    ]


def _closing(books: EntityBooks, period_code: str) -> Closing:
    for period_id, period in books.calendar:
        if period.code == period_code:
            if not period.open:
                raise PeriodNotOpen(f"Period {period_code} of {books.legal_entity} is not open.")
            return Closing(books, period, period_id)
    raise LookupError(f"{books.legal_entity} has no period {period_code}.")


def _one(closing: Closing, kind: Kind, by: str) -> Result:
    story = correlation.new_id()
    try:
        if kind.plan is None:
            made = recognize(entity_id=closing.books.id, period_code=closing.period.code)
            result, targets = Result(kind.slug, made), set[int]()
        else:
            result, targets = _planned(closing, kind, kind.plan, story)
    except CannotJournalize as error:
        result, targets = Result(kind.slug, trouble=str(error)), set()
    with sql.atomic():
        _keep(closing, result, story, by)
    for connection_id in targets:
        wake.delivery(connection_id)
    return result


def _planned(
    closing: Closing, kind: Kind, plan: Callable[[Closing], Plan], story: str
) -> tuple[Result, set[int]]:
    with sql.atomic():
        # Two runs of the same kind at once would both post the same difference.
        sql.lock_objects([f"period-end:{closing.books.id}:{kind.slug}"])
        row = sql.one(_STATE, (closing.period_id,))
        if row is None or row.state != "open":
            raise PeriodNotOpen(f"Period {closing.period.code} is not open any more.")
        found = plan(closing)
        made, targets = post(closing, found.planned, story=story)
    return Result(kind.slug, made, found.figures, found.note), targets


# Locked, so that it cannot be closed while something is posted into it.
_STATE: Final = "SELECT state FROM mappings_accountingperiod WHERE id = %s FOR SHARE"

_AGAIN: Final = """
UPDATE mappings_periodrun SET times = times + 1, latest_at = now(), figures = %s::jsonb
WHERE id = (SELECT max(id) FROM mappings_periodrun WHERE period_id = %s AND kind = %s)
  AND state = %s AND note = %s
"""
_NEW: Final = """
INSERT INTO mappings_periodrun
    (period_id, kind, state, entries, figures, note, by, correlation_id, at, latest_at, times)
VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, %s, now(), now(), 1)
"""


def _keep(closing: Closing, result: Result, story: str, by: str) -> None:
    state = "failed" if result.trouble else "done"
    note = result.trouble or result.note
    figures = json.dumps(dict(result.figures))
    again = (figures, closing.period_id, result.kind, state, note)
    if result.entries or not sql.run(_AGAIN, again):
        sql.run(
            _NEW,
            (closing.period_id, result.kind, state, result.entries, figures, note, by, story),
        )
    finding = _finding(closing, result)
    moment = sql.one("SELECT now() AS now")
    assert moment is not None
    if result.trouble:
        cases.report([finding], at=moment.now)
    else:
        cases.settle(
            fingerprints=[finding.fingerprint], text="The run went through.", at=moment.now
        )


def _finding(closing: Closing, result: Result) -> Finding:
    entity, code = closing.books.legal_entity, closing.period.code
    label = KINDS[result.kind].label
    return Finding(
        kind="period_end_failed",
        identity=f"{closing.books.id}:{code}:{result.kind}",
        cause_parts=f"{entity}|{result.kind}|{result.trouble}",
        cause=(result.trouble or f"{label} of {code}").rstrip("."),
        what_happened=f"“{label}” of {code} in {entity} could not be made. Nothing was posted.",
        legal_entity_id=closing.books.id,
        period_code=code,
        path=f"console · period end · {label}",
        subject_label=f"{entity} {code}",
        blocked_steps=(label, "Close the period"),
    )


def today_in(books: EntityBooks) -> date:
    """The day that it is in the entity's zone."""
    return local_date(clock.now(), books.zone)
