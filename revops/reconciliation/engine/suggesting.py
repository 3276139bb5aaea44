"""
Which rows that are left over may belong together, how surely, and why. Pure: the same rows give the
same suggestions in the same order, and a person confirms each one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from revops.kernel.money import Money
from revops.reconciliation.engine.adding import MOST, adds_up
from revops.reconciliation.items import Item

# Below it, it is a guess that costs more than it saves.
_LEAST: Final = 50
_SURE: Final = 99
_MOST_DAYS: Final = 31
_NEAR: Final = 5
_NAME: Final = 4
# Amounts this near, in thousandths, may be one with a fee in between.
_FEE: Final = 35

OK: Final = "ok"
WARN: Final = "warn"
Reason = tuple[str, str]
# The ids of a proposal's rows, by side: what tells it from others.
Place = tuple[frozenset[str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule that suggests: what has to be equal, and how far off amounts and days may be."""

    name: str
    keys: tuple[str, ...]
    amount_within: int = 0
    per_mille: int = 0
    days_within: int | None = None
    named: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """
    ``score`` is from 50 to 99; ``reasons`` are (ok or warn, words), the strongest first. ``rule``
    is the name of the one that suggests it, blank where what the rows say is enough.
    """

    left: tuple[Item, ...]
    right: tuple[Item, ...]
    score: int
    reasons: tuple[Reason, ...] = field(default_factory=tuple)
    rule: str = ""

    @property
    def place(self) -> Place:
        return place_of(_ids(self.left), _ids(self.right))

    @property
    def off(self) -> int:
        return sum(item.amount for item in self.left) - sum(item.amount for item in self.right)


def place_of(left: Iterable[str], right: Iterable[str]) -> Place:
    return frozenset(left), frozenset(right)


def propose(
    left: Sequence[Item], right: Sequence[Item], rules: Sequence[Wanted] = (),
    refused: Collection[Place] = (),
) -> list[Proposal]:  # fmt: skip
    """Each row in one proposal at most; the surest first, and none that was ``refused``."""
    found = [*_ones(left, right, rules), *_sums(left, right)]
    if refused:
        found = [one for one in found if one.place not in refused]
    found.sort(key=lambda one: (-one.score, _ids(one.left), _ids(one.right)))
    taken: set[tuple[str, str]] = set()
    kept = []
    for one in found:
        rows = {("left", item.id) for item in one.left} | {("right", item.id) for item in one.right}
        if taken.isdisjoint(rows):
            taken |= rows
            kept.append(one)
    return kept


def _ids(items: Iterable[Item]) -> list[str]:
    return [item.id for item in items]


def _ones(
    left: Sequence[Item], right: Sequence[Item], rules: Sequence[Wanted]
) -> Iterable[Proposal]:
    by_amount = _indexed(right, lambda item: (item.currency, item.amount))
    by_party = _indexed(right, lambda item: (item.currency, item.party.casefold()))
    named = [item for item in right if len(item.reference) >= _NAME]
    for one in left:
        near = {item.id: item for item in by_amount.get((one.currency, one.amount), ())}
        if one.party:
            near |= {
                item.id: item for item in by_party.get((one.currency, one.party.casefold()), ())
            }
        for item in named if len(one.name) >= _NAME else ():
            if one.name.casefold() in item.reference.casefold():
                near[item.id] = item
        if len(one.reference) >= _NAME:
            text = one.reference.casefold()
            near |= {
                item.id: item for item in right
                if len(item.name) >= _NAME and item.name.casefold() in text
            }  # fmt: skip
        for item in near.values():
            scored = _score(one, item, rules)
            if scored is not None:
                yield scored


