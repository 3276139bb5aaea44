"""
What the books of the simulated company must hold, worked out a second time.

Nothing here comes from the product: balances follow from closed formulas over whole terms, not from
schedules, portions or posting rules. Amounts are minor units, debit positive.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta

DAY = timedelta(days=1)


def half_up(over: int, under: int) -> int:
    """``over / under`` to a whole number, halves away from zero."""
    whole = (2 * abs(over) + under) // (2 * under)
    return whole if over >= 0 else -whole


def month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


@dataclass
class Segment:
    """An amount that is earned over a span; ``stop`` is the first day that it no longer covers."""

    amount: int
    start: date
    end: date
    even: bool
    stop: date | None = None

    def earned(self, upto: date) -> int:
        """What is revenue after the close of the month that ``upto`` ends, or before ``stop``."""
        last = min(upto, self.end)
        if self.stop is not None:
            last = min(last, self.stop - DAY)
        if last < self.start:
            return 0
        if not self.even:
            return half_up(
                self.amount * ((last - self.start).days + 1), (self.end - self.start).days + 1
            )
        months = _months(self.start, self.end)
        limit = upto if self.stop is None else min(upto, self.stop - DAY)
        done = _months(self.start, limit)
        if limit < month_end(limit):
            done -= 1
        return half_up(self.amount * min(max(done, 0), months), months)

    def left(self, upto: date) -> int:
        if self.stop is not None and upto >= self.stop:
            return 0
        return self.amount - self.earned(upto)


def _months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month + 1


@dataclass
class Chain:
    """One term of one subscription with all that changed it."""

    segments: list[Segment] = field(default_factory=list)

    def bill(self, amount: int, start: date, end: date, *, even: bool) -> None:
        self.segments.append(Segment(amount, start, end, even))

    def left(self, upto: date) -> int:
        return sum(segment.left(upto) for segment in self.segments)

    def earned(self, upto: date) -> int:
        return sum(segment.earned(upto) for segment in self.segments)

    def change(self, on: date, delta: int) -> None:
        """From ``on``, what was left and ``delta`` are earned over the rest of the term."""
        standing = [one for one in self.segments if one.stop is None and one.end >= on]
        rest = sum(one.amount - one.earned(on - DAY) for one in standing)
        end = max(one.end for one in standing)
        even = standing[0].even
        for one in standing:
            one.stop = on
        if rest + delta:
            self.segments.append(Segment(rest + delta, on, end, even))

    def rest(self, on: date) -> int:
        """What is still to be earned from ``on``."""
        standing = [one for one in self.segments if one.stop is None and one.end >= on]
        return sum(one.amount - one.earned(on - DAY) for one in standing)

    def finish(self, on: date, taken: int) -> int:
        """
        Service ends: up to ``taken`` of what is left is given up, and what is then still left is
        earned at once, as nothing more is owed. How much was given up.
        """
        rest = self.rest(on)
        given_up = min(taken, rest)
        for one in self.segments:
            if one.stop is None and one.end >= on:
                one.stop = on
        if rest > given_up:
            self.segments.append(Segment(rest - given_up, on, on, even=False))
        return given_up

    def undo(self) -> None:
        """Voided in the month of its issue: as if it had never been."""
        self.segments.clear()


class Oracle:
    """The trial balance of every legal entity at the end of any month that has been told."""

    def __init__(self) -> None:
        self._moves: dict[str, list[tuple[date, str, int]]] = defaultdict(list)
        self._chains: dict[str, list[Chain]] = defaultdict(list)

    def chain(self, entity: str) -> Chain:
        made = Chain()
        self._chains[entity].append(made)
        return made

    def move(self, entity: str, day: date, **accounts: int) -> None:
        """Everything but deferred revenue and what is earned of it: ``a1100=12_990``."""
        for name, amount in accounts.items():
            if amount:
                self._moves[entity].append((day, name.removeprefix("a"), amount))

    def moved(self, entity: str, upto: date, account: str) -> int:
        """What moves alone make of an account that no chain touches."""
        return sum(
            amount for day, code, amount in self._moves[entity] if day <= upto and code == account
        )

    def balances(self, entity: str, upto: date) -> dict[str, int]:
        """Account → balance after the month that ``upto`` ends; accounts at zero are left out."""
        found: dict[str, int] = defaultdict(int)
        for day, account, amount in self._moves[entity]:
            if day <= upto:
                found[account] += amount
        for chain in self._chains[entity]:
            billed = [one for one in chain.segments if one.start <= upto]
            found["2300"] -= sum(one.left(upto) for one in billed)
            found["4000"] -= sum(one.earned(upto) for one in billed)
        return {account: amount for account, amount in found.items() if amount}
