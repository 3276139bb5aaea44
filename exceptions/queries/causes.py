"""
The queue with one row for each cause, ranked by money at stake × closeness of the close.

Ranking compares minor units across currencies: a yen then weighs as much as a cent, which is
near enough to put rows in order. Sums that are shown never mix currencies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from exceptions import kinds
from exceptions.kinds import Kind
from exceptions.queries.closes import Endangers, endangers
from exceptions.queries.selection import FLAGS, Selection
from exceptions.queries.totals import Sum
from revops.store import sql
from revops.web.pagination import SIZES, Count, Page

# A close that is 59 days or more away doesn't press; one that is past weighs sixty times as much.
_RANKS: Final = {
    "impact": "impact DESC, cause_key",
    "money": "money DESC, cause_key",
    "oldest": "oldest, cause_key",
    "cases": "cases DESC, cause_key",
}

_TALLY: Final = """
    SELECT cause_key, kind, state, legal_entity_id, period_code, currency, assignee_id, owner_team,
        regressed, snoozed, {flags}, sum(cases)::bigint AS cases, sum(at_stake)::bigint AS at_stake
    FROM {source} WHERE {condition}
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 HAVING sum(cases) <> 0
"""

# What came in lately is not in the tally by time, but there is an index for it.
_LATELY: Final = """
    SELECT cause_key, kind, state, legal_entity_id, period_code,
        CASE WHEN at_stake IS NULL THEN '' ELSE currency END AS currency, assignee_id, owner_team,
        regressed, snoozed, count(*) AS cases, coalesce(sum(at_stake), 0)::bigint AS at_stake
    FROM exceptions_case
    WHERE NOT (state = 'resolved') AND opened_at >= %(since)s AND {condition}
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""

_PAGE: Final = """
WITH every AS ({cells}), cell AS (
    SELECT cause_key, kind, state, legal_entity_id, period_code, currency, assignee_id, owner_team,
        regressed, sum(cases)::bigint AS cases, sum(at_stake)::bigint AS at_stake
    FROM every WHERE {tab} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
), weighed AS (
    SELECT cell.*, abs(cell.at_stake)
        * (60 / (1 + coalesce(greatest(0, least(59, period.ends - %(today)s)), 59))) AS impact
    FROM cell LEFT JOIN mappings_accountingperiod period
        ON period.legal_entity_id = cell.legal_entity_id AND period.code = cell.period_code
), ranked AS (
    SELECT cause_key, min(kind) AS kind, sum(cases)::bigint AS cases, sum(impact) AS impact,
        sum(abs(at_stake)) AS money, count(*) OVER () AS causes,
        (SELECT opened_at FROM exceptions_case held
         WHERE held.cause_key = weighed.cause_key AND NOT (state = 'resolved')
         ORDER BY opened_at LIMIT 1) AS oldest
    FROM weighed GROUP BY cause_key
), page AS (
    SELECT *, row_number() OVER (ORDER BY {rank}) AS place FROM ranked
    ORDER BY {rank} LIMIT %(size)s OFFSET %(start)s
)
SELECT page.place, page.cause_key, page.kind, page.causes, page.oldest, cause.sentence, cause.path,
    cell.state, cell.currency, cell.cases, cell.at_stake, cell.period_code, cell.regressed,
    cell.owner_team, cell.assignee_id, person.name AS assignee, entity.name AS entity,
    entity.zone, period.ends, period.state AS period_state
FROM page
JOIN cell USING (cause_key)
LEFT JOIN exceptions_cause cause ON cause.key = page.cause_key
LEFT JOIN accounts_user person ON person.id = cell.assignee_id
LEFT JOIN mappings_legalentity entity ON entity.id = cell.legal_entity_id
LEFT JOIN mappings_accountingperiod period
    ON period.legal_entity_id = cell.legal_entity_id AND period.code = cell.period_code
ORDER BY page.place
"""


