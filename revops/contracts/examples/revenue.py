"""A year's schedule, its first month, and the month's opening and close."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_JANUARY: Final[Mapping[str, Any]] = {
    "legal_entity": "us",
    "period": "2025-01",
    "starts": "2025-01-01",
    "ends": "2025-01-31",
}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "revenue_schedule.created/1": {
        "schedule_id": "SCH-318",
        "legal_entity": "us",
        "business_key": "stripe:in_1042",
        "line_id": "il_1",
        "currency": "USD",
        "total": 1200000,
        "service_start": "2025-01-01",
        "service_end": "2025-12-31",
        "convention": "daily",
        "replaces": "",
    },
    "revenue.recognised/1": {
        "schedule_id": "SCH-318",
        "legal_entity": "us",
        "period": "2025-01",
        "currency": "USD",
        "amount": 101918,
        "accounting_date": "2025-01-31",
    },
    "period.opened/1": {**_JANUARY, "by": "Elena Park"},
    "period.closed/1": {**_JANUARY, "by": "Elena Park"},
}
