"""What the simulated company is made of: its span, its entities, what is told, what is billed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.company.oracle import Chain

FIRST = date(2024, 1, 1)
LAST = date(2025, 12, 31)
# country, currency, tax code, tax in hundredths of a percent, size of a price in minor units
COMPANY = (
    ("US", "USD", "sim_us", 825, 100_00),
    ("JP", "JPY", "sim_jp", 1000, 15_000),
    ("KW", "KWD", "sim_kw", 500, 30_000),
)
TERMS = {"year": 12, "quarter": 3, "month": 1}


@dataclass(order=True)
class Told:
    """One event for the console; ``order`` keeps a day's events in their sequence."""

    day: date
    order: int
    contract: str = field(compare=False)
    data: dict[str, Any] = field(compare=False)


@dataclass
class Invoice:
    """An issued invoice as the world outside sees it."""

    id: str
    line: str
    net: int
    tax: int
    chain: Chain
    paid_by: str = ""
    used: int = 0

    @property
    def total(self) -> int:
        return self.net + self.tax


def add_months(day: date, months: int) -> date:
    """The same day of a later month; callers keep to days that every month has."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, day.day)
