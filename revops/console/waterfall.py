"""
The lanes of a thread: one bar for each hop on a shared axis of time, as inline SVG.

Geometry is in attributes and across in percent, so that lanes fit any width under a strict content
policy. A bar is work, a thin line is waiting, a dashed box is what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from revops.lineage.queries import Hop
from revops.web.formats import MONTHS, NBSP, duration, span_text

_TICKS: Final = 4
# Beyond this share of the axis a label stands to the left of its bar, so that it is not cut.
_TURN: Final = 5_500


@dataclass(frozen=True, slots=True)
class Axis:
    """From the first moment of the thread to its last, or to now while something is missing."""

    start: datetime
    end: datetime
    now: datetime

    def place(self, at: datetime) -> int:
        """Hundredths of a percent from the left edge, 0 … 10,000."""
        whole = max(1, int((self.end - self.start).total_seconds() * 1000))
        part = int((at - self.start).total_seconds() * 1000)
        return max(0, min(10_000, part * 10_000 // whole))

    @property
    def ticks(self) -> list[str]:
        """What stands over each quarter; every second is left empty, for want of room."""
        step = (self.end - self.start) / _TICKS
        half = self.start + step * 2
        words = f"+{_span(step * 2)}" if step < timedelta(seconds=15) else _tick(half, step)
        return [_tick(self.start, step), "", words, ""]


@dataclass(frozen=True, slots=True)
class Lane:
    hop: Hop
    svg: SafeString


def axis_of(hops: Sequence[Hop], *, now: datetime) -> Axis | None:
    """None when no hop has a time."""
    moments = [at for hop in hops for at in (hop.began, hop.at) if at is not None]
    if not moments:
        return None
    end = max(moments)
    if any(hop.problem for hop in hops):
        end = max(end, now)
    start = min(moments)
    # Some air on the right, so that the last bar and its words are not on the edge.
    room = max((end - start) / 12, timedelta(seconds=1))
    return Axis(start, end + room, now)


def lanes(hops: Sequence[Hop], axis: Axis | None) -> list[Lane]:
    """One for each of some hops, on the axis of all of them."""
    return [Lane(hop, _draw(hop, axis) if axis else SafeString("")) for hop in hops]


def _draw(hop: Hop, axis: Axis) -> SafeString:
    grid = "".join(
        f'<line class="axis" x1="{quarter}%" x2="{quarter}%" y1="0" y2="100%"/>'
        for quarter in (0, 25, 50, 75)
    )
    today = axis.place(axis.now)
    if today < 10_000:
        grid += f'<line class="now" x1="{_at(today)}" x2="{_at(today)}" y1="0" y2="100%"/>'
    return mark_safe(  # noqa: S308  digits, our own classes, and escaped words
        f'<svg class="draw" role="img"><title>{escape(said(hop, axis))}</title>{grid}'
        f"{_marks(hop, axis)}</svg>"
    )


def _marks(hop: Hop, axis: Axis) -> str:
    if hop.missing and hop.began is not None and hop.at is None:
        left = axis.place(hop.began)
        right = max(axis.place(axis.now), left + 300)
        words = f"for {_span(axis.now - hop.began)}"
        box = (
            f'<rect class="absent" x="{_at(left)}" y="50%" width="{_at(right - left)}" height="12" '
            'transform="translate(0 -9)"/>'
        )
        return _label(left, right, words, "took bad") + box
    if hop.at is None:
        return ""
    done = axis.place(hop.at)
    begun = axis.place(hop.began) if hop.began is not None and hop.began < hop.at else done
    waited = hop.at - hop.began if hop.began is not None and hop.began < hop.at else None
    if hop.aside:
        return (
            f'<circle class="hollow" cx="{_at(done)}" cy="50%" r="4" transform="translate(0 -3)"/>'
        )
    parts = [_label(begun, done, _span(waited), "took")] if waited else []
    parts.append(
        f'<line class="waiting" x1="{_at(begun)}" x2="{_at(done)}" y1="50%" y2="50%" '
        'transform="translate(0 -3)"/>'
    )
    parts.append(
        f'<rect class="{"warn" if hop.problem else "info"}" x="{_at(done)}" y="50%" width="4" '
        'height="12" rx="1" transform="translate(-2 -9)"/>'
    )
    return "".join(parts)


def _label(left: int, right: int, words: str, kind: str) -> str:
    where = f'x="{_at(left)}" transform="translate(4 17)"'
    if left >= _TURN:
        where = f'x="{_at(right)}" transform="translate(-3 17)" text-anchor="end"'
    return f'<text class="{kind}" y="50%" {where}>{escape(words)}</text>'


def said(hop: Hop, axis: Axis) -> str:
    """The lane in words."""
    if hop.missing and hop.at is None and hop.began is not None:
        return f"Expected since {_tick(hop.began, timedelta())}, {_span(axis.now - hop.began)}"
    if hop.at is None:
        return "No time is known"
    waited = f"waited {_span(hop.waited)}, " if hop.waited else ""
    return f"{waited}done {_tick(hop.at, timedelta())}".capitalize()


def _span(length: timedelta) -> str:
    """A second and less in its own words; a drawing has no room for “0 s”."""
    if length < timedelta(minutes=1):
        return duration(int(length / timedelta(milliseconds=1)))
    return span_text(length)


def _at(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def _tick(at: datetime, step: timedelta) -> str:
    local = timezone.localtime(at)
    day = f"{local.day}{NBSP}{MONTHS[local.month - 1]}"
    if step >= timedelta(hours=12):
        return day
    if step >= timedelta(minutes=1):
        return f"{local:%H:%M}"
    return f"{local:%H:%M:%S}" if step else f"{day} {local:%H:%M:%S}"
