"""
Deferred revenue from one period's end to the next, and whether it ties (I3).

Movements are those of the deferral accounts, current and non-current together, by what moved them.
The other side of the tie is the schedules: what they spread, less what they have recognised and
what was taken from them when they ended, is what is still to be earned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

from revops.kernel.periods import Span
from revops.ledger.lanes import PRIMARY
from revops.ledger.schedules import Period, portions
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Step:
    """
    One period in one currency; positive amounts raise what is deferred. ``functional`` ones say the
    same in the entity's own currency. ``scheduled`` is what the schedules have left at its end.
    """

    period: str
    first: date
    latest: date
    currency: str
    opening: int
    billed: int
    voided: int
    credited: int
    recognised: int
    written_off: int
    reclassified: int
    other: int
    closing: int
    scheduled: int
    functional_opening: int
    functional_movement: int
    functional_closing: int
    functional_scheduled: int

    @property
    def difference(self) -> int:
        """What the books hold beyond the schedules; nothing, when they tie."""
        return self.closing - self.scheduled

    @property
    def ties(self) -> bool:
        return not self.difference and self.functional_closing == self.functional_scheduled


# Which column a document moves; a void moves that of what it undoes. Prepaid credits have no
# schedule, so they are told apart from what ties.
_COLUMNS: Final = {
    "invoice": "billed",
    "recognition": "recognised",
    "drawdown": "recognised",
    "credit": "credited",
    "refund": "credited",
    "write_off": "written_off",
    "dispute_result": "written_off",
    "reclass": "reclassified",
    "presentation": "reclassified",
}
_UNDONE: Final = {"invoice": "voided", "credit": "credited"}

_MOVED: Final = """
WITH deferral AS (
    SELECT DISTINCT deferral_account AS account FROM ledger_revenueschedule
        WHERE legal_entity_id = %(entity)s
    UNION
    SELECT account.code FROM mappings_accountmap map
        JOIN mappings_ledgeraccount account ON account.id = map.account_id
        WHERE map.legal_entity_id = %(entity)s AND map.role = 'deferred_noncurrent'
)
SELECT period.code, entry.currency,
    CASE WHEN again.id IS NULL THEN entry.document_type ELSE again.document_type END
        AS document_type,
    CASE WHEN again.id IS NULL THEN coalesce(undone.document_type, '') ELSE '' END AS undone,
    -sum(line.amount)::bigint AS amount, -sum(line.functional)::bigint AS functional
FROM deferral JOIN ledger_journalline line ON line.account = deferral.account
JOIN ledger_journalentry entry ON entry.id = line.entry_id
LEFT JOIN ledger_journalentry undone ON undone.id = entry.reverses_id
-- What was booked again is billed once, and was never voided.
LEFT JOIN ledger_journalentry again ON again.lane = undone.lane
    AND again.legal_entity_id = undone.legal_entity_id
    AND again.document_type = undone.document_type AND again.document_type IN ('invoice', 'credit')
    AND again.business_key = undone.business_key AND again.revision = undone.revision + 1
LEFT JOIN mappings_accountingperiod period
    ON period.id = entry.period_id AND entry.accounting_date >= %(first)s
WHERE entry.legal_entity_id = %(entity)s AND entry.lane = %(lane)s
  AND entry.accounting_date <= %(latest)s
GROUP BY 1, 2, 3, 4
"""
# What came in fresh, by the day it was posted, and what was recognised of it. What was undone as if
# it had never been went out, and what took its place came in, on the day of the reversal.
_SCHEDULED: Final = """
WITH own AS (
    SELECT schedule.id, schedule.chain, schedule.stop_reason, schedule.successor_id,
        schedule.currency, schedule.total - schedule.carried AS amount,
        schedule.functional_total - schedule.carried_functional AS functional,
        entry.accounting_date AS day, undo.accounting_date AS undone
    FROM ledger_revenueschedule schedule
    JOIN ledger_journalentry entry ON entry.id = schedule.entry_id
    LEFT JOIN ledger_journalentry undo ON undo.reverses_id = schedule.entry_id
    WHERE schedule.legal_entity_id = %(entity)s AND entry.accounting_date <= %(latest)s
), undone AS (
    SELECT chain, min(undone) AS day FROM own WHERE stop_reason = 'void' GROUP BY chain
), anew AS (
    SELECT successor_id AS id FROM own WHERE stop_reason = 'void' AND successor_id IS NOT NULL
)
SELECT CASE WHEN anew.id IS NULL THEN own.day ELSE coalesce(undone.day, own.day) END AS day,
    own.currency, sum(own.amount)::bigint AS amount, sum(own.functional)::bigint AS functional
FROM own LEFT JOIN anew ON anew.id = own.id LEFT JOIN undone ON undone.chain = own.chain
GROUP BY 1, 2
UNION ALL
SELECT coalesce(own.undone, undone.day, own.day), own.currency, -sum(own.amount)::bigint,
    -sum(own.functional)::bigint
