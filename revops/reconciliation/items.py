"""
A row of one side as a break keeps it, and what several of them come to. Pure.

``Break.left`` and ``Break.right`` are lists of ``Item.as_json``: whoever writes breaks writes this
shape, and whoever reads them reads it here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Item:
    """
    ``id`` names the row on its side for ever (``item_key`` of a check's side). ``amount`` and
    ``tax`` are minor units of ``currency``; ``dated`` is None where the side tells no day; ``key``
    is what both sides know it by.
    """

    id: str
    currency: str
    amount: int
    number: str = ""
    reference: str = ""
    party: str = ""
    tax: int | None = None
    dated: date | None = None
    state: str = ""
    record_kind: str = ""
    record_id: int | None = None
    key: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Item:
        """The row as it was kept; keys that it does not have are blank."""
        dated, record, tax = row.get("dated"), row.get("record_id"), row.get("tax")
        return cls(
            id=str(row["id"]), currency=row["currency"], amount=int(row["amount"]),
            number=row.get("number") or "", reference=row.get("reference") or "",
            party=row.get("party") or "", tax=None if tax is None else int(tax),
            dated=date.fromisoformat(dated) if dated else None, state=row.get("state") or "",
            record_kind=row.get("record_kind") or "",
            record_id=int(record) if record not in (None, "") else None, key=row.get("key") or "",
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Plain values, the same for the same row."""
        dated = self.dated.isoformat() if self.dated else None
        return {name: getattr(self, name) for name in _NAMES} | {"dated": dated}

    @property
    def name(self) -> str:
        """What people call it."""
        return self.number or self.id


_NAMES: Final = tuple(field.name for field in fields(Item))


def total(items: Iterable[Item]) -> int:
    """Their sum in minor units; of one currency, which the caller sees to."""
    return sum(item.amount for item in items)