@dataclass(frozen=True, slots=True)
class CauseRow:
    """
    One row of the queue. ``endangers`` is the period that ends first, when one is known;
    ``owners`` are the people who took cases of it, ``mine`` whether all are of whoever looks.
    """

    key: str
    kind: Kind
    sentence: str
    path: str
    oldest: datetime | None
    sum: Sum
    states: dict[str, int]
    entities: Sequence[str]
    endangers: Endangers | None
    at: datetime
    owners: Sequence[str] = ()
    teams: Sequence[str] = ()
    mine: bool = False
    regressed: bool = False
    growing: bool = False

    @property
    def status(self) -> str:
        """What the whole of it is: the state that needs a person most."""
        if not self.states.get("open"):
            return "in_doubt" if self.states.get("in_doubt") else "retrying"
        if self.growing:
            return "escalating"
        if self.regressed:
            return "regressed"
        late = self.oldest is not None and self.oldest + self.kind.sla < self.at
        return "late" if late else "open"

    @property
    def rest(self) -> str:
        """The cases in other states, in words: ``2 in doubt, 1 retrying``."""
        words = {"open": "open", "in_doubt": "in doubt", "retrying": "retrying"}
        main = self.status if self.status in words else "open"
        parts = [
            f"{self.states[state]:,} {word}"
            for state, word in words.items()
            if state != main and self.states.get(state)
        ]
        return ", ".join(parts)


def page_of_causes(
    selection: Selection, *, sort: str = "impact", number: str = "", size: int = SIZES[0]
) -> Page[CauseRow]:
    """One query. ``sort`` is impact, money, oldest or cases; a number out of range is page 1."""
    asked = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    start = (max(asked, 1) - 1) * size
    rows, causes = _read(selection, sort=sort, start=start, size=size)
    if not rows and start:
        start = 0
        rows, causes = _read(selection, sort=sort, start=0, size=size)
    here = start // size + 1
    return Page(
        rows=rows,
        first=start + 1 if rows else 0,
        size=size,
        count=Count(causes),
        previous=None if here == 1 else {"page": str(here - 1) if here > 2 else ""},
        next={"page": str(here + 1)} if start + size < causes else None,
    )


def every_cause(selection: Selection, *, sort: str = "impact") -> Sequence[CauseRow]:
    """All rows of the queue, for a file."""
    return _read(selection, sort=sort, start=0, size=100_000)[0]


def _read(selection: Selection, *, sort: str, start: int, size: int) -> tuple[list[CauseRow], int]:
    condition, params = selection.tally()
    cells = (_LATELY if selection.status == "new" else _TALLY).format(
        condition=condition, flags=FLAGS, source=selection.cells
    )
    statement = _PAGE.format(cells=cells, rank=_RANKS[sort], tab=selection.tab())
    found = sql.rows(
        statement,
        params
        | {
            "today": selection.at.date(),
            "size": size,
            "start": start,
        },
    )
    groups: dict[str, list[Any]] = {}
    for row in found:
        groups.setdefault(row.cause_key, []).append(row)
    rows = [_row(group, selection) for group in groups.values()]
    return rows, found[0].causes if found else 0


def _row(cells: Sequence[Any], selection: Selection) -> CauseRow:
    at = selection.at
    total = Sum()
    states: dict[str, int] = {}
    entities: dict[str, None] = {}
    owners: dict[str, None] = {}
    teams: dict[str, None] = {}
    nearest: Any = None
    for cell in cells:
        total.add(cell.cases, cell.currency, cell.at_stake)
        states[cell.state] = states.get(cell.state, 0) + cell.cases
        if cell.entity:
            entities[cell.entity] = None
        if cell.assignee:
            owners[cell.assignee] = None
        teams[cell.owner_team] = None
        if cell.ends and (nearest is None or cell.ends < nearest.ends):
            nearest = cell
    first = cells[0]
    return CauseRow(
        key=first.cause_key,
        kind=kinds.described(first.kind),
        sentence=first.sentence or kinds.described(first.kind).label,
        path=first.path or "",
        oldest=first.oldest,
        sum=total,
        states=states,
        entities=sorted(entities),
        endangers=nearest
        and endangers(
            entity=nearest.entity,
            zone=nearest.zone,
            period=nearest.period_code,
            ends=nearest.ends,
            state=nearest.period_state,
            at=at,
        ),
        at=at,
        owners=sorted(owners),
        teams=sorted(teams),
        mine=all(cell.assignee_id == selection.person for cell in cells)
        and selection.person is not None,
        regressed=all(cell.regressed for cell in cells),
        growing=first.cause_key in selection.known.growing,
    )
