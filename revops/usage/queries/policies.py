"""Which policy holds for a legal entity and a meter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from revops.usage.models import Calendar, LatePolicy, Policy

USUAL: Final = (Decimal("0.8"), Decimal(1), Decimal("1.2"))


@dataclass(frozen=True, slots=True)
class Held:
    """A policy's values; ``anniversary``: periods count from the subscription's start."""

    late: str = LatePolicy.NEXT.value
    anniversary: bool = False
    grace_days: int = 3
    thresholds: tuple[Decimal, ...] = USUAL


class Policies:
    """All policies, read once; the meter's own before the entity's, both before either."""

    def __init__(self, rows: Iterable[Policy] | None = None) -> None:
        found = Policy.objects.all() if rows is None else rows
        self._held = {
            (row.legal_entity_id, row.meter): Held(
                row.late, row.calendar == Calendar.ANNIVERSARY, row.grace_days,
                tuple(row.thresholds),
            )
            for row in found
        }  # fmt: skip

    def of(self, entity_id: int | None, meter: str) -> Held:
        for key in ((entity_id, meter), (None, meter), (entity_id, ""), (None, "")):
            if key in self._held:
                return self._held[key]
        return Held()
