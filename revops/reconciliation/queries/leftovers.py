"""
The rows that rules left over: standing breaks of one side only, as the workbench shows them.

Rows are told apart by a token, their id with a stamp of what was shown of them: who picks a row
that reads differently by now is told so, and nothing is matched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Q, QuerySet

from revops.kernel.keys import sha256
from revops.reconciliation.items import Item
from revops.reconciliation.models import Break, BreakState, BreakType, Run

MOST: Final = 500
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
    """Both sides, oldest first; ``cut`` when there are more than a page can hold."""

    left: Sequence[Leftover]
    right: Sequence[Leftover]
    cut: bool = False


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
