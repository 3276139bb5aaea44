"""
Exchange rates of the demo: a month-end table as a treasury would publish it, and a policy that
accepts a rate until the next one comes. Invented, and plausible.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import permutations
from typing import Final

from django.db.backends.postgresql.psycopg_any import DateRange

from revops.kernel import clock
from revops.mappings.models import LegalEntity, MappingVersion, RatePolicy
from revops.mappings.operations import NewRate, publish_rates

SOURCE: Final = "Demo treasury"
QUOTES: Final = ("USD", "GBP", "EUR")
MAX_AGE_DAYS: Final = 31

# US dollars for one unit, and how that moves through a year in thousandths.
_DOLLARS: Final = {
    "USD": Decimal(1), "GBP": Decimal("1.2700"), "EUR": Decimal("1.0900"),
    "JPY": Decimal("0.006700"), "KWD": Decimal("3.2500"),
}  # fmt: skip
_MOVES: Final = {
    "USD": (0,) * 12,
    "GBP": (0, 4, 9, 7, 12, 15, 11, 6, 2, -3, -6, -2),
    "EUR": (0, -6, -11, -4, 3, 8, 14, 19, 12, 7, 1, -3),
    "JPY": (0, 11, 18, 6, -9, -17, -8, 3, 10, 15, 4, -5),
    "KWD": (0, 1, 1, 0, -1, -1, 0, 1, 2, 1, 0, 0),
}  # fmt: skip


def publish(first_year: int) -> None:
    """Every month's end from the one before ``first_year`` until today; again does nothing."""
    publish_rates(list(_rates(first_year, clock.now().date())), by=SOURCE)


def accept(entity: LegalEntity, valid: DateRange, version: MappingVersion) -> None:
    """The entity's books take the latest month-end table."""
    RatePolicy.objects.create(
        legal_entity=entity, valid=valid, version=version, max_age_days=MAX_AGE_DAYS
    )


def _rates(first_year: int, today: date) -> Iterable[NewRate]:
    for year in range(first_year - 1, today.year + 1):
        for month in range(1, 13):
            day = date(year, month, calendar.monthrange(year, month)[1])
            if day > today or (year < first_year and month < 12):
                continue
            for currency, quote in permutations(_DOLLARS, 2):
                if quote in QUOTES:
                    yield NewRate(currency, quote, day, _rate(currency, quote, day), SOURCE)


def _rate(currency: str, quote: str, day: date) -> Decimal:
    value = _worth(currency, day) / _worth(quote, day)
    return value.quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)


def _worth(currency: str, day: date) -> Decimal:
    """In dollars; a year is a little dearer than the one before."""
    moved = _MOVES[currency][day.month - 1] + (day.year % 5) * (currency != "USD")
    return _DOLLARS[currency] * (1000 + moved) / 1000
