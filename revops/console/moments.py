"""
The moments of a thread: when the console learnt each part of it, for looking back.

Moments are in the order of learning, so that what comes later never renumbers what came before; an
address that holds a moment's number shows the same for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString, mark_safe

from revops.kernel import strict_json
from revops.kernel.keys import sha256
from revops.lineage.queries import Hop, Thread
from revops.web.formats import mid_sentence, when
from revops.web.statuses import look

_TONES: Final = {"crit": "crit", "warn": "warn", "wait": "warn"}


@dataclass(frozen=True, slots=True)
class Moment:
    """``number`` counts from 0; ``words`` say what was learnt."""

    number: int
    at: datetime
    words: str
    tone: str

    @property
    def text(self) -> str:
        """The moment in the reader's zone and words, for where no markup can be."""
        return f"{strip_tags(when(self.at, 'seconds'))}, {self.words}"


@dataclass(frozen=True, slots=True)
class Slide:
    """
    The moments and the chosen one; None is now. ``dots`` draws them evenly, as the slider's stops
    stand evenly.
    """

    moments: Sequence[Moment]
    chosen: Moment | None
    dots: SafeString

    @property
    def now(self) -> int:
        """The slider's last stop."""
        return len(self.moments)

    @property
    def value(self) -> int:
        return self.chosen.number if self.chosen is not None else self.now

    @property
    def words(self) -> str:
        return self.chosen.text if self.chosen is not None else "Now"


def moments_of(hops: Sequence[Hop]) -> list[Moment]:
    """One for each instant at which something was learnt; the first hop of it gives the words."""
    first: dict[datetime, Hop] = {}
    for hop in hops:
        if hop.known is not None:
            first.setdefault(hop.known, hop)
    found = []
    for number, at in enumerate(sorted(first)):
        hop = first[at]
        seen = look(hop.status)
        word = (hop.status_word or seen.word).lower()
        tone = _TONES.get(seen.tone.value, "info")
        found.append(Moment(number, at, f"{mid_sentence(hop.label)} {word}", tone))
    return found


def slide_of(hops: Sequence[Hop], number: str) -> Slide:
    """The slider of a thread as it is now, at the moment ``number``; bad numbers are now."""
    moments = moments_of(hops)
    chosen = None
    if number.isascii() and number.isdigit() and int(number) < len(moments):
        chosen = moments[int(number)]
    dots = "".join(
        f'<circle class="{moment.tone}" cx="{_share(moment.number, len(moments))}" cy="50%" r="3">'
        f"<title>{escape(moment.words)}</title></circle>"
        for moment in moments
    )
    dots += '<circle class="info" cx="100%" cy="50%" r="3"/>'
    drawn = f'<svg class="draw" aria-hidden="true">{dots}</svg>'
    svg = mark_safe(drawn)  # noqa: S308  digits, our tones and escaped words
    return Slide(moments, chosen, svg)


def evidence(thread: Thread) -> str:
    """
    A hash over what the thread shows: the same facts as of the same moment give the same hash,
    whoever looks, so that a printed page can be compared with the console's.
    """
    facts = [
        {
            "hop": hop.key,
            "name": hop.name,
            "system": hop.system,
            "status": hop.status,
            "amount": [hop.amount.minor, hop.amount.currency] if hop.amount else None,
            "at": hop.at.isoformat() if hop.at else None,
            "ids": [list(pair) for pair in hop.ids],
        }
        for hop in thread.hops
    ]
    whole = sha256(strict_json.dumps({"hops": facts}))
    return f"{whole[:4]} {whole[4:8]} {whole[8:12]} {whole[12:16]}"


def _share(number: int, whole: int) -> str:
    hundredths = number * 10_000 // whole if whole else 0
    return f"{hundredths // 100}.{hundredths % 100:02d}%"
