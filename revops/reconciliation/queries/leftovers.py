"""
The rows that rules left over: standing breaks of one side only, as the workbench shows them.

Rows are told apart by a token, their id with a stamp of what was shown of them: who picks a row
that reads differently by now is told so, and nothing is matched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from django.db.models import Q, QuerySet
from django.db.models.functions import Abs

from revops.kernel.keys import sha256
from revops.reconciliation.items import Item
from revops.reconciliation.models import Break, BreakState, BreakType, Run
from revops.store import sql

MOST: Final = 500
PAGE: Final = 40
OLDEST, LARGEST = "oldest", "largest"
_STANDING: Final = (BreakState.OPEN, BreakState.CLEARING)
# Between the id and the stamp; ids of systems may hold anything else.
_PART: Final = "~"
_STAMP: Final = 8


@dataclass(frozen=True, slots=True)
class Leftover:
    """A row of one side with the break that holds it. ``late``: its day has come and gone."""

    item: Item
    side: str
    break_id: int
    period_code: str
    type: str
    expected_by: date | None

    @property
    def token(self) -> str:
        return token_of(self.item)

    @property
    def word(self) -> str:
        return BreakType(self.type).label


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Both sides, oldest first; ``cut`` when there are more than are looked at together."""

    left: Sequence[Leftover]
    right: Sequence[Leftover]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class SidePage:
    """
    A page of one side's rows, those of at most forty breaks; ``total`` counts the breaks that the
    words name. ``number`` counts from 1.
    """

    rows: Sequence[Leftover]
    total: int
    number: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


def token_of(item: Item) -> str:
    """The row's id with a stamp of its currency, amount and day."""
    told = f"{item.currency} {item.amount} {item.dated}"
    return f"{item.id}{_PART}{sha256(told)[:_STAMP]}"


def id_of(token: str) -> str:
    return token.rpartition(_PART)[0] or token


def of(run: Run) -> Leftovers:
    """What is left over for the run's pair, legal entity and period, and from periods before it."""
    found = list(breaks_of(run).order_by("period_code", "pk")[: MOST + 1])
    rows = _rows_of(found[:MOST])
    return Leftovers(
        [row for row in rows if row.side == "left"],
        [row for row in rows if row.side == "right"],
        cut=len(found) > MOST,
    )


def page_of(
    run: Run, side: Literal["left", "right"], *, words: str = "", order: str = OLDEST,
    number: int = 1, without: Collection[int] = (),
) -> SidePage:  # fmt: skip
    """
    A side's rows whose number, text, customer, day or amount has all of ``words``, but for those of
    the breaks ``without``. A number that there is no page of gives the last one.
    """
    found = breaks_of(run).exclude(**{side: []}).exclude(pk__in=list(without))
    for word in words.lower().split()[:_WORDS]:
        named = sql.tuples(
            _NAMED.format(side=side), (run.pair_id, run.legal_entity_id, *_told(word))
        )
        found = found.filter(pk__in=[number for (number,) in named])
    keys = ("-size", "pk") if order == LARGEST else ("period_code", "pk")
    total = found.count()
    number = min(max(1, number), max(1, -(-total // PAGE)))
    rows = found.annotate(size=Abs("difference")).order_by(*keys)
    return SidePage(_rows_of(rows[(number - 1) * PAGE : number * PAGE]), total, number)


_WORDS: Final = 6
# Of what stands of the pair alone: the rows of all others are not taken apart for it.
_NAMED: Final = """
SELECT held.id FROM (
    SELECT id, "{side}" AS rows FROM reconciliation_break
    WHERE pair_id = %s AND legal_entity_id = %s AND NOT (state = 'settled') OFFSET 0
) held
CROSS JOIN LATERAL jsonb_array_elements(held.rows) AS item
WHERE concat_ws(' ', item ->> 'number', item ->> 'id', item ->> 'party', item ->> 'reference',
    item ->> 'dated') ILIKE %s OR abs((item ->> 'amount')::bigint) = ANY(%s)
"""


def _told(word: str) -> tuple[str, list[int]]:
    """A word as a pattern, and as an amount of currencies with and without minor units."""
    text = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    try:
        amount = abs(Decimal(word.replace(",", "").replace("−", "-")))
    except InvalidOperation:
        return f"%{text}%", []
    if not amount.is_finite() or amount > _LARGEST_AMOUNT:
        return f"%{text}%", []
    scaled = {amount.scaleb(places) for places in (0, 2, 3)}
    return f"%{text}%", [int(one) for one in scaled if one == one.to_integral_value()]


_LARGEST_AMOUNT: Final = Decimal(10) ** 14


def picked(
    run: Run, tokens: Iterable[str], *, locked: bool = False
) -> tuple[list[Leftover], list[str]]:
    """
    The rows that the tokens name, as they still read, and the names of those that do not. A row
    that shares its break with others brings them along: they stand for one thing. ``locked`` keeps
    others from changing them until the transaction ends.
    """
    wanted = {id_of(token): token for token in tokens}
    if not wanted:
        return [], []
    held = Q()
    for one in wanted:
        held |= Q(left__contains=[{"id": one}]) | Q(right__contains=[{"id": one}])
    breaks = breaks_of(run).filter(held).order_by("pk")
    if locked:
        breaks = breaks.select_for_update(of=("self",))
    rows = _rows_of(breaks)
    found = [row for row in rows if row.token in wanted.values()]
    kept = {row.break_id for row in found}
    gone = [one for one, token in wanted.items() if token not in {row.token for row in found}]
    return [row for row in rows if row.break_id in kept], gone


def _rows_of(breaks: Iterable[Break]) -> list[Leftover]:
    return [
        Leftover(Item.of(row), name, one.pk, one.period_code, one.type, one.expected_by)
        for one in breaks
        for name, rows in (("left", one.left), ("right", one.right))
        for row in rows
    ]


def breaks_of(run: Run) -> QuerySet[Break]:
    """The breaks of one side that a person could pair with rows of the other."""
    return Break.objects.filter(
        Q(left=[]) ^ Q(right=[]),
        pair_id=run.pair_id,
        legal_entity_id=run.legal_entity_id,
        period_code__lte=run.period_code,
        state__in=_STANDING,
    )
