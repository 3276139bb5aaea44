"""What a rehearsal came to, as it is stored with it; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

# Cases that end by themselves, in a minute or two.
_BY_ITSELF: Final = frozenset({"target_down", "in_doubt"})


@dataclass(slots=True)
class Line:
    """
    A kind of document in a currency: (how many, minor units) by each; ``wrong`` do not agree.
    ``source`` is who billed it, as people call them.
    """

    label: str
    currency: str
    billing: tuple[int, int]
    erp: tuple[int, int]
    console: tuple[int, int]
    wrong: int
    source: str = ""


@dataclass(slots=True)
class Part:
    """
    What a system went through. ``drills`` are the titles of those that struck it; the numbers are
    of calls to it that it turned away, did not answer, and refused. Of an ERP ``books``: how many
    documents of billing it holds, and how many of its postings do not agree.
    """

    slug: str
    label: str
    drills: list[str]
    turned_away: int = 0
    unanswered: int = 0
    refused: int = 0
    books: tuple[int, int] | None = None


@dataclass(slots=True)
class Open:
    """
    A document that is not as it should be. ``what`` is missing, other, twice or unknown; a missing
    one is ``where``: in a case, waiting, or nowhere.
    """

    what: str
    number: str
    minor: int
    currency: str
    where: str = ""
    case: int | None = None


@dataclass(slots=True)
class Standing:
    """A cause that came up since the rehearsal began and of which cases are open."""

    cause_key: str
    kind: str
    sentence: str
    cases: int


@dataclass(slots=True)
class Report:
    """As it is stored; ``ends`` are the first of ``ends_in_all``."""

    at: str
    lines: list[Line] = field(default_factory=list)
    ends: list[Open] = field(default_factory=list)
    ends_in_all: int = 0
    in_cases: int = 0
    waiting: int = 0
    unexplained: int = 0
    documents: int = 0
    opened: int = 0
    cleared: int = 0
    standing: list[Standing] = field(default_factory=list)
    repeats: int = 0
    found: int = 0
    turned_away: int = 0
    unanswered: int = 0
    refused: int = 0
    parts: list[Part] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """Nothing changes any more unless a person does something."""
        on_its_way = self.waiting or self.unexplained
        return not on_its_way and not any(one.kind in _BY_ITSELF for one in self.standing)

    def stored(self) -> dict[str, Any]:
        return asdict(self)


def read(stored: Mapping[str, Any] | None) -> Report | None:
    """A stored report; None before the first count."""
    if stored is None:
        return None
    value = dict(stored)
    value["lines"] = [Line(**one) for one in value["lines"]]
    value["ends"] = [Open(**one) for one in value["ends"]]
    value["standing"] = [Standing(**one) for one in value["standing"]]
    value["parts"] = [Part(**one) for one in value.get("parts", ())]
    return Report(**value)