FROM own LEFT JOIN undone ON undone.chain = own.chain WHERE own.stop_reason = 'void'
GROUP BY 1, 2
UNION ALL
SELECT entry.accounting_date, own.currency, -sum(done.amount)::bigint,
    -sum(done.functional_amount)::bigint
FROM own JOIN ledger_recognition done ON done.schedule_id = own.id
JOIN ledger_journalentry entry ON entry.id = done.entry_id
GROUP BY 1, 2
"""
# Nothing goes on from these: what they had left was taken out with the day that ended them.
_ENDED: Final = """
SELECT schedule.currency, schedule.total, schedule.functional_total, schedule.service_start,
    schedule.service_end, schedule.convention, schedule.stopped_on
FROM ledger_revenueschedule schedule
WHERE schedule.legal_entity_id = %(entity)s AND schedule.stopped_on <= %(latest)s
  AND schedule.successor_id IS NULL AND schedule.stop_reason NOT IN ('pause', 'void')
"""
_PERIODS: Final = """
SELECT code, starts, ends FROM mappings_accountingperiod
WHERE legal_entity_id = %s ORDER BY starts
"""


def deferred_rollforward(*, entity_id: int, first: str, latest: str) -> list[Step]:
    """
    Steps of the periods from ``first`` to ``latest`` (codes), by period, then currency. Four
    queries. Raises LookupError for a period that the entity does not have.
    """
    calendar = [
        Period(row.code, Span(row.starts, row.ends)) for row in sql.rows(_PERIODS, (entity_id,))
    ]
    codes = [period.code for period in calendar]
    if first not in codes or latest not in codes:
        raise LookupError(f"The entity has no period {first if first not in codes else latest}.")
    shown = calendar[codes.index(first) : codes.index(latest) + 1]
    if not shown:
        return []
    asked = {
        "entity": entity_id, "lane": PRIMARY,
        "first": shown[0].span.start, "latest": shown[-1].span.end,
    }  # fmt: skip
    moves = sql.rows(_MOVED, asked)
    left = [*sql.rows(_SCHEDULED, asked), *_ended(sql.rows(_ENDED, asked), calendar)]
    currencies = sorted({row.currency for row in moves})
    found: list[Step] = []
    for currency in currencies:
        own = [row for row in moves if row.currency == currency]
        opening = _sum([row for row in own if row.code is None])
        for period in shown:
            step = _step(
                period, currency, [row for row in own if row.code == period.code], opening,
                _until([row for row in left if row.currency == currency], period.span.end),
            )  # fmt: skip
            opening = (step.closing, step.functional_closing)
            found.append(step)
    order = {period.code: place for place, period in enumerate(shown)}
    return sorted(found, key=lambda step: (order[step.period], step.currency))


def columns() -> list[str]:
    """The movements of a step, in the order in which they are shown."""
    names = [field.name for field in fields(Step)]
    return names[names.index("billed") : names.index("closing")]


def _step(
    period: Period, currency: str, rows: Sequence[Any], opening: tuple[int, int],
    scheduled: tuple[int, int],
) -> Step:  # fmt: skip
    moved: dict[str, int] = defaultdict(int)
    for row in rows:
        moved[_column(row)] += row.amount
    amount, functional = _sum(rows)
    return Step(
        period=period.code, first=period.span.start, latest=period.span.end, currency=currency,
        opening=opening[0], **{name: moved[name] for name in columns()},
        closing=opening[0] + amount, scheduled=scheduled[0], functional_opening=opening[1],
        functional_movement=functional, functional_closing=opening[1] + functional,
        functional_scheduled=scheduled[1],
    )  # fmt: skip


def _column(row: Any) -> str:
    if row.document_type == "void":
        return _UNDONE.get(row.undone) or _COLUMNS.get(row.undone, "other")
    return _COLUMNS.get(row.document_type, "other")


def _sum(rows: Sequence[Any]) -> tuple[int, int]:
    return sum([row.amount for row in rows]), sum([row.functional for row in rows])


def _until(rows: Sequence[Any], day: date) -> tuple[int, int]:
    return _sum([row for row in rows if row.day <= day])


@dataclass(frozen=True, slots=True)
class _Taken:
    day: date
    currency: str
    amount: int
    functional: int


def _ended(rows: Sequence[Any], calendar: Sequence[Period]) -> list[_Taken]:
    found = []
    for row in rows:
        kept = portions(
            total=row.total, functional_total=row.functional_total,
            service=Span(row.service_start, row.service_end), convention=row.convention,
            periods=calendar, until=row.stopped_on,
        )  # fmt: skip
        earned = sum([one.amount for one in kept])
        functional = sum([one.functional for one in kept])
        found.append(
            _Taken(
                row.stopped_on, row.currency, earned - row.total, functional - row.functional_total
            )
        )
    return found
