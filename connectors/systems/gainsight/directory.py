"""Which companies of Gainsight are meant: found by any id that is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from connectors.systems.gainsight.answers import Json
from connectors.systems.gainsight.names import COMPANY, DIGEST, KEY, VERSION, Names
from connectors.systems.gainsight.payloads import Who
from connectors.systems.gainsight.wire import Gainsight, Where

# As many values as one condition is given.
_VALUES: Final = 200


class SeveralMeant(LookupError):
    """The ids lead to different companies; the message names them."""


class Directory:
    """The companies that a batch speaks of, by (field, value)."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._rows: dict[tuple[str, str], Json] = {}

    async def fill(self, tenant: Gainsight, asked: Iterable[Who]) -> None:
        """Read what is not known yet, in one call for each 200 values of a field. May raise."""
        wanted: dict[str, set[str]] = {}
        for who in asked:
            for name, value in self.ids(who):
                if (name, value) not in self._rows:
                    wanted.setdefault(name, set()).add(value)
        fields = list(dict.fromkeys(["Gsid", "Name", KEY, DIGEST, VERSION, *self._id_fields()]))
        while wanted:
            where, rest = [], {}
            for name, values in wanted.items():
                ordered = sorted(values)
                where.append(Where(name, "IN", ordered[:_VALUES]))
                if ordered[_VALUES:]:
                    rest[name] = set(ordered[_VALUES:])
            for row in await tenant.read(COMPANY, fields, where, joined="OR"):
                self.add(row)
            wanted = rest

    def add(self, row: Json) -> None:
        for name in ("Gsid", *self._id_fields()):
            value = row.get(name)
            if isinstance(value, str) and value:
                self._rows.setdefault((name, value), row)

    def find(self, who: Who) -> tuple[Json, str] | None:
        """The company's record and the field that led to it. Raises SeveralMeant."""
        found = [(self._rows[pair], pair[0]) for pair in self.ids(who) if pair in self._rows]
        if not found:
            return None
        if len({row.get("Gsid") for row, _ in found}) > 1:
            listed = ", ".join(sorted({str(row.get("Name")) for row, _ in found}))
            raise SeveralMeant(f"The customer's ids lead to several companies there: {listed}.")
        return found[0]

    def ids(self, who: Who) -> Sequence[tuple[str, str]]:
        """(field, value), the surest first."""
        fields = dict(self._names.others)
        return [
            *([("Gsid", who.gsid)] if who.gsid else []),
            (self._names.customer_field, who.customer_id),
            *(
                (fields[other.system], other.id)
                for other in who.other_ids
                if other.system in fields
            ),
        ]

    def _id_fields(self) -> list[str]:
        return [self._names.customer_field, *(name for _, name in self._names.others)]
