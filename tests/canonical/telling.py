"""
Events told to the records, one batch an event, as the line would: what has to wait is told again
after every other event. ``state`` is what the records say, without what depends on arrival.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models

from connectors.models import Connection
from revops.canonical import models as canonical
from revops.canonical.operations import Batch, Telling
from revops.canonical.operations.drifts import Difference
from revops.contracts import registry
from revops.contracts.base import EventData
from revops.kernel import clock
from revops.mappings.models import LegalEntity

DAWN = datetime(2026, 1, 1, tzinfo=UTC)

# What depends on who came first, and says nothing about the business.
_ARRIVAL = frozenset({
    "id", "correlation_id", "first_event_id", "created_at", "updated_at", "since", "told_at",
    "version", "rank", "record_id", "event_id",
})  # fmt: skip


def event(contract: str, **data: Any) -> EventData:
    return registry.read(f"{contract}/1", data)


@dataclass
class Said:
    """An event at ``minute`` of the story, from a connection. The version is the minute."""

    connection: Connection
    data: EventData
    minute: int
    id: int = 0


@dataclass
class Teller:
    """Tells events to the records of one legal entity and keeps what has to wait."""

    entity: LegalEntity
    waiting: list[Said] = field(default_factory=list)
    drifted: list[Difference] = field(default_factory=list)
    agreed: list[tuple[str, int]] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)

    def tell(self, said: Sequence[Said]) -> None:
        for number, one in enumerate(said, 1):
            one.id = one.id or number
            self.waiting.append(one)
            while sum(self._try(waits) for waits in list(self.waiting)):
                pass

    def _try(self, one: Said) -> bool:
        batch = Batch(one.connection.pk)
        batch.load([one.data])
        if batch.unmet(one.data):
            return False
        at = DAWN + timedelta(minutes=one.minute)
        change = batch.apply(
            one.data, Telling(one.minute, self.entity.pk, f"story-{one.id}", at, one.id)
        )
        batch.flush(clock.now())
        self.effects.append(change.effect.value)
        self.drifted.extend(batch.drifted)
        self.agreed.extend(batch.agreed)
        self.waiting.remove(one)
        return True


def state() -> dict[str, list[Any]]:
    """Every record by the ids of its source, in one order."""
    found: dict[str, list[Any]] = {}
    for model in (
        canonical.Party, canonical.Customer, canonical.Product, canonical.Price,
        canonical.PriceVersion, canonical.Opportunity, canonical.Quote, canonical.Contract,
        canonical.Subscription, canonical.Entitlement, canonical.Invoice, canonical.InvoiceLine,
        canonical.TaxDocument, canonical.Payment, canonical.Refund, canonical.Dispute,
        canonical.Payout, canonical.SupportCase, canonical.Credit, canonical.CreditApplication,
        canonical.Adjustment,
    ):  # fmt: skip
        rows = [_shown(one) for one in model._default_manager.all()]
        # A party that was merged away is only a signpost; which one it is depends on arrival.
        rows = [row for row in rows if model is not canonical.Party or not row["merged_into"]]
        if rows:
            found[model.__name__] = sorted(rows, key=str)
    found["Drift"] = sorted(
        (
            (one.record_kind, one.field, one.other.slug, str(one.owner_value), str(one.other_value))
            for one in canonical.Drift.objects.filter(closed_at=None)
        ),
        key=str,
    )
    return found


def _shown(record: models.Model) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for one in record._meta.concrete_fields:
        value = getattr(record, one.name)
        if one.name in _ARRIVAL:
            continue
        if isinstance(value, canonical.Party):
            value = sorted(value.customers.values_list("source_id", flat=True))
        elif isinstance(value, models.Model):
            value = getattr(value, "source_id", None) or str(value)
        shown[one.name] = value
    return shown
