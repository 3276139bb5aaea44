"""
Two customers compared: what speaks for their being one, what against, and how much. Pure.

Evidence adds up like independent hints: the score is ``1 - Π(1 - weight)`` over what agrees, times
``Π(1 - weight)`` over what disagrees. So it stays between 0 and 1, and one more thing that agrees
never lowers it. Weights were set by hand; docs/canonical.md explains them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any, Final, TypeVar

from revops.canonical.identity.names import alike, core

T = TypeVar("T")

# From here on a person is asked.
PROPOSE: Final = Decimal("0.6")
_EXACT: Final = Decimal("0.0001")
SIMILAR: Final = Decimal("0.5")
NAME: Final = Decimal("0.62")
_TAX: Final = Decimal("0.97")
_OTHER_TAX: Final = Decimal("0.85")
_DOMAIN: Final = Decimal("0.62")
_PART_OF_DOMAIN: Final = Decimal("0.45")
ENDING: Final = Decimal("0.30")
_OTHER_DOMAIN: Final = Decimal("0.15")
# A shorter label is anybody's: eu, app, www.
LABEL: Final = 4
_POSTAL: Final = Decimal("0.35")
CITY: Final = Decimal("0.15")
_COUNTRY: Final = Decimal("0.04")
_OTHER_COUNTRY: Final = Decimal("0.10")
_PARENT: Final = Decimal("0.25")
_OTHER_PARENT: Final = Decimal("0.20")
_ABOVE: Final = Decimal("0.60")

# Anybody has an address there, so sharing one says nothing.
FREE_MAIL: Final = frozenset(
    {
        "163.com", "aol.com", "bluewin.ch", "comcast.net", "duck.com", "fastmail.com", "free.fr",
        "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com",
        "hey.com", "hotmail.com", "hotmail.co.uk", "hotmail.fr", "icloud.com", "laposte.net",
        "libero.it", "live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com",
        "naver.com", "orange.fr", "outlook.com", "outlook.de", "pm.me", "proton.me",
        "protonmail.com", "qq.com", "rediffmail.com", "seznam.cz", "t-online.de", "tutanota.com",
        "verizon.net", "web.de", "wp.pl", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.de",
        "yandex.com", "yandex.ru", "zoho.com",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """``country`` is a code of two letters; what is not known is empty."""

    country: str
    postal_code: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """
    What all accounts of a customer say. ``tax`` are (country, id in capitals without separators);
    ``parents`` (id, name) of the customer above it; ``id`` is its own.
    """

    id: int
    names: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    tax: tuple[tuple[str, str], ...] = ()
    places: tuple[Place, ...] = ()
    parents: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    One thing that was compared. ``weight`` is above zero when it speaks for one customer, below
    when it speaks against. ``left`` and ``right`` are what each side says, as a person reads it.
    """

    kind: str
    left: str
    right: str
    weight: Decimal
    sentence: str

    @property
    def agrees(self) -> bool:
        return self.weight > 0

    def stored(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "left": self.left, "right": self.right,
            "weight": str(self.weight), "sentence": self.sentence,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """``evidence`` is in order of weight, what agrees first."""

    score: Decimal
    evidence: tuple[Evidence, ...]


def score(evidence: Iterable[Evidence]) -> Decimal:
    """0 to 1, to four digits."""
    doubt = against = Decimal(1)
    for one in evidence:
        if one.agrees:
            doubt *= 1 - one.weight
        else:
            against *= 1 + one.weight
    return ((1 - doubt) * against).quantize(_EXACT)


def compare(left: Side, right: Side) -> Compared:
    """Everything that both say something about. The same score whichever side is which."""
    found = [
        one
        for kind in (_name, _domain, _tax, _place, _parent)
        if (one := kind(left, right)) is not None
    ]
    found.sort(key=lambda one: (-one.weight, one.kind))
    return Compared(score(found), tuple(found))


def _name(left: Side, right: Side) -> Evidence | None:
    def weigh(one: str, other: str) -> Decimal:
        found = alike(core(one), core(other))
        return found if found >= SIMILAR else Decimal(0)

    best = _best(left.names, right.names, weigh)
    if best is None or not best[2]:
        return None
    one, other, same = best
    if same == 1:
        said = "The names are the same, apart from legal form and spelling."
        return Evidence("name", one, other, NAME, said)
    percent = int(same * 100)
    weight = (NAME * same * same).quantize(_EXACT)
    return Evidence("name", one, other, weight, f"The names are alike to {percent} %.")


def _domain(left: Side, right: Side) -> Evidence | None:
    def weigh(one: str, other: str) -> Decimal:
        if one == other:
            return _DOMAIN
        if one.endswith(f".{other}") or other.endswith(f".{one}"):
            return _PART_OF_DOMAIN
        label = one.partition(".")[0]
        if len(label) >= LABEL and label == other.partition(".")[0]:
            return ENDING
        return -_OTHER_DOMAIN

    best = _best(own_domains(left.domains), own_domains(right.domains), weigh)
    if best is None:
        return None
    said = {
        _DOMAIN: "Both use the same domain.",
        _PART_OF_DOMAIN: "One domain is a part of the other.",
        ENDING: "The domains differ only in their ending.",
    }.get(best[2], "They use different domains.")
    return Evidence("domain", *best, said)


def own_domains(domains: Iterable[str]) -> tuple[str, ...]:
    """In one spelling, without those where anybody has an address."""
    plain = (one.strip().casefold().strip(".").removeprefix("www.") for one in domains)
    return tuple(one for one in plain if one and one not in FREE_MAIL)


def _tax(left: Side, right: Side) -> Evidence | None:
    """Ids of different countries are not compared: a group has one in each."""

    def weigh(one: tuple[str, str], other: tuple[str, str]) -> Decimal:
        if one[0] != other[0]:
            return Decimal(0)
        return _TAX if one[1] == other[1] else -_OTHER_TAX

    best = _best(left.tax, right.tax, weigh)
    if best is None or not best[2]:
        return None
    one, other, weight = best
    said = "Both have the same tax ID."
    if weight < 0:
        said = f"They have different tax IDs in the same country, {one[0]}."
    return Evidence("tax_id", f"{one[0]} {one[1]}", f"{other[0]} {other[1]}", weight, said)


def _place(left: Side, right: Side) -> Evidence | None:
    def weigh(one: Place, other: Place) -> Decimal:
        if one.country != other.country:
            return -_OTHER_COUNTRY
        if one.postal_code and plain(one.postal_code) == plain(other.postal_code):
            return _POSTAL
        return CITY if one.city and core(one.city) == core(other.city) else _COUNTRY

    best = _best(
        [one for one in left.places if one.country],
        [one for one in right.places if one.country],
        weigh,
    )
    if best is None:
        return None
    said = {
        _POSTAL: "They have the same postal code.",
        CITY: "They are in the same city.",
        _COUNTRY: "They are in the same country.",
    }.get(best[2], "They are in different countries.")
    return Evidence("address", _shown(best[0]), _shown(best[1]), best[2], said)


def _parent(left: Side, right: Side) -> Evidence | None:
    own = left.names[0] if left.names else "", right.names[0] if right.names else ""
    for below, above, name, over in (
        (left, right, own[1], own[0]), (right, left, own[0], own[1]),
    ):  # fmt: skip
        if any(parent == above.id for parent, _ in below.parents):
            said = f"{name or 'One'} is above {over or 'the other'} in the hierarchy."
            return Evidence("parent", *own, -_ABOVE, said)

    def weigh(one: tuple[int, str], other: tuple[int, str]) -> Decimal:
        return _PARENT if one[0] == other[0] else -_OTHER_PARENT

    best = _best(left.parents, right.parents, weigh)
    if best is None:
        return None
    said = "The same customer is above both."
    if best[2] < 0:
        said = "Different customers are above them."
    return Evidence("parent", best[0][1], best[1][1], best[2], said)


def _best(
    left: Sequence[T], right: Sequence[T], weigh: Callable[[T, T], Decimal]
) -> tuple[T, T, Decimal] | None:
    """The pair that speaks most for one customer; of equals the first in order of the values."""
    pairs = [(one, other, weigh(one, other)) for one, other in product(left, right)]
    if not pairs:
        return None
    return max(pairs, key=lambda pair: (pair[2], sorted((str(pair[0]), str(pair[1])))))


def plain(text: str) -> str:
    """Letters and digits only."""
    return "".join(filter(str.isalnum, text.casefold()))


def _shown(place: Place) -> str:
    words = " ".join(part for part in (place.postal_code, place.city) if part)
    return f"{words}, {place.country}" if words else place.country
