"""
What stands in the way: causes of the unresolved cases of a period, with their money, owner and age.

One statement for all legal entities. A snoozed case is as open as any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from exceptions import kinds
from revops.close.areas import BY_SLUG, area_of
from revops.close.queries.periods import Closing
from revops.close.queries.reconciled import checked_area
from revops.close.testing import amounts_of
from revops.kernel.clock import local_date
from revops.kernel.money import Money
from revops.store import sql

LATE: Final = "period_closed"
_STEPS: Final = (1, 3, 7)

_CAUSES: Final = """
WITH compared AS (
    SELECT DISTINCT ON (gap.case_id) gap.case_id, gap.type, pair.check_slug
    FROM reconciliation_break gap JOIN reconciliation_pair pair ON pair.id = gap.pair_id
    WHERE NOT (gap.state = 'settled') AND gap.legal_entity_id = ANY(%(entities)s)
        AND gap.case_id IS NOT NULL
    ORDER BY gap.case_id, gap.id DESC
)
SELECT held.cause_key, held.kind, held.legal_entity_id AS entity_id, held.assignee_id,
    held.owner_team, held.state = 'in_doubt' AS doubt, entry.document_type,
    compared.type AS gap, compared.check_slug,
    held.kind = 'mapping_missing' AND held.facts->0->>0 = 'Tax code' AS tax,
    CASE WHEN held.at_stake IS NULL THEN '' ELSE held.currency END AS currency,
    count(*) AS cases, coalesce(sum(held.at_stake), 0)::bigint AS money,
    min(held.opened_at) AS oldest, min(held.due_at) AS due,
    bool_or(held.state = 'retrying') AS again,
    count(*) FILTER (WHERE held.opened_at > %(a)s) AS young,
    count(*) FILTER (WHERE held.opened_at <= %(a)s AND held.opened_at > %(b)s) AS days,
    count(*) FILTER (WHERE held.opened_at <= %(b)s AND held.opened_at > %(c)s) AS week,
    count(*) FILTER (WHERE held.opened_at <= %(c)s) AS old
FROM exceptions_case held
LEFT JOIN delivery_outboundcommand entry ON entry.id = held.command_id
LEFT JOIN compared ON compared.case_id = held.id
WHERE NOT (held.state = 'resolved') AND held.period_code = %(period)s
    AND held.legal_entity_id = ANY(%(entities)s)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
"""
_NAMES: Final = """
SELECT key, sentence, path FROM exceptions_cause WHERE key = ANY(%s)
"""
_PEOPLE: Final = "SELECT id, name FROM accounts_user WHERE id = ANY(%s)"


@dataclass(slots=True)
class Blocker:
    """
    A cause in one legal entity and area. ``due`` is the earliest of its cases; ``owners`` the
    people who took them, or the team whose they are. ``ages`` count cases by age: up to a day, to
    three, to seven, older.
    """

    key: str
    kind: str
    area: str
    closing: Closing
    doubt: bool
    cases: int = 0
    money: dict[str, int] = field(default_factory=dict)
    owners: list[str] = field(default_factory=list)
    oldest: datetime | None = None
    due: datetime | None = None
    again: bool = False
    ages: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    sentence: str = ""
    path: str = ""
    at: datetime | None = None

    @property
    def amounts(self) -> list[Money]:
        return amounts_of(self.money)

    @property
    def due_on(self) -> date | None:
        """The day by which it is due, in the legal entity's zone."""
        return local_date(self.due, self.closing.zone) if self.due else None

    def late(self, at: datetime) -> bool:
        return self.due is not None and self.due < at

    def status(self, at: datetime) -> str:
        if self.doubt:
            return "in_doubt"
        if self.late(at):
            return "late"
        return "retrying" if self.again else "open"

    @property
    def status_now(self) -> str:
        return self.status(self.at) if self.at else "open"

    @property
    def area_label(self) -> str:
        return BY_SLUG[self.area].label

    @property
    def fix(self) -> str:
        return kinds.described(self.kind).fix

    def hours(self, at: datetime) -> int:
        return max(0, int((at - (self.oldest or at)).total_seconds() // 3_600))


def blockers(closings: Sequence[Closing], *, at: datetime) -> list[Blocker]:
    """Of these periods of one name, three statements; the most money first."""
    if not closings:
        return []
    by_entity = {one.entity_id: one for one in closings}
    days = [at - timedelta(days=count) for count in _STEPS]
    found = sql.rows(
        _CAUSES,
        {
            "period": closings[0].code, "entities": list(by_entity), "a": days[0], "b": days[1],
            "c": days[2],
        },
    )  # fmt: skip
    made: dict[tuple[str, int, str, bool], Blocker] = {}
    people = _people(found)
    for row in found:
        area = _area(row)
        key = (row.cause_key, row.entity_id, area, row.doubt)
        held = made.get(key)
        if held is None:
            held = made[key] = Blocker(
                row.cause_key,
                row.kind,
                area,
                by_entity[row.entity_id],
                row.doubt,
                at=at,
            )
        _merge(held, row, people)
    _named(made.values())
    return sorted(made.values(), key=_order)


def _merge(held: Blocker, row: Any, people: Mapping[int, str]) -> None:
    held.cases += row.cases
    if row.currency:
        held.money[row.currency] = held.money.get(row.currency, 0) + row.money
    owner = people.get(row.assignee_id) or row.owner_team
    if owner and owner not in held.owners:
        held.owners.append(owner)
    held.oldest = min(held.oldest or row.oldest, row.oldest)
    held.due = min(held.due or row.due, row.due)
    held.again = held.again or row.again
    for place, count in enumerate((row.young, row.days, row.week, row.old)):
        held.ages[place] += count


def _area(row: Any) -> str:
    """As the matrix counts a break (``queries.reconciled``), when it is one."""
    if row.check_slug and row.kind.startswith("break_"):
        return area_of(f"break_{row.gap}", compared=checked_area(row.check_slug))
    return area_of(row.kind, about=row.document_type or "", tax=bool(row.tax))


def _people(found: Iterable[Any]) -> dict[int, str]:
    ids = {row.assignee_id for row in found if row.assignee_id is not None}
    return {row.id: row.name for row in sql.rows(_PEOPLE, (list(ids),))} if ids else {}


def _named(made: Iterable[Blocker]) -> None:
    held = list(made)
    keys = {one.key for one in held}
    names = {row.key: row for row in sql.rows(_NAMES, (list(keys),))} if keys else {}
    for one in held:
        known = names.get(one.key)
        one.sentence = known.sentence if known else kinds.described(one.kind).label
        one.path = known.path if known else ""


def _order(one: Blocker) -> tuple[int, int, str]:
    """Minor units across currencies: near enough to put rows in order (``exceptions.causes``)."""
    return -sum(abs(minor) for minor in one.money.values()), -one.cases, one.key
