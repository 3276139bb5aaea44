"""What prices were on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from revops.canonical.models import PriceVersion


def prices_on(price_ids: Iterable[int], day: date) -> dict[int, PriceVersion]:
    """
    The terms of each price on a day, by our id of the price; one query.

    A price that was told of later than the day is taken as it was first told: nobody sold it before
    it had one.
    """
    found: dict[int, PriceVersion] = {}
    for one in PriceVersion.objects.filter(price_id__in=list(price_ids)).order_by(
        "price_id", "valid_from"
    ):
        if one.valid_from <= day or one.price_id not in found:
            found[one.price_id] = one
    return found
