"""Three-way views of where systems differ: what they agreed on, the owner's word, the other's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from revops.canonical.classes import class_of
from revops.canonical.models import Drift


@dataclass(frozen=True, slots=True)
class Voice:
    """A value, who says it (empty for what both agreed on), since when, by which inbound event."""

    value: Any
    system: str
    at: datetime | None
    event_id: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """``agreed`` is None when the two never said the same; ``closed_at`` while it lasts."""

    id: int
    record_kind: str
    record_id: int
    field: str
    money: bool
    agreed: Voice | None
    owner: Voice
    other: Voice
    opened_at: datetime
    closed_at: datetime | None

    @property
    def holds(self) -> str:
        """The class of data of what each of them says."""
        return class_of(self.record_kind, self.field).value


def differences(kind: str, record_ids: Iterable[int], *, closed: bool = False) -> list[Difference]:
    """
    Open differences of these records (``party`` or ``contract``), money first, then the oldest;
    with ``closed`` also those that are over. One query.
    """
    found = Drift.objects.filter(record_kind=kind, record_id__in=list(record_ids))
    if not closed:
        found = found.filter(closed_at=None)
    return [
        _difference(one)
        for one in found.select_related("owner", "other").order_by("-money", "opened_at", "id")
    ]


def _difference(one: Drift) -> Difference:
    agreed = Voice(one.agreed, "", one.agreed_at, one.agreed_event_id) if one.agreed_at else None
    return Difference(
        id=one.pk,
        record_kind=one.record_kind,
        record_id=one.record_id,
        field=one.field,
        money=one.money,
        agreed=agreed,
        owner=Voice(
            one.owner_value, one.owner.label if one.owner else "Console", one.owner_at,
            one.owner_event_id,
        ),
        other=Voice(one.other_value, one.other.label, one.other_at, one.other_event_id),
        opened_at=one.opened_at,
        closed_at=one.closed_at,
    )  # fmt: skip
