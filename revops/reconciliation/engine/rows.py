"""
Rows of both sides, what has to agree, and what was found: the values that deciding is about. Pure.

Amounts are minor units. A difference is left minus right, so that the differences of all breaks of
a run are what its sides differ by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal

from revops.kernel.keys import sha256
from revops.kernel.money import Money
from revops.reconciliation.items import Item

Which = Literal["left", "right"]

MISSING_RIGHT: Final = "missing_right"
MISSING_LEFT: Final = "missing_left"
AMOUNT: Final = "amount"
TAX: Final = "tax"
CURRENCY: Final = "currency"
STATE: Final = "state"
PERIOD: Final = "period"
DUPLICATE: Final = "duplicate"
PROBABLE_DUPLICATE: Final = "probable_duplicate"
DELETED: Final = "deleted"
EDITED: Final = "edited"
TIMING: Final = "timing"
EXPLAINED: Final = "explained"

OPEN: Final = "open"
CLEARING: Final = "clearing"


def natural(identity: str) -> tuple[int, str]:
    """Numbers in their order, which is that in which most systems give them: 99 before 100."""
    return len(identity), identity


@dataclass(frozen=True, slots=True)
class Row:
    """
    A row of a side (``checks.base.COLUMNS``) and what was found out about it: ``twin`` names
    another row of its side with the same amount, day and customer; ``elsewhere`` is the day of its
    counterpart in another period; ``gone`` the name of a counterpart that is no longer listed;
    ``before`` what the row read until it was changed in its system.
    """

    id: str
    currency: str
    amount: int
    dated: date
    key: str = ""
    number: str = ""
    reference: str = ""
    group_key: str = ""
    party: str = ""
    tax: int | None = None
    period_code: str = ""
    state: str = ""
    record_kind: str = ""
    record_id: int | None = None
    touched_at: datetime | None = None
    twin: str = ""
    elsewhere: date | None = None
    gone: str = ""
    before: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        return self.number or self.key or self.id

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    def item(self) -> Item:
        """As a break keeps it."""
        return Item(
            id=self.id, currency=self.currency, amount=self.amount, number=self.name,
            reference=self.reference, party=self.party, tax=self.tax, dated=self.dated,
            state=self.state, record_kind=self.record_kind, record_id=self.record_id, key=self.key,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What must agree, and how far off it may be. ``days_within`` None: the days may differ as they
    like. ``lag_days`` is how long the right side may take; ``left_read`` and ``right_read`` are
    when the lists of the sides were asked for, None for what is read as it stands.
    """

    compares: frozenset[str]
    today: date
    lag_days: int
    states: Mapping[str, frozenset[str]] = field(default_factory=dict)
    amount_within: int = 0
    per_mille: int = 0
    days_within: int | None = None
    left: str = "left"
    right: str = "right"
    left_read: datetime | None = None
    right_read: datetime | None = None

    def tolerance(self, amount: int) -> int:
        """The most that two amounts may differ by: the less of both, when both are given."""
        share = abs(amount) * self.per_mille // 1000
        if self.amount_within and self.per_mille:
            return min(self.amount_within, share)
        return self.amount_within or share


@dataclass(frozen=True, slots=True)
class Found:
    """
    One difference. ``at_stake`` is the money in question. ``hint`` groups it with others of one
    likely reason; ``keys`` are what its sides are looked for by.
    """

    type: str
    state: str
    left: tuple[Row, ...]
    right: tuple[Row, ...]
    currency: str
    difference: int
    at_stake: int
    reason: str = ""
    hint: str = ""
    expected_by: date | None = None

    @property
    def fingerprint(self) -> str:
        return fingerprint([row.id for row in self.left], [row.id for row in self.right])


def fingerprint(left: Sequence[str], right: Sequence[str]) -> str:
    """Names a break by the rows that it is about, whatever it turns out to be."""
    told = ["\x1f".join(sorted(ids)) for ids in (left, right)]
    return sha256("\x1e".join(told))
