"""Writing what the books are kept by: rates and which of them count, calendars."""

from __future__ import annotations

from revops.mappings.operations.calendars import CalendarRefused, make_calendar
from revops.mappings.operations.rates import (
    NewRate,
    Published,
    RateRefused,
    publish_rates,
    set_rate_policy,
)

__all__ = [
    "CalendarRefused",
    "NewRate",
    "Published",
    "RateRefused",
    "make_calendar",
    "publish_rates",
    "set_rate_policy",
]
