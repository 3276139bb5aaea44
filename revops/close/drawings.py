"""
The drawings of the close as inline SVG: how the money in the way goes down, and how old it is.

As in ``revops/web/charts``: geometry in attributes, colour by class, a sentence for who cannot see
it and a table with the same figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.utils.html import escape
from django.utils.safestring import SafeString

_WIDTH, _HEIGHT, _LEFT, _FOOT, _TOP = 520, 240, 20, 210, 28
_RIGHT: Final = 410


@dataclass(frozen=True, slots=True)
class Spot:
    """What stood in the way at the end of a day; ``shown`` is how a person reads it."""

    day: date
    value: int
    shown: str


@dataclass(frozen=True, slots=True)
class Burn:
    """``plan`` begins at the first spot and ends with nothing on the target day."""

    spots: Sequence[Spot]
    target: date
    p50: date | None
    p90: date | None
    sentence: str
    name: str = "burn"


def burn_down(burn: Burn) -> SafeString:
    """The line of the days, the plan to the target, and the fan of the forecast."""
    spots = burn.spots
    first, today = spots[0].day, spots[-1].day
    ahead = burn.target > first
    ends = max(one for one in (today, burn.target, burn.p50, burn.p90) if one is not None)
    days = max(1, (ends - first).days)
    peak = max([one.value for one in spots] + [1])

    def x(day: date) -> int:
        return _LEFT + (day - first).days * (_RIGHT - _LEFT) // days

    def y(value: int) -> int:
        return _FOOT - max(0, value) * (_FOOT - _TOP) // peak

    line = " ".join(f"{x(one.day)},{y(one.value)}" for one in spots)
    now = spots[-1]
    parts = [
        f'<path class="axis" d="M{_LEFT} {_FOOT}H{_RIGHT}"/>',
    ]
    if ahead:
        parts += [
            f'<path class="target" d="M{x(first)} {y(spots[0].value)}L{x(burn.target)} {_FOOT}"/>',
            f'<path class="target-day" d="M{x(burn.target)} {_TOP - 6}V{_FOOT}"/>',
            _text(x(burn.target), _TOP - 12, f"Target {burn.target:%m-%d}", "strong", ends=_RIGHT),
        ]
    if burn.p50 and burn.p90 and now.value:
        at = f"{x(today)},{y(now.value)}"
        parts.append(
            f'<polygon class="fan" points="{at} {x(burn.p50)},{_FOOT} {x(burn.p90)},{_FOOT}"/>'
        )
        for day, word in ((burn.p50, "P50"), (burn.p90, "P90")):
            parts.append(
                f'<path class="forecast" d="M{at.replace(",", " ")}L{x(day)} {_FOOT}"/>'
                f'<circle class="mark-p" cx="{x(day)}" cy="{_FOOT}" r="3"/>'
            )
            if word == "P90" or burn.p50 != burn.p90:
                parts.append(_text(x(day), _FOOT - 8, word, "strong halo", ends=_RIGHT))
    parts.append(f'<polyline class="stroke info" points="{line}"/>')
    parts.append(f'<circle class="info" cx="{x(today)}" cy="{y(now.value)}" r="4"/>')
    # Beside the spot, where the falling line does not run.
    parts.append(
        _text(x(today) + 8, max(12, y(now.value) - 8), now.shown, "strong halo", ends=_RIGHT)
    )
    for day in dict.fromkeys((first, today, ends)):
        parts.append(_text(x(day), _FOOT + 18, f"{day:%m-%d}", "", ends=_RIGHT))
    drawing = (
        f'<svg class="draw chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-labelledby="{escape(burn.name)}-said"><title id="{escape(burn.name)}-said">'
        f"{escape(burn.sentence)}</title>{''.join(parts)}</svg>"
    )
    rows = [(f"{one.day:%Y-%m-%d}", one.shown, _plan(burn, one.day, peak)) for one in spots]
    return _figure(
        drawing, burn.sentence, ("Day", "In the way", "Left of the plan"),
        [list(row) for row in rows],
    )  # fmt: skip


def _plan(burn: Burn, day: date, peak: int) -> str:
    """The part of the first day’s money that the plan still leaves on a day, in percent."""
    first = burn.spots[0].day
    whole = (burn.target - first).days
    left = max(0, (burn.target - day) // timedelta(days=1))
    return f"{left * 100 // whole if whole > 0 else 0} %"


def _text(x: int, y: int, text: str, kind: str, *, ends: int) -> str:
    anchor = "start" if x < _LEFT + 20 or x >= ends else "middle"
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


@dataclass(frozen=True, slots=True)
class Aged:
    """Open cases of a legal entity: up to a day, to three, to seven days old, older."""

    name: str
    counts: Sequence[int]


AGES: Final = ("0–1 d", "1–3 d", "3–7 d", "over 7 d")
_ROW: Final = 27
_SCALE: Final = 330


def ages(rows: Sequence[Aged], *, sentence: str) -> SafeString:
    """A lying bar for each legal entity, in four steps of age."""
    most = max([sum(one.counts) for one in rows] + [1])
    parts = []
    for place, one in enumerate(rows):
        top, left = place * _ROW, 100
        parts.append(f'<text class="strong" x="0" y="{top + 19}">{escape(one.name[:14])}</text>')
        for step, count in enumerate(one.counts, start=1):
            wide = count * _SCALE // most
            if not count:
                continue
            parts.append(
                f'<rect class="age-{step}" x="{left}" y="{top + 6}" width="{max(2, wide)}" '
                f'height="18"/>'
            )
            if wide > 16:
                parts.append(
                    f'<text class="on-age-{step}" x="{left + wide // 2}" y="{top + 19}" '
                    f'text-anchor="middle">{count:,}</text>'
                )
            left += max(2, wide) + 1
        total = sum(one.counts)
        words = f"{total:,}" if total else "0, nothing open"
        parts.append(f'<text class="strong" x="{left + 6}" y="{top + 19}">{words}</text>')
    drawing = (
        f'<svg class="draw chart" viewBox="0 0 480 {max(1, len(rows)) * _ROW}" role="img" '
        f'aria-labelledby="ages-said"><title id="ages-said">{escape(sentence)}</title>'
        f"{''.join(parts)}</svg>"
    )
    table = [
        [one.name, *(f"{count:,}" for count in one.counts), f"{sum(one.counts):,}"] for one in rows
    ]
    return _figure(drawing, sentence, ("Legal entity", *AGES, "Open"), table)


def _figure(
    drawing: str, sentence: str, heads: Sequence[str], rows: Sequence[Sequence[str]]
) -> SafeString:
    head = "".join(
        f'<th scope="col"{" class=num" if place else ""}>{escape(one)}</th>'
        for place, one in enumerate(heads)
    )
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f'<td class="num">{escape(cell)}</td>' for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return SafeString(
        f'<figure>{drawing}<details><summary>The same as a table</summary><table class="compact">'
        f'<caption class="hidden-text">{escape(sentence)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></details></figure>"
    )
