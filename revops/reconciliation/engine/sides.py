"""The two SELECTs of a check, with the values of one legal entity and range of days in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from connectors import registry
from connectors.models import Connection
from revops.reconciliation.checks.base import Check, Side
from revops.reconciliation.engine.rows import Which
from revops.store import sql

# How far from its period the counterpart of a row is looked for.
AROUND: Final = timedelta(days=62)
EVER: Final = (date(1970, 1, 1), date(2199, 12, 31))


@dataclass(frozen=True, slots=True)
class Scope:
    """
    What one run compares. ``left`` and ``right`` are connections' ids, None for our records;
    ``days_within`` is how far the days of one key may be apart, None when they do not matter.
    """

    pair_id: int
    check: Check
    left: int | None
    right: int | None
    entity_id: int
    period_code: str
    starts: date
    ends: date
    days_within: int | None = None

    def side(self, which: Which) -> Side:
        return self.check.left if which == "left" else self.check.right

    def connection(self, which: Which) -> int | None:
        return self.left if which == "left" else self.right

    def select(self, which: Which, *, days: tuple[date, date] | None = None) -> str:
        """The side's rows as a statement without parameters; of other ``days`` when given."""
        first, latest = days or (self.starts, self.ends)
        values: dict[str, Any] = {
            "entity": self.entity_id,
            "starts": first,
            "ends": latest,
            "connection": self.connection(which),
            "other": self.connection("right" if which == "left" else "left"),
        }
        if "%(naming)s" in self.side(which).query:
            values["naming"] = self._naming()
        return sql.literal(self.side(which).query, values)

    def _naming(self) -> list[str]:
        """Kinds of command that make the customers they name, in the systems of this pair."""
        held = Connection.objects.filter(pk__in=[self.left, self.right])
        manifests = map(registry.manifest, held.values_list("connector", flat=True))
        return sorted({kind for manifest in manifests for kind in manifest.makes_customers})

    def around(self) -> tuple[date, date]:
        return self.starts - AROUND, self.ends + AROUND
