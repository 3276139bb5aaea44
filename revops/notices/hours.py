"""When the next daily summary is due. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone_of(name: str) -> ZoneInfo:
    """A person's zone; UTC for a name that is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def next_due(*, after: datetime, zone: str, hour: int) -> datetime:
    """The first instant after ``after`` at which clocks in ``zone`` show ``hour``:00."""
    there = zone_of(zone)
    day = after.astimezone(there).date()
    due = datetime.combine(day, time(hour), tzinfo=there).astimezone(UTC)
    if due <= after:
        following = day + timedelta(days=1)
        due = datetime.combine(following, time(hour), tzinfo=there).astimezone(UTC)
    return due
