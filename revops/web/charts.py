"""
Small drawings as inline SVG: geometry in attributes, colour by class, so a strict content policy
holds. Each has a sentence for who can't see it and a table with the same figures. Across, geometry
is in percent, so that text keeps its size at any width. Bars stand on zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.html import escape
from django.utils.safestring import SafeString

_TONES: Final = frozenset({"crit", "warn", "ok", "info", "wait", "none"})
_TOP: Final = 16  # pixels above the highest bar, for its label
_FOOT: Final = 18  # pixels under zero, for the labels of the axis
_RANK: Final = 36  # pixels for a lying bar with its label above it


@dataclass(frozen=True, slots=True)
class Point:
    """``value`` is a count or minor units; ``shown`` is how a person reads it."""

    label: str
    value: int
    shown: str
    tone: str = "info"


@dataclass(frozen=True, slots=True)
class Words:
    """``name`` makes ids, unique on the page; ``sentence`` says what the drawing says."""

    name: str
    sentence: str
    label_heading: str
    value_heading: str


def sparkline(points: Sequence[Point], words: Words, *, tone: str = "info") -> SafeString:
    """A line of some days, as wide as its place and 32 px high; zero is its floor."""
    _known(tone)
    peak = max((point.value for point in points), default=0) or 1
    steps = max(1, len(points) - 1)
    spots = " ".join(
        f"{_tenths(index * 1000, steps)},{_tenths((peak - point.value) * 280 + peak * 20, peak)}"
        for index, point in enumerate(points)
    )
    drawing = (
        f'<svg class="draw" viewBox="0 0 100 32" height="32" preserveAspectRatio="none" '
        f'role="img" aria-labelledby="{escape(words.name)}-said">{_title(words)}'
        f'<polyline class="stroke {tone}" points="{spots}"/></svg>'
    )
    return _figure("chart spark-chart", drawing, points, words)


def bars(
    points: Sequence[Point], words: Words, *, height: int = 120, limit: Point | None = None
) -> SafeString:
    """
    Bars over zero with first, middle and last label under them, and the highest value on its bar.
    ``limit`` is a dashed line with its label. Negative values count as zero: they have no bar.
    """
    top = max([point.value for point in points] + [limit.value if limit else 0], default=0) or 1
    room = height - _TOP - _FOOT
    count = max(1, len(points))
    parts = [f'<line class="axis" x1="0" x2="100%" y1="{height - _FOOT}" y2="{height - _FOOT}"/>']
    peak = max(range(len(points)), key=lambda index: points[index].value, default=-1)
    for index, point in enumerate(points):
        _known(point.tone)
        tall = max(0, point.value) * room * 10 // top
        left, wide = index * 10_000 // count + 1000 // count, 8000 // count
        y = (height - _FOOT) * 10 - tall
        parts.append(
            f'<rect class="{point.tone}" x="{_hundredths(left)}%" y="{_tenths(y, 1)}" '
            f'width="{_hundredths(wide)}%" height="{_tenths(tall, 1)}"/>'
        )
        if index == peak and point.value > 0:
            parts.append(_text(left + wide // 2, y // 10 - 4, point.shown, index, count, "on"))
        if index in {0, count // 2, count - 1}:
            parts.append(_text(left + wide // 2, height - 4, point.label, index, count))
    if limit:
        y = height - _FOOT - limit.value * room // top
        parts.append(f'<line class="limit" x1="0" x2="100%" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="on" x="0" y="{y - 4}">{escape(limit.label)}</text>')
    drawing = (
        f'<svg class="draw" height="{height}" role="img" '
        f'aria-labelledby="{escape(words.name)}-said">{_title(words)}{"".join(parts)}</svg>'
    )
    return _figure("chart", drawing, points, words)


def ranks(points: Sequence[Point], words: Words) -> SafeString:
    """
    A few bars lying under each other, each with its own label and value: for stages and other
    things that are no time. Negative values count as zero.
    """
    top = max((point.value for point in points), default=0) or 1
    parts = []
    for index, point in enumerate(points):
        _known(point.tone)
        y, wide = index * _RANK, max(0, point.value) * 10_000 // top
        parts.append(
            f'<text x="0" y="{y + 13}">{escape(point.label)}</text>'
            f'<text class="on" x="100%" y="{y + 13}" text-anchor="end">{escape(point.shown)}</text>'
            f'<rect class="{point.tone}" x="0" y="{y + 19}" width="{_hundredths(wide)}%" '
            f'height="8"/>'
        )
    drawing = (
        f'<svg class="draw" height="{len(points) * _RANK}" role="img" '
        f'aria-labelledby="{escape(words.name)}-said">{_title(words)}{"".join(parts)}</svg>'
    )
    return _figure("chart", drawing, points, words)


def _figure(kind: str, drawing: str, points: Sequence[Point], words: Words) -> SafeString:
    rows = "".join(
        f'<tr><th scope="row">{escape(point.label)}</th>'
        f'<td class="num">{escape(point.shown)}</td></tr>'
        for point in points
    )
    table = (
        f'<details><summary>The same as a table</summary><table class="compact">'
        f'<caption class="hidden-text">{escape(words.sentence)}</caption><thead><tr>'
        f'<th scope="col">{escape(words.label_heading)}</th>'
        f'<th scope="col" class="num">{escape(words.value_heading)}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></details>"
    )
    return SafeString(f'<figure class="{kind}">{drawing}{table}</figure>')


def _title(words: Words) -> str:
    return f'<title id="{escape(words.name)}-said">{escape(words.sentence)}</title>'


def _text(x: int, y: int, text: str, index: int, count: int, kind: str = "") -> str:
    """At the ends, text is anchored inwards so that nothing is cut."""
    edge = index == 0, index == count - 1 and count > 1
    anchor = "start" if edge[0] else "end" if edge[1] else "middle"
    place = 0 if edge[0] else 10_000 if edge[1] else x
    named = f' class="{kind}"' if kind else ""
    return (
        f'<text{named} x="{_hundredths(place)}%" y="{y}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )


def _tenths(numerator: int, denominator: int) -> str:
    """A tenth-exact decimal of an integer quotient that is already in tenths."""
    whole = numerator // denominator
    return f"{whole // 10}.{whole % 10}"


def _hundredths(value: int) -> str:
    return f"{value // 100}.{value % 100:02d}"


def _known(tone: str) -> None:
    if tone not in _TONES:
        raise LookupError(f"“{tone}” is no tone.")
