"""
What becomes of a period's lines when its usage was priced: pure.

Nothing that was told is taken back. What a line has to say more, or less, is a revision with the
difference; all revisions of a key add up to what the period costs now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from revops.kernel.keys import sha256
from revops.kernel.periods import Span, month
from revops.usage.plans import Priced
from revops.usage.rating import Price, as_decimal, plain

CURRENT: Final = "current"
NEXT: Final = "next"
ADJUSTMENT: Final = "adjustment"

LATE: Final = "Usage came after the period was rated."
ANEW: Final = "The plan or its price changed after the period was rated."
BILLED: Final = "The period is invoiced already, so this goes on the next invoice."


@dataclass(frozen=True, slots=True)
class Sums:
    quantity: Fraction = Fraction(0)
    free: Fraction = Fraction(0)
    charged: Fraction = Fraction(0)
    records: int = 0
    amount: int = 0

    def __sub__(self, other: Sums) -> Sums:
        return Sums(
            self.quantity - other.quantity, self.free - other.free, self.charged - other.charged,
            self.records - other.records, self.amount - other.amount,
        )  # fmt: skip

    def __add__(self, other: Sums) -> Sums:
        return self - (Sums() - other)


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is held, or is to be written. ``used`` is its stretch, ``period`` its bill's."""

    key: str
    revision: int
    rated: bool
    price_ref: str
    price_since: date | None
    currency: str
    period: Span
    used: Span
    sums: Sums
    late_for: str = ""
    late_policy: str = ""
    reason: str = ""
    terms: Mapping[str, Any] | None = None
    steps: Sequence[Sequence[str]] = ()
    prepaid: int = 0


@dataclass(frozen=True, slots=True)
class Treatment:
    """A policy as it applies to one account, and the day on which it is asked."""

    late: str
    grace_days: int
    today: date
    running: Span
    billed: frozenset[str] = frozenset()

    def due(self, period: Span) -> bool:
        """Whether the period is over, with its days of grace."""
        return self.today > period.end + timedelta(days=self.grace_days)


@dataclass(frozen=True, slots=True)
class Revised:
    """Lines to write (a running one replaces its earlier form), and running ones to drop."""

    write: tuple[Line, ...]
    drop: tuple[tuple[str, int], ...]


def revise(
    account: str, period: Span, priced: Sequence[Priced], held: Sequence[Line], how: Treatment,
    *, close: bool = False,
) -> Revised:  # fmt: skip
    """
    ``account`` names the subscription and meter, ``held`` are all lines whose use lies in the
    period. ``close`` rates a period for good before it is over.
    """
    wanted = {_key(account, period, one): one for one in priced}
    told: dict[str, Sums] = {}
    latest: dict[str, Line] = {}
    running: dict[str, Line] = {}
    for line in held:
        if line.rated:
            told[line.key] = told.get(line.key, Sums()) + line.sums
            if line.key not in latest or latest[line.key].revision < line.revision:
                latest[line.key] = line
        else:
            running[line.key] = line
    late = bool(told) and how.due(period)
    write: list[Line] = []
    drop: list[tuple[str, int]] = []
    for key in sorted({*wanted, *told, *running}):
        fresh = _line(key, wanted[key], period) if key in wanted else None
        shape = fresh
        if shape is None:  # what was priced before costs nothing any more
            shape = replace(latest.get(key) or running[key], sums=Sums(), steps=())
        difference = shape.sums - told.get(key, Sums())
        old = running.get(key)
        if difference == Sums():
            if old is not None:
                drop.append((key, old.revision))
            continue
        revision = latest[key].revision + 1 if key in latest else 1
        line = replace(shape, revision=revision, sums=difference, period=period)
        write.append(_placed(line, old, period, how, late=late, close=close))
    return Revised(tuple(write), tuple(drop))


def _placed(
    line: Line, old: Line | None, period: Span, how: Treatment, *, late: bool, close: bool
) -> Line:
    """Whether the line is final, and on which bill it goes."""
    if not late:
        return replace(line, rated=close or how.due(period), late_for="", late_policy="")
    policy = how.late
    reason = LATE if line.sums.records else ANEW
    earlier = {f"{line.key}-{number}" for number in range(1, line.revision)}
    if policy == CURRENT and earlier & how.billed:
        policy, reason = NEXT, f"{reason} {BILLED}"
    line = replace(line, late_for=label(period), late_policy=policy, reason=reason)
    if policy != NEXT:
        return replace(line, rated=True)
    bill = old.period if old is not None and old.late_for else how.running
    return replace(line, period=bill, rated=close or how.due(bill))


def _line(key: str, priced: Priced, period: Span) -> Line:
    rated = priced.rated
    use = rated.use
    return Line(
        key=key, revision=1, rated=False, price_ref=use.price.ref, price_since=use.price.since,
        currency=use.price.currency, period=period, used=Span(use.start, use.end),
        sums=Sums(
            Fraction(use.quantity), rounded(rated.free), rounded(rated.charged),
            priced.records, rated.amount,
        ),
        terms=terms_of(use.price),
        steps=[
            [step.label, plain(step.units), format(step.unit_price, "f"), plain(step.exact)]
            for step in rated.steps
        ],
    )  # fmt: skip


def _key(account: str, period: Span, priced: Priced) -> str:
    """One line for one stretch of one price in one period, whatever comes later."""
    price = priced.rated.use.price
    start = priced.rated.use.start
    identity = f"{account}|{price.ref}|{price.since}|{period.start}|{start}"
    return f"ul-{sha256(identity)[:28]}"


def terms_of(price: Price) -> dict[str, Any]:
    """The price as it was, for people who ask later."""
    return {
        "model": price.model,
        "unit_price": format(price.unit_price, "f"),
        "included": format(price.included, "f"),
        "package_size": format(price.package_size, "f"),
        "since": price.since.isoformat() if price.since else "",
        "tiers": [
            {
                "up_to": None if tier.up_to is None else format(tier.up_to, "f"),
                "unit_price": format(tier.unit_price, "f"),
                "flat_amount": tier.flat_amount,
            }
            for tier in price.tiers
        ],
    }


def label(period: Span) -> str:
    """``2026-10`` for a month, both days for anything else."""
    if period == month(period.start.year, period.start.month):
        return f"{period.start:%Y-%m}"
    return f"{period.start} to {period.end}"


def rounded(value: Fraction | Decimal) -> Fraction:
    """To what a column holds, so that sums of what is held are exact."""
    return Fraction(as_decimal(Fraction(value)))