def _indexed(
    items: Iterable[Item], key: Callable[[Item], tuple[Any, ...]]
) -> Mapping[tuple[Any, ...], list[Item]]:
    found: dict[tuple[Any, ...], list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def _score(left: Item, right: Item, rules: Sequence[Wanted]) -> Proposal | None:
    if left.currency != right.currency:
        return None
    points, reasons = 0, list[Reason]()
    off = abs(left.amount - right.amount)
    if off == 0:
        points += 50
        reasons.append((OK, "amount equal"))
    elif off * 1000 <= abs(left.amount) * _FEE:
        points += 25
        reasons.append((WARN, f"amount off by {Money(off, left.currency)}"))
    else:
        reasons.append((WARN, f"amount differs by {Money(off, left.currency)}"))
    name = _named(left, right)
    if name:
        points += 35
        reasons.append((OK, f"text names {name}"))
    days = _days(left.dated, right.dated)
    if days is not None:
        points += 15 if days == 0 else 10 if abs(days) <= _NEAR else 0
        reasons.append(_about_days(days))
        if abs(days) > _MOST_DAYS:
            points -= 20
    if left.party and left.party.casefold() == right.party.casefold():
        points += 20
        reasons.append((OK, "same customer"))
    rule = next((one for one in rules if _meets(one, left, right, bool(name))), None)
    if rule is not None:
        points = max(points, 80)
        reasons.append((OK, f"rule “{rule.name}”"))
    if points < _LEAST or (off and not name and rule is None):
        return None
    named = rule.name if rule is not None else ""
    return Proposal((left,), (right,), min(points, _SURE), tuple(reasons), named)


def _meets(rule: Wanted, left: Item, right: Item, named: bool) -> bool:
    if rule.named and not named:
        return False
    known = ("key", "number", "reference", "party", "amount", "currency", "dated")
    for key in rule.keys:
        if key not in known or getattr(left, key) != getattr(right, key) or not getattr(left, key):
            return False
    share = abs(left.amount) * rule.per_mille // 1000
    allowed = min(rule.amount_within, share) if rule.amount_within and rule.per_mille else (
        rule.amount_within or share
    )  # fmt: skip
    if abs(left.amount - right.amount) > allowed:
        return False
    days = _days(left.dated, right.dated)
    return rule.days_within is None or (days is not None and abs(days) <= rule.days_within)


def _named(left: Item, right: Item) -> str:
    for one, other in ((left, right), (right, left)):
        if len(one.name) >= _NAME and one.name.casefold() in other.reference.casefold():
            return one.name
    return ""


def _days(left: date | None, right: date | None) -> int | None:
    return (right - left).days if left and right else None


def _about_days(days: int) -> Reason:
    if days == 0:
        return OK, "same day"
    return OK if abs(days) <= _NEAR else WARN, f"date {days:+} d"


def _sums(left: Sequence[Item], right: Sequence[Item]) -> Iterable[Proposal]:
    """One row that is the sum of several of the other side."""
    for one in left:
        parts = _add(one, right)
        if parts:
            yield _sum_of(one, parts, (one,), parts)
    for one in right:
        parts = _add(one, left)
        if parts:
            yield _sum_of(one, parts, parts, (one,))


def _add(one: Item, others: Sequence[Item]) -> tuple[Item, ...]:
    near = [
        item for item in others
        if item.currency == one.currency and item.amount * one.amount > 0
        and abs(item.amount) < abs(one.amount)
        and abs(_days(one.dated, item.dated) or 0) <= _MOST_DAYS
    ]  # fmt: skip
    near.sort(
        key=lambda item: (
            item.party.casefold() != one.party.casefold(), not _named(one, item),
            abs(_days(one.dated, item.dated) or 0), item.id,
        )
    )  # fmt: skip
    near = near[:MOST]
    chosen = adds_up(one.amount, [item.amount for item in near])
    return tuple(near[position] for position in chosen or ())


def _sum_of(
    one: Item, parts: Sequence[Item], left: Sequence[Item], right: Sequence[Item]
) -> Proposal:
    points = 55
    reasons: list[Reason] = [(OK, f"{len(parts)} rows add up exactly")]
    if one.party and all(item.party.casefold() == one.party.casefold() for item in parts):
        points += 20
        reasons.append((OK, "same customer"))
    names = sum(1 for item in parts if _named(one, item))
    if names:
        points += 15
        reasons.append((OK, f"text names {names} of them"))
    furthest = max((abs(_days(one.dated, item.dated) or 0) for item in parts), default=0)
    points += 10 if furthest <= _NEAR else 0
    reasons.append((OK if furthest <= _NEAR else WARN, f"at most {furthest} d apart"))
    return Proposal(tuple(left), tuple(right), min(points, _SURE), tuple(reasons))
