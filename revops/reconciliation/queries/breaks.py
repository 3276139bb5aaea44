"""Breaks of a run as rows of its page: those of one cause together, heaviest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

from revops.kernel.money import Money
from revops.reconciliation.items import Item
from revops.reconciliation.models import Break, BreakState, BreakType
from revops.reconciliation.queries.figures import Sum, sum_of

DECIDE: Final = "decide"
# Fewer than this many breaks of one cause stand by themselves.
_TOGETHER: Final = 2
_LOOKS: Final = {
    BreakState.OPEN: ("at_risk", "To decide"),
    BreakState.CLEARING: ("open", "Clearing"),
    BreakState.EXPLAINED: ("ready", "Explained"),
    BreakState.SETTLED: ("resolved", "Cleared"),
}
_RANK: Final = {BreakState.OPEN: 0, BreakState.CLEARING: 1, BreakState.EXPLAINED: 2}


@dataclass
class Row:
    """Breaks of one cause, type, reason and currency; ``cause_key`` is that of their cases."""

    breaks: list[Break] = field(default_factory=list)
    cause_key: str = ""

    @property
    def first(self) -> Break:
        return self.breaks[0]

    @cached_property
    def sum(self) -> Sum:
        return sum_of(self.breaks)

    @cached_property
    def left(self) -> list[Item]:
        return [Item.of(row) for one in self.breaks for row in one.left]

    @cached_property
    def right(self) -> list[Item]:
        return [Item.of(row) for one in self.breaks for row in one.right]

    @property
    def name(self) -> str:
        """The number of the document; of several, of the first."""
        rows = self.first.left or self.first.right
        return Item.of(rows[0]).name if rows else self.first.left_key or self.first.right_key

    @property
    def party(self) -> str:
        return next((one.party for one in (*self.left, *self.right) if one.party), "")

    @property
    def difference(self) -> Money:
        return Money(self.sum.net, self.first.currency)

    @property
    def left_money(self) -> Money | None:
        return Money(self.sum.left, self.first.currency) if self.sum.left_rows else None

    @property
    def right_money(self) -> Money | None:
        return Money(self.sum.right, self.first.currency) if self.sum.right_rows else None

    @property
    def since(self) -> datetime:
        return min(one.opened_at for one in self.breaks)

    @property
    def status(self) -> tuple[str, str]:
        """A state of the house's table, and its word here."""
        if any(one.state == BreakState.OPEN and blocks(one) for one in self.breaks):
            return "blocks_close", "Blocks close"
        return _LOOKS[BreakState(self.first.state)]


@dataclass(frozen=True, slots=True)
class Tab:
    """``name`` is the value in the address; blank for all. Money by currency."""

    name: str
    word: str
    count: int
    amounts: Sequence[Money]


def blocks(one: Break) -> bool:
    """Whether the break keeps its period from closing: it stands and has a case that says so."""
    return one.type in (BreakType.MISSING_LEFT, BreakType.MISSING_RIGHT) and one.case_id is not None


def may_be(row: Row, counterparts: Mapping[tuple[str, str], str]) -> str:
    """
    What the workbench suggests of a row that one side lacks, in words; blank where it suggests
    nothing. ``counterparts`` as in ``suggestions.counterparts``.
    """
    lacking = [one for one in row.breaks if lacks(one)]
    found = [name for one in lacking if (name := _counterpart(one, counterparts))]
    if not found:
        return ""
    if len(row.breaks) == 1:
        return f"It may be {found[0]}: look at the suggestion."
    return f"{len(found)} of {len(row.breaks)} may have a counterpart: look at the suggestions."


def lacks(one: Break) -> bool:
    """Whether it is open, and of a row whose counterpart nobody knows."""
    missing = (BreakType.MISSING_LEFT, BreakType.MISSING_RIGHT)
    return one.state == BreakState.OPEN and one.type in missing


def _counterpart(one: Break, counterparts: Mapping[tuple[str, str], str]) -> str:
    ids = [(side, row["id"]) for side in ("left", "right") for row in getattr(one, side)]
    return next((counterparts[id] for id in ids if id in counterparts), "")


def word_of(kind: str, sides: tuple[str, str]) -> str:
    """The type in words: “Not in Stripe” names the side."""
    if kind == BreakType.MISSING_RIGHT:
        return f"Not in {sides[1]}"
    if kind == BreakType.MISSING_LEFT:
        return f"Not in {sides[0]}"
    return BreakType(kind).label


def tabs(breaks: Sequence[Break], sides: tuple[str, str]) -> list[Tab]:
    """All, to decide, and each type that there is, with the money that it adds to A − B."""
    open_ = [one for one in breaks if one.state == BreakState.OPEN]
    found = [Tab("", "All", len(breaks), _amounts(breaks))]
    if open_:
        found.append(Tab(DECIDE, "To decide", len(open_), _amounts(open_)))
    by_type: dict[str, list[Break]] = {}
    for one in breaks:
        by_type.setdefault(one.type, []).append(one)
    found += [
        Tab(kind, word_of(kind, sides), len(by_type[kind]), _amounts(by_type[kind]))
        for kind in BreakType.values
        if kind in by_type
    ]
    return found


def narrowed(breaks: Sequence[Break], tab: str) -> list[Break]:
    """Those of a tab."""
    if tab == DECIDE:
        return [one for one in breaks if one.state == BreakState.OPEN]
    return [one for one in breaks if one.type == tab] if tab else list(breaks)


def rows(breaks: Sequence[Break]) -> list[Row]:
    """Open ones first, then by money; those that share a cause are one row."""
    together: dict[tuple[object, ...], Row] = {}
    for one in breaks:
        cause = one.case.cause_key if one.case else ""
        key: tuple[object, ...] = (cause, one.type, one.state, one.currency, one.reason)
        if not cause and one.state != BreakState.EXPLAINED:
            key = (one.pk,)
        together.setdefault(key, Row(cause_key=cause)).breaks.append(one)
    found: list[Row] = []
    for row in together.values():
        if len(row.breaks) >= _TOGETHER:
            found.append(row)
        else:
            found += [Row([one], row.cause_key) for one in row.breaks]
    found.sort(
        key=lambda row: (
            _RANK.get(BreakState(row.first.state), 3), -abs(row.sum.gross), row.first.pk
        )
    )  # fmt: skip
    return found


def _amounts(breaks: Sequence[Break]) -> list[Money]:
    held: dict[str, int] = {}
    for one in breaks:
        held[one.currency] = held.get(one.currency, 0) + one.difference
    return [Money(minor, currency) for currency, minor in sorted(held.items())]
