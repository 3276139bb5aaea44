"""How measures are said on the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from revops.measures.bounds import BOUNDS
from revops.measures.promises import Promise
from revops.web.formats import span_text

UNKNOWN: Final = "not known"


def time_of(seconds: int | None) -> str:
    """``5 min``, ``2 d``; what lies over the last bound says so."""
    if seconds is None:
        return UNKNOWN
    return span_text(timedelta(seconds=seconds)) if seconds else f"over {bound_of(BOUNDS[-1])}"


def bound_of(seconds: int) -> str:
    return span_text(timedelta(seconds=seconds))


def share_of(hundredths: int | None) -> str:
    """``99.50 %`` of hundredths of a percent."""
    if hundredths is None:
        return UNKNOWN
    return f"{hundredths // 100}.{hundredths % 100:02}\N{NO-BREAK SPACE}%"


def burn_of(tenths: int | None) -> str:
    """``0.4 ×``: how many times too fast."""
    if tenths is None:
        return UNKNOWN
    return f"{tenths // 10:,}.{tenths % 10}\N{NO-BREAK SPACE}×"


def promise_of(one: Promise) -> str:
    """What an objective promises, in a sentence."""
    share, days = share_of(one.target), one.days
    if one.within is None:
        return f"{share} go through without a person, over {days} days."
    return f"{share} within {bound_of(one.within)}, over {days} days."
