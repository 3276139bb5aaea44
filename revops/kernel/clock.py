"""The one place that reads the process clock. Due times are the database's, not this clock's."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(tz=UTC)


def local_date(instant: datetime, zone: str) -> date:
    """
    The calendar day of an instant in a legal entity's zone; decides the accounting date.

    Raises ValueError for a naive instant: an instant without a zone has no day.
    """
    if instant.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    return instant.astimezone(ZoneInfo(zone)).date()
