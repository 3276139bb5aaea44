"""The two tables of the workbench, and what the picked rows differ by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from revops.kernel.money import Money
from revops.reconciliation.models import Run
from revops.reconciliation.queries import leftovers
from revops.reconciliation.queries.leftovers import OLDEST, Leftover, SidePage
from revops.web.filters import State
from revops.web.number_style import styled


@dataclass(frozen=True, slots=True)
class Side:
    """
    One table: picked rows first, each with what would be left of the other side's sum after it (on
    the right, while something is picked on the left), then a page of the others.
    """

    name: str
    label: str
    rows: Sequence[tuple[Leftover, bool, Money | None]]
    total: int
    words: str
    page: SidePage

    @property
    def more(self) -> bool:
        return self.page.pages > 1 or bool(self.words)

    @property
    def before(self) -> Mapping[str, str]:
        return {f"{self.name}_page": str(self.page.number - 1)} if self.page.number > 1 else {}

    @property
    def after(self) -> Mapping[str, str]:
        number = self.page.number + 1
        return {f"{self.name}_page": str(number)} if number <= self.page.pages else {}


@dataclass(frozen=True, slots=True)
class Bar:
    """The running difference. ``currency`` is blank while nothing, or two currencies, is picked."""

    left: Money
    right: Money
    currency: str
    mixed: bool
    rows: tuple[int, int]

    @property
    def off(self) -> Money:
        return Money(self.left.minor - self.right.minor, self.left.currency)

    @property
    def example(self) -> str:
        """How this person writes numbers, for the script that adds up."""
        return styled("1,234.56")

    @property
    def balanced(self) -> bool:
        return all(self.rows) and not self.mixed and self.off.minor == 0


def side_of(
    run: Run, name: Literal["left", "right"], label: str, held: Sequence[Leftover], state: State,
    bar: Bar,
) -> Side:  # fmt: skip
    mine = [row for row in held if row.side == name]
    number = state.one(f"{name}_page")
    page = leftovers.page_of(
        run, name, words=state.one(name), order=state.one("sort") or OLDEST,
        number=int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1,
        without={row.break_id for row in held},
    )  # fmt: skip
    left = bar.left.minor
    rows: list[tuple[Leftover, bool, Money | None]] = []
    for row in mine:
        left -= row.item.amount
        told = name == "right" and bar.currency and bar.rows[0]
        rows.append((row, True, Money(left, bar.currency) if told else None))
    rows += [(row, False, None) for row in page.rows]
    return Side(name, label, rows, len(mine) + page.total, state.one(name), page)


def bar_of(rows: Sequence[Leftover]) -> Bar:
    currencies = {row.item.currency for row in rows}
    currency = next(iter(currencies)) if len(currencies) == 1 else ""
    left = [row for row in rows if row.side == "left"]
    right = [row for row in rows if row.side == "right"]
    sums = [sum(row.item.amount for row in side) if currency else 0 for side in (left, right)]
    shown = currency or "USD"
    return Bar(
        Money(sums[0], shown), Money(sums[1], shown), currency, len(currencies) > 1,
        (len(left), len(right)),
    )  # fmt: skip
