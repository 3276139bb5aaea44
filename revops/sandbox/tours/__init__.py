"""
Guided tours of the demo, which are also its journeys: tests walk the same steps as people do.

``base`` says what a tour is and how far somebody has got, ``finding`` looks for what the console
made of a step. Each of the others is one tour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from revops.sandbox.tours import (
    amendment,
    booked_late,
    close_month,
    quote_to_cash,
    service_credit,
    usage_overage,
)
from revops.sandbox.tours.base import Tour

TOURS: Final[Sequence[Tour]] = (
    quote_to_cash.TOUR, amendment.TOUR, usage_overage.TOUR, service_credit.TOUR,
    booked_late.TOUR, close_month.TOUR,
)  # fmt: skip


def tour(slug: str) -> Tour | None:
    return next((one for one in TOURS if one.slug == slug), None)
