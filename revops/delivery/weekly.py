"""
Weekly maintenance windows: whether one is on, and when the next one begins. Pure: no clock, no I/O.

A window begins and ends at times of day, as clocks in its zone show them. On the days on which
those change it covers every way to read it: it begins when the clock first shows its beginning, or
jumps over it; it is over when it has lasted as long as always and the clock has shown its end for
the last time. To wait an hour too long does less harm than to call a system that is shut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

LONGEST: Final = timedelta(hours=24)
_SECOND: Final = timedelta(seconds=1)
# One that began the day before yesterday may still be on when a clock was put back.
_DAYS: Final = range(-2, 15)


@dataclass(frozen=True, slots=True)
class Weekly:
    """
    Each week on a ``day`` (0 is Monday) at ``starts``, for so many ``minutes``, at most a day, in
    an IANA ``zone`` that this machine knows.
    """

    day: int
    starts: time
    minutes: int
    zone: str


@dataclass(frozen=True, slots=True)
class Span:
    """``begins`` belongs to it, ``ends`` does not; both in UTC."""

    begins: datetime
    ends: datetime


def occurrence(window: Weekly, *, now: datetime) -> Span:
    """The time that it is on now, else the next one."""
    today = now.astimezone(ZoneInfo(window.zone)).date()
    spans = (_on(window, today + timedelta(days=days)) for days in _DAYS)
    return next(span for span in spans if span is not None and span.ends > now)


def over_at(windows: Sequence[Weekly], *, now: datetime) -> datetime | None:
    """When the last of those ends that are on now; None when none is."""
    found = (occurrence(window, now=now) for window in windows)
    return max((span.ends for span in found if span.begins <= now), default=None)


def _on(window: Weekly, day: date) -> Span | None:
    if day.weekday() != window.day:
        return None
    zone, length = ZoneInfo(window.zone), timedelta(minutes=window.minutes)
    clock = datetime.combine(day, window.starts)
    begins = _first(clock, zone)
    # The second of the two times that a clock shows when it is put back.
    shown = (clock + length).replace(tzinfo=zone, fold=1).astimezone(UTC)
    return Span(begins, max(begins + length, shown))


def _first(clock: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which a clock there shows this time, or a later one."""
    after = clock.replace(tzinfo=zone).astimezone(UTC)
    if _shown(after, zone) == clock:
        return after
    # It jumps over this time, somewhere between the two ways to read it.
    before = clock.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if _shown(middle, zone) < clock:
            before = middle
        else:
            after = middle
    return after


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)
