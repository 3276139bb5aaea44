"""Reading the list: events that came, and commands that were sent, the newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q, QuerySet

from revops.canonical.models import ExternalReference
from revops.console.events import filters
from revops.delivery.models import OutboundCommand
from revops.events.models import InboundEvent
from revops.kernel.privacy import PII
from revops.pipeline.normalize import API_TYPE, OWN_TYPE
from revops.pipeline.replay.chosen import DEAD, Chosen
from revops.web.csv_files import Column, instant_cell
from revops.web.exports import MOST_ROWS
from revops.web.filters import State
from revops.web.lists import page_at
from revops.web.pagination import Page, capped_count

_ORDER: Final = ("-id",)
_PUBLISHED: Final = (API_TYPE, OWN_TYPE)
_MOST_FOUND: Final = 50
COLUMNS: Final = (
    "id", "direction", "time", "system", "type", "schema_version", "subject", "key", "state",
    Column("reason", PII), "attempts", "deliveries", "lag_ms", "correlation_id",
)  # fmt: skip
_STATUS: Final = {"exception": "refused"}
_ROUTES: Final = {"webhook": "webhook", "poll": "found by asking", "api": "API", "file": "file"}


@dataclass(frozen=True, slots=True)
class Row:
    """
    A line of the list, whichever way it went. ``lag`` is how many milliseconds it took from being
    stored to being done, None while it is not done.
    """

    id: int
    reference: str
    inbound: bool
    at: datetime
    system: str
    type: str
    version: str
    subject: str
    key: str
    route: str
    status: str
    reason: str
    attempts: int
    deliveries: int
    lag: int | None
    correlation_id: str

    @property
    def direction(self) -> str:
        return "in" if self.inbound else "out"


def page_of(state: State, *, at: datetime) -> Page[Any]:
    """``rows`` are models; ``row_of`` makes a line of one. Two queries."""
    rows = sent(state, at=at) if state.one("show") == "out" else came(state, at=at)
    return page_at(rows, state, order=_ORDER)


def came(state: State, *, at: datetime) -> QuerySet[InboundEvent, InboundEvent]:
    """The events that the address asks for."""
    return filters.chosen_of(state, at=at).events().select_related("connection")


def sent(state: State, *, at: datetime) -> QuerySet[OutboundCommand, OutboundCommand]:
    """The commands that the address asks for: what differs is that they have other ids."""
    chosen = filters.chosen_of(state, at=at)
    found = OutboundCommand.objects.select_related("connection").defer("payload")
    if chosen.connection:
        found = found.filter(connection__slug=chosen.connection)
    if chosen.type:
        found = found.filter(kind=chosen.type)
    if state.one("state") in filters.SENT:
        found = found.filter(state=state.one("state"))
    if chosen.entity:
        found = found.filter(legal_entity__code=chosen.entity)
    if chosen.since is not None:
        found = found.filter(created_at__gte=chosen.since)
    if chosen.until is not None:
        found = found.filter(created_at__lt=chosen.until)
    return found.filter(_named(chosen.words)) if chosen.words else found


def row_of(one: InboundEvent | OutboundCommand) -> Row:
    """A line of the list."""
    return _came(one) if isinstance(one, InboundEvent) else _sent(one)


def type_of(one: InboundEvent) -> str:
    """What it is called; of what came as a business event already, its contract."""
    return (one.schema_version or one.type) if one.type in _PUBLISHED else one.type


def dead_letters(chosen: Chosen) -> int:
    """How many events wait for a person. One query, by index."""
    found = InboundEvent.objects.filter(state__in=DEAD)
    if chosen.entity:
        found = Chosen(entity=chosen.entity, dead=True).events()
    return capped_count(found).number


def every(state: State, *, at: datetime) -> Iterator[list[str]]:
    """The lines of the CSV: the current filter, up to MOST_ROWS."""
    rows: Any = sent(state, at=at) if state.one("show") == "out" else came(state, at=at)
    for one in rows.order_by(*_ORDER)[:MOST_ROWS].iterator(chunk_size=500):
        row = row_of(one)
        yield [
            row.reference, row.direction, instant_cell(row.at), row.system, row.type, row.version,
            row.subject, row.key, row.status, row.reason, str(row.attempts), str(row.deliveries),
            "" if row.lag is None else str(row.lag), row.correlation_id,
        ]  # fmt: skip


def _came(one: InboundEvent) -> Row:
    return Row(
        id=one.pk, reference=str(one), inbound=True, at=one.received_at,
        system=one.connection.label, type=type_of(one),
        version="" if one.type in _PUBLISHED else one.schema_version,
        subject=f"{one.object_type} {one.object_id}".strip(), key=one.source_event_id,
        route=_ROUTES.get(one.channel, one.channel), status=one.state, reason=one.reason,
        attempts=one.fence, deliveries=one.deliveries, lag=_took(one.received_at, one.processed_at),
        correlation_id=one.correlation_id,
    )  # fmt: skip


def _sent(one: OutboundCommand) -> Row:
    return Row(
        id=one.pk, reference=str(one), inbound=False, at=one.created_at,
        system=one.connection.label, type=one.kind, version="", key=one.key, route="",
        subject=one.external_number or one.external_id or one.business_key,
        status=_STATUS.get(one.state, one.state), reason=one.reason, attempts=one.attempts,
        deliveries=1, lag=_took(one.created_at, one.finished_at),
        correlation_id=one.correlation_id,
    )  # fmt: skip


def _took(since: datetime, until: datetime | None) -> int | None:
    return None if until is None else round((until - since).total_seconds() * 1000)


def _named(words: str) -> Q:
    """Ids whole, by index: our key, ours of the command, or what the target made of it."""
    found = Q(key=words)
    digits = words.upper().removeprefix("CMD-")
    if digits.isascii() and digits.isdigit() and len(digits) < 19:
        found |= Q(pk=int(digits))
    made = ExternalReference.objects.filter(external_id=words, record_kind="journal")
    journals = list(made.values_list("record_id", flat=True)[:_MOST_FOUND])
    return found | Q(subject_kind="journal", subject_id__in=journals) if journals else found
