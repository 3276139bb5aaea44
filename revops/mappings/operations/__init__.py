"""Writing what the books are kept by: maps, rates and which of them count, calendars."""

from __future__ import annotations

from revops.mappings.operations.calendars import CalendarRefused, make_calendar
from revops.mappings.operations.maps import MapRefused, map_tax
from revops.mappings.operations.rates import (
    NewRate,
    Published,
    RateRefused,
    publish_rates,
    set_rate_policy,
)

__all__ = [
    "CalendarRefused",
    "MapRefused",
    "NewRate",
    "Published",
    "RateRefused",
    "make_calendar",
    "map_tax",
    "publish_rates",
    "set_rate_policy",
]
