"""
Who decides a field, and who is told. Pure: this is the function that makes circles impossible.

Only the owner's word changes a value, and only a changed value is told on, never to its owner. So
what a system writes back after it was told, right or wrong, ends there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from revops.kernel import strict_json

# A difference in these is a difference in money.
MONEY: Final = frozenset({"items", "quantity", "price", "currency", "tax_id"})
SILENT: Final = frozenset({"", "null", '""', "[]", "{}"})


@dataclass(frozen=True, slots=True)
class Rule:
    """``owner_id`` is a connection; None is the console itself."""

    owner_id: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """
    The newest that a system says of a field, as JSON text. ``since`` is when it first said
    anything of it. ``place`` orders several records of one system: the smallest one speaks for it.
    ``news`` is ``first`` when it spoke just now for the first time, ``changed`` when it just said
    something else than before, empty otherwise.
    """

    connection_id: int
    source_id: str
    value: str
    since: datetime
    at: datetime
    event_id: int | None = None
    place: int = 0
    news: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """
    ``value`` is what the field is now, said by ``by`` (None: nobody said anything).

    ``owner_id`` is who decides it (None: the console). ``owned``: the owner has spoken; otherwise
    somebody else's word stands in until it does. ``drifts`` differ from the owner. ``tell`` are the
    connections that have yet to hear the value; empty unless the owner changed it.
    """

    value: str
    by: Said | None
    owner_id: int | None
    owned: bool
    drifts: tuple[Said, ...]
    tell: frozenset[int]


def rule_on(field: str, said: Iterable[Said], rule: Rule | None, standing: str) -> Ruling:
    """
    What a field is, after what every system last said of it, and ``standing``, what it was.

    Without a rule the system that first told is the owner. An owner that has said nothing leaves
    the word to whoever told first, but nothing is sent out because of that. What the console owns
    no system changes.
    """
    said = list(said)
    speakers = sorted(
        (one for one in said if one.value not in SILENT),
        key=lambda one: (one.since, one.connection_id, one.place, one.source_id),
    )
    if rule is not None and rule.owner_id is None:
        drifts = tuple(one for one in _heads(speakers) if not same(field, one.value, standing))
        return Ruling(standing, None, None, True, drifts, frozenset())
    if not speakers:
        value = "" if said else standing
        return Ruling(value, None, rule.owner_id if rule else None, False, (), frozenset())
    owner_id = rule.owner_id if rule is not None else speakers[0].connection_id
    heads = _heads(speakers)
    by = next((one for one in heads if one.connection_id == owner_id), None)
    if by is None:
        return Ruling(heads[0].value, heads[0], owner_id, False, (), frozenset())
    others = [one for one in heads if one.connection_id != owner_id]
    differ = tuple(one for one in others if not same(field, one.value, by.value))
    changed = not same(field, by.value, standing)
    tell = frozenset(one.connection_id for one in differ) if changed else frozenset()
    return Ruling(by.value, by, owner_id, True, differ, tell)


def _heads(speakers: Iterable[Said]) -> list[Said]:
    """One voice for each system, in the order in which they first spoke."""
    best: dict[int, Said] = {}
    for one in speakers:
        known = best.get(one.connection_id)
        if known is None or (one.place, one.source_id) < (known.place, known.source_id):
            best[one.connection_id] = one
    return list(best.values())


def same(field: str, one: str, other: str) -> bool:
    """Whether two JSON texts say the same of a field; spelling is no difference."""
    if one == other:
        return True
    if one in SILENT or other in SILENT:
        return one in SILENT and other in SILENT
    if field == "items":
        return _same_items(items_of(one), items_of(other))
    left, right = strict_json.loads(one), strict_json.loads(other)
    if isinstance(left, str) and isinstance(right, str):
        return _plain(field, left) == _plain(field, right)
    return bool(left == right)


def _plain(field: str, text: str) -> str:
    if field == "tax_id":
        return re.sub(r"[^0-9A-Z]", "", text.upper())
    return " ".join(text.casefold().split())


def items_of(text: str) -> dict[str, tuple[int, int | None]]:
    """Items by SKU: (quantity, minor units for one, or None when not said)."""
    found: dict[str, tuple[int, int | None]] = {}
    for item in strict_json.loads(text) or ():
        quantity, price = found.get(item["sku"], (0, None))
        found[item["sku"]] = (quantity + item["quantity"], item.get("unit_amount") or price)
    return {sku: item for sku, item in found.items() if item[0]}


def _same_items(
    one: Mapping[str, tuple[int, int | None]], other: Mapping[str, tuple[int, int | None]]
) -> bool:
    return one.keys() == other.keys() and all(
        one[sku][0] == other[sku][0]
        and (None in (one[sku][1], other[sku][1]) or one[sku][1] == other[sku][1])
        for sku in one
    )


def at_stake(one: str, other: str) -> int | None:
    """How far two sets of items are apart in minor units, or None when no price is known."""
    left, right = items_of(one), items_of(other)
    total = 0
    for sku in left.keys() | right.keys():
        (count, price), (others, other_price) = left.get(sku, (0, None)), right.get(sku, (0, None))
        if price is None and other_price is None:
            return None
        known: Any = price if price is not None else other_price
        first = price if price is not None else known
        second = other_price if other_price is not None else known
        total += abs(count * first - others * second)
    return total


def total_items(many: Iterable[str]) -> str:
    """The items of several records of one kind as one set, by SKU."""
    found: dict[str, tuple[int, int | None]] = {}
    for text in many:
        for sku, (quantity, price) in items_of(text).items():
            known, known_price = found.get(sku, (0, None))
            found[sku] = (known + quantity, known_price if price is None else price)
    return strict_json.dumps(
        [
            {"quantity": quantity, "sku": sku, "unit_amount": price}
            for sku, (quantity, price) in sorted(found.items())
        ]
    )
