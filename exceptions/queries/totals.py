"""
What is open and what is at stake, from the tally: the figures above the queue and its tabs.

Currencies are never added up. The money of cases whose amount is not known is not guessed: they
are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from exceptions.queries.closes import RISKS_WITHIN, Endangers, endangers
from exceptions.queries.selection import FLAGS, Selection
from revops.kernel.money import Money
from revops.store import sql
from revops.web.pagination import COUNT_CAP, Count


@dataclass(slots=True)
class Sum:
    """Cases with the money at stake, one amount for each currency, largest first."""

    cases: int = 0
    unpriced: int = 0
    by_currency: dict[str, int] = field(default_factory=dict)

    def add(self, cases: int, currency: str, at_stake: int) -> None:
        self.cases += cases
        if currency:
            self.by_currency[currency] = self.by_currency.get(currency, 0) + at_stake
        else:
            self.unpriced += cases

    @property
    def amounts(self) -> list[Money]:
        ranked = sorted(self.by_currency.items(), key=lambda item: (-abs(item[1]), item[0]))
        return [Money(minor, currency) for currency, minor in ranked]


@dataclass(frozen=True, slots=True)
class Close:
    """One entity's period that the chosen cases endanger."""

    endangers: Endangers
    sum: Sum


@dataclass(frozen=True, slots=True)
class Blocking:
    """What is in the tab *Blocks close*, whatever tab is shown."""

    causes: int
    shown: Sum


@dataclass(frozen=True, slots=True)
class Figures:
    """
    ``shown`` ties to the rows of the list; ``by_state`` counts cases that are not snoozed, and
    ``by_tab`` what each tab holds, under the same filters; ``new`` is not counted for a search.
    ``closes`` are the nearest ones that are blocked or at risk, at most three.
    """

    shown: Sum
    causes: int
    by_state: dict[str, int]
    by_tab: dict[str, int]
    new: Count | None
    closes: Sequence[Close]
    blocking: Blocking

    @property
    def open(self) -> int:
        """Every unresolved case under the filters that is not snoozed, whatever tab is shown."""
        return self.by_tab[""]


# Amounts of the tab “new” are not in the tally by time, but there is an index for it.
_TALLY = """
    SELECT cause_key, kind, state, legal_entity_id, period_code, currency, regressed, snoozed,
        {flags}, sum(cases)::bigint AS cases, sum(at_stake)::bigint AS at_stake
    FROM {source} WHERE {condition}
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 HAVING sum(cases) <> 0
"""

_CELLS = """
WITH cell AS ({cells}), total AS (
    SELECT state, legal_entity_id, period_code, currency, regressed, snoozed, mine, dead,
        escalating, blocks, {tab} AS shown, sum(cases)::bigint AS cases,
        sum(at_stake)::bigint AS at_stake
    FROM cell GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
)
SELECT total.*, entity.name AS entity, entity.zone, period.ends, period.state AS period_state,
    (SELECT count(*) FROM (SELECT FROM cell WHERE {tab} GROUP BY cause_key) AS shown) AS causes,
    (SELECT count(*) FROM (
        SELECT FROM cell WHERE NOT snoozed AND blocks GROUP BY cause_key
    ) AS pressing) AS blocking, {new} AS new
FROM total
LEFT JOIN mappings_legalentity entity ON entity.id = total.legal_entity_id
LEFT JOIN mappings_accountingperiod period
    ON period.legal_entity_id = total.legal_entity_id AND period.code = total.period_code
"""

_NEW = """
    (SELECT count(*) FROM (
        SELECT 1 FROM exceptions_case
        WHERE NOT (state = 'resolved') AND NOT snoozed AND opened_at >= %(since)s AND {condition}
        LIMIT %(cap)s + 1
    ) AS came)
"""

