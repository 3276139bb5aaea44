"""Which policy holds for a legal entity and a meter on a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from revops.usage.models import Calendar, LatePolicy, Policy
from revops.usage.spans import Since, Timeline

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
        held: dict[tuple[int | None, str], list[Since[Held]]] = defaultdict(list)
        for row in found:
            policy = Held(
                row.late, row.calendar == Calendar.ANNIVERSARY, row.grace_days,
                tuple(row.thresholds),
            )  # fmt: skip
            held[row.legal_entity_id, row.meter].append(Since(row.valid_from or date.min, policy))
        self._held = {key: Timeline(entries) for key, entries in held.items()}

    def of(self, entity_id: int | None, meter: str, day: date) -> Held:
        """What held on the day of the usage."""
        for key in ((entity_id, meter), (None, meter), (entity_id, ""), (None, "")):
            found = self._held[key].on(day) if key in self._held else None
            if found is not None:
                return found
        return Held()
