"""The match rate as a bar: parts in percent of the left side's rows, so that it keeps any width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from revops.reconciliation.queries.lines import Segment

_WHOLE: Final = 10_000
# What is there is seen: at least this wide.
_LEAST: Final = 60


@dataclass(frozen=True, slots=True)
class Part:
    segment: Segment
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Rate:
    """``sentence`` is for who cannot see the bar."""

    segments: Sequence[Segment]
    rows: int
    sentence: str

    @property
    def parts(self) -> list[Part]:
        shown = [one for one in self.segments if one.rows > 0]
        whole = sum(one.rows for one in shown)
        if not whole:
            return []
        widths = [max(_LEAST, one.rows * _WHOLE // whole) for one in shown]
        scale = sum(widths)
        parts, at = [], 0
        for one, width in zip(shown, widths, strict=True):
            wide = width * _WHOLE // scale
            parts.append(Part(one, _percent(at), _percent(wide)))
            at += wide
        return parts

    @property
    def agreed(self) -> int:
        """Rows that are equal or explained."""
        return sum(one.rows for one in self.segments if one.tone in ("ok", "ok2"))


def rate_of(segments: Sequence[Segment], rows: int, noun: str) -> Rate:
    told = ", ".join(f"{one.rows:,} {one.word}" for one in segments if one.rows)
    return Rate(segments, rows, f"Of {rows:,} {noun}: {told or 'nothing to compare'}.")


def _percent(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}%"
