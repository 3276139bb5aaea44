"""
Which of the rows that are left over may belong together, and why one would think so. Pure: the same
rows give the same suggestions in the same order.

Points, of a hundred: what a side's text names weighs as much as an amount that is equal; customer
and day say less. A row is in one suggestion only, the one with the most points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from revops.kernel.money import Money
from revops.reconciliation.engine.adding import MOST, adds_up
from revops.reconciliation.items import Item, total

_EQUAL, _NAMED, _PARTY, _SAME_DAY, _SOON = 45, 35, 15, 5, 3
_SUM: Final = 40
_NEAR: Final = 20
_LEAST: Final = 45
# A payment that a bank took its fee from is short by this much at most.
_FEE_PER_MILLE: Final = 30
_SOON_DAYS: Final = 7
_FAR_DAYS: Final = 45
_SHORTEST: Final = 4
_WORDS: Final = re.compile(r"[a-z0-9]+")
_FORMS: Final = frozenset({"inc", "ltd", "gmbh", "llc", "kk", "co", "corp", "ag", "limited"})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``reasons`` are (tone, words): ok speaks for it, warn against. ``score`` is 0 to 100."""

    left: tuple[Item, ...]
    right: tuple[Item, ...]
    score: int
    reasons: tuple[tuple[str, str], ...]

    @property
    def off(self) -> Money:
        """Left minus right."""
        return Money(total(self.left) - total(self.right), self.left[0].currency)


def suggest(left: Sequence[Item], right: Sequence[Item], *, most: int = 12) -> list[Suggestion]:
    """The best suggestions among the rows, at most ``most``, no row in two of them."""
    turned = (_turned(one) for one in _sums(right, left))
    found = [*_ones(left, right), *_sums(left, right), *turned]
    found.sort(key=lambda one: (-one.score, _ids(one.left), _ids(one.right)))
    taken: set[tuple[str, str]] = set()
    chosen: list[Suggestion] = []
    for one in found:
        rows = {("left", row.id) for row in one.left} | {("right", row.id) for row in one.right}
        if taken.isdisjoint(rows):
            taken |= rows
            chosen.append(_doubted(one, found))
        if len(chosen) == most:
            break
    return chosen


def _ones(left: Sequence[Item], right: Sequence[Item]) -> Iterator[Suggestion]:
    for one in left:
        for other in right:
            if one.currency == other.currency:
                yield from _judged((one,), (other,))


def _sums(ones: Sequence[Item], many: Sequence[Item]) -> Iterator[Suggestion]:
    """One row against several of the other side that come to it: named ones, or a customer's."""
    for one in ones:
        same = [row for row in many if row.currency == one.currency]
        named = [row for row in same if _names(one, row)]
        known = [row for row in same if _same_party(one, row)]
        for group in (named, known):
            near = sorted(group, key=lambda row: (_apart(one, row), row.id))[:MOST]
            places = adds_up(one.amount, [row.amount for row in near])
            if places is not None:
                rows = sorted((near[place] for place in places), key=lambda row: row.id)
                yield from _judged((one,), tuple(rows))
                break


def _judged(left: tuple[Item, ...], right: tuple[Item, ...]) -> Iterator[Suggestion]:
    one, reasons, score = left[0], list[tuple[str, str]](), 0
    off = total(left) - total(right)
    if off == 0:
        score += _EQUAL if len(right) == 1 else _SUM
        reasons.append(("ok", "amount equal" if len(right) == 1 else "adds up exactly"))
    elif 0 < abs(off) * 1000 <= abs(total(right)) * _FEE_PER_MILLE:
        score += _NEAR
        short = Money(abs(off), one.currency)
        word = "short, like a fee" if abs(total(left)) < abs(total(right)) else "too much"
        reasons.append(("warn", f"{short} {word}"))
    else:
        return
    named = [row for row in right if _names(one, row)]
    if named:
        score += _NAMED * len(named) // len(right)
        shown = ", ".join(row.name for row in named[:3])
        reasons.append(("ok", f"text names {shown}"))
    if all(_same_party(one, row) for row in right):
        score += _PARTY
        reasons.append(("ok", "same customer"))
    elif any(one.party and row.party for row in right):
        reasons.append(("warn", "another customer"))
    days = max(_apart(one, row) for row in right)
    if days <= _FAR_DAYS:
        score += _SAME_DAY if days == 0 else _SOON if days <= _SOON_DAYS else 0
        tone = "ok" if days <= _SOON_DAYS else "warn"
        reasons.append((tone, "same day" if days == 0 else f"day {_signed(one, right[0])} d"))
    else:
        score -= _SOON
    if score >= _LEAST:
        yield Suggestion(left, right, min(score, 100), tuple(reasons))


def _doubted(one: Suggestion, found: Iterable[Suggestion]) -> Suggestion:
    """Said when another suggestion for one of its rows has as many points."""
    rivals = [other for other in found if other.score == one.score and _share(one, other)]
    if not rivals:
        return one
    reason = ("warn", f"{len(rivals)} other{'' if len(rivals) == 1 else 's'} would fit as well")
    return Suggestion(one.left, one.right, max(1, one.score // 2), (*one.reasons, reason))


def _share(one: Suggestion, other: Suggestion) -> bool:
    """Whether two different suggestions want one row."""
    if one is other:
        return False
    sides = ((one.left, other.left), (one.right, other.right))
    return any(not set(_ids(mine)).isdisjoint(_ids(theirs)) for mine, theirs in sides)


def _turned(one: Suggestion) -> Suggestion:
    return Suggestion(one.right, one.left, one.score, one.reasons)


def _names(one: Item, other: Item) -> bool:
    """Whether the text of one names the other, in either direction."""
    return _told(one.reference, other) or _told(other.reference, one)


def _told(text: str, item: Item) -> bool:
    words = _words(text)
    whole = "".join(words)
    for name in (item.number, item.id):
        parts = _words(name)
        joined = "".join(parts)
        if len(joined) >= _SHORTEST and joined in whole:
            return True
        if parts and parts[-1].isdigit() and len(parts[-1]) >= _SHORTEST and parts[-1] in words:
            return True
    return False


def _same_party(one: Item, other: Item) -> bool:
    mine, theirs = (
        [word for word in _words(row.party) if word not in _FORMS] for row in (one, other)
    )
    return bool(mine) and mine == theirs


@lru_cache(maxsize=4_096)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORDS.findall(text.lower()))


def _apart(one: Item, other: Item) -> int:
    if one.dated is None or other.dated is None:
        return _FAR_DAYS + 1
    return abs((one.dated - other.dated).days)


def _signed(one: Item, other: Item) -> str:
    assert one.dated is not None
    assert other.dated is not None
    days = (other.dated - one.dated).days
    return f"+{days}" if days > 0 else f"\N{MINUS SIGN}{-days}"


def _ids(rows: Sequence[Item]) -> tuple[str, ...]:
    return tuple(row.id for row in rows)
