"""
Keys by which customers find those that they may be one with. Pure.

``scoring`` proposes two customers whose names are all but the same, that share a domain or a tax
ID, or whose names are alike and something else agrees as well. So everybody stores a few keys, and
asks for them: the name; the domain and what it is a part of; the tax ID; and, for each place,
customer above and first word of a domain, those letters of the name of which two that are alike
enough must share one. ``tests/canonical/identity/test_keys.py`` holds that no pair is missed that
comparing all with all would propose. What it costs grows with the customers, not with their pairs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Final
from zlib import crc32

from revops.canonical.identity.names import core, numbers, trigrams
from revops.canonical.identity.scoring import (
    CITY,
    ENDING,
    LABEL,
    NAME,
    PROPOSE,
    SIMILAR,
    Side,
    own_domains,
    plain,
)


def _least(*others: Decimal) -> Decimal:
    """How alike names must be at least for a proposal when these weights agree besides."""
    doubt = Decimal(1)
    for weight in others:
        doubt *= 1 - weight
    weight = 1 - Decimal(1 - PROPOSE) / doubt
    least = (
        (Decimal(weight) / NAME).sqrt().quantize(Decimal("0.01"), ROUND_DOWN)
        if weight > 0
        else SIMILAR
    )
    return max(least, SIMILAR)


# A postal code or a customer above may come with anything else; a city or the first word of a
# domain only with each other, as whatever else agrees has keys of its own.
_ANY: Final = SIMILAR
_WEAK: Final = _least(CITY, ENDING)


@dataclass(frozen=True, slots=True)
class Keys:
    """
    ``stored`` are kept for others to find, ``asked`` are looked for among theirs: numbers of eight
    bytes. ``exact`` are those of both that say much alone; who shares one of the others only may be
    one of many.
    """

    stored: frozenset[int]
    asked: frozenset[int]
    exact: frozenset[int]


def keys(side: Side) -> Keys:
    """The keys of a customer. Two whose keys do not meet are not proposed."""
    own = set(own_domains(side.domains))
    above = {part for domain in own for part in _above(domain)}
    names = sorted({name for one in side.names if (name := core(one))})
    same = {
        *(_key("name", *_numbers(name), *sorted(trigrams(name))) for name in names),
        *(_key("tax", country, said) for country, said in side.tax),
        *(_key("domain", domain) for domain in own),
    }
    parts = {_key("part", domain) for domain in above}
    wholes = {_key("domain", domain) for domain in above} | {_key("part", one) for one in own}
    letters = {
        _key(*context, *_numbers(name), "", gram)
        for context, least in _contexts(side, own)
        for name in names
        for gram in _telling(name, least)
    }
    # A shared first word of a domain and a shared place or customer above say it without the name.
    words = {domain.partition(".")[0] for domain in own}
    same |= {
        _key("word", word, *context)
        for context, _ in _contexts(side, ())
        for word in words
        if len(word) >= LABEL
    }
    return Keys(
        frozenset(same | parts | letters),
        frozenset(same | wholes | letters),
        frozenset(same | parts | wholes),
    )


def _contexts(side: Side, own: Iterable[str]) -> Iterator[tuple[tuple[str, ...], Decimal]]:
    """What may agree beside the name, and how alike the name has to be then."""
    found: dict[tuple[str, ...], Decimal] = {}
    for place in side.places:
        if place.country and plain(place.postal_code):
            found["postal", place.country, plain(place.postal_code)] = _ANY
        if place.country and place.city:
            found["city", place.country, core(place.city)] = _WEAK
    for parent, _ in side.parents:
        found["parent", str(parent)] = _ANY
    for domain in own:
        label = domain.partition(".")[0]
        if len(label) >= LABEL:
            found["label", label] = _WEAK
    yield from found.items()


def _above(domain: str) -> list[str]:
    """Domains that it is a part of, but the last word."""
    words = domain.split(".")
    return [".".join(words[start:]) for start in range(1, len(words) - 1)]


@lru_cache(maxsize=4096)
def _telling(name: str, least: Decimal) -> tuple[str, ...]:
    """
    The trigrams of which two names that are ``least`` alike share at least one. They are the first
    in an order that is the same for all names: inside words first, which tells more of a name.
    """
    ordered = sorted(trigrams(name), key=lambda gram: (gram.count(" "), crc32(gram.encode()), gram))
    return tuple(ordered[: len(ordered) - math.ceil(least * len(ordered)) + 1])


def _numbers(name: str) -> list[str]:
    return sorted(numbers(name))


def _key(*parts: str) -> int:
    digest = blake2b("\x1f".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