_LATELY = """
WITH cell AS (
    SELECT cause_key, legal_entity_id, period_code,
        CASE WHEN at_stake IS NULL THEN '' ELSE currency END AS currency, count(*) AS cases,
        coalesce(sum(at_stake), 0)::bigint AS at_stake
    FROM exceptions_case
    WHERE NOT (state = 'resolved') AND NOT snoozed AND opened_at >= %(since)s AND {condition}
    GROUP BY 1, 2, 3, 4
)
SELECT cell.legal_entity_id, cell.period_code, cell.currency, sum(cell.cases)::bigint AS cases,
    sum(cell.at_stake)::bigint AS at_stake, entity.name AS entity, entity.zone, period.ends,
    period.state AS period_state,
    (SELECT count(*) FROM (SELECT FROM cell GROUP BY cause_key) AS shown) AS causes
FROM cell
LEFT JOIN mappings_legalentity entity ON entity.id = cell.legal_entity_id
LEFT JOIN mappings_accountingperiod period
    ON period.legal_entity_id = cell.legal_entity_id AND period.code = cell.period_code
GROUP BY 1, 2, 3, 6, 7, 8, 9
"""


def figures(selection: Selection) -> Figures:
    """
    One query, two for the tab *New*, however many cases there are. A search on that tab has no
    counts of others.
    """
    condition, params = selection.tally()
    cells = _TALLY.format(flags=FLAGS, condition=condition, source=selection.cells)
    new = "NULL" if selection.words else _NEW.format(condition=condition)
    statement = _CELLS.format(cells=cells, tab=selection.tab(), new=new)
    alone = bool(selection.words) and selection.status == "new"
    found = [] if alone else sql.rows(statement, params | {"cap": COUNT_CAP})
    by_state, by_tab = _counted(found)
    listed = [row for row in found if row.shown]
    if selection.status == "new":
        listed = sql.rows(_LATELY.format(condition=condition), params)
    shown = Sum()
    closes: dict[tuple[str, str, date], tuple[Any, Sum]] = {}
    for row in listed:
        shown.add(row.cases, row.currency, row.at_stake)
        if row.ends is not None:
            _, total = closes.setdefault((row.entity, row.period_code, row.ends), (row, Sum()))
            total.add(row.cases, row.currency, row.at_stake)
    return Figures(
        shown=shown,
        causes=listed[0].causes if listed else 0,
        by_state=by_state,
        by_tab=by_tab,
        new=None if selection.words else _capped(found[0].new if found else 0),
        closes=_nearest(closes.values(), selection),
        blocking=_blocking(found),
    )


def _blocking(found: Sequence[Any]) -> Blocking:
    total = Sum()
    for row in found:
        if row.blocks and not row.snoozed:
            total.add(row.cases, row.currency, row.at_stake)
    return Blocking(found[0].blocking if found else 0, total)


def _capped(number: int) -> Count:
    return Count(COUNT_CAP, capped=True) if number > COUNT_CAP else Count(number)


def _counted(found: Iterable[Any]) -> tuple[dict[str, int], dict[str, int]]:
    by_state: dict[str, int] = {}
    by_tab = dict.fromkeys(("", "blocks", "mine", "regressed", "escalating", "dead", "snoozed"), 0)
    for row in found:
        if row.snoozed:
            by_tab["snoozed"] += row.cases
            continue
        by_state[row.state] = by_state.get(row.state, 0) + row.cases
        by_tab[""] += row.cases
        for flag in ("blocks", "mine", "regressed", "escalating", "dead"):
            by_tab[flag] += row.cases if getattr(row, flag) else 0
    return by_state, by_tab


def _nearest(groups: Iterable[tuple[Any, Sum]], selection: Selection) -> list[Close]:
    made = [
        Close(
            endangers(
                entity=row.entity,
                zone=row.zone,
                period=row.period_code,
                ends=row.ends,
                state=row.period_state,
                at=selection.at,
            ),
            total,
        )
        for row, total in groups
    ]
    pressing = [close for close in made if close.endangers.days <= RISKS_WITHIN]
    pressing.sort(key=lambda close: (close.endangers.ends, -close.sum.cases))
    return pressing[:3]


OPEN_CASES: Final = "SELECT coalesce(sum(cases), 0) FROM exceptions_tally WHERE NOT snoozed"
"""How many cases are unresolved: cheap, for the rail."""
