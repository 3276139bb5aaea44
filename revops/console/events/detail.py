"""One event: what it means, what changed since the one before, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Q

from exceptions.models import Case
from exceptions.payloads import leaves, readable
from revops.contracts.registry import CONTRACTS
from revops.delivery.models import OutboundCommand
from revops.events.models import BusinessEvent, EventConflict, InboundEvent
from revops.ledger.models import JournalEntry
from revops.pipeline.models import StepRun
from revops.pipeline.normalize import normalize
from revops.pipeline.replay.contract import claimed, source_to_read

_MOST: Final = 25
_MOST_FIELDS: Final = 60


@dataclass(frozen=True, slots=True)
class Check:
    """
    What reading the event again says. ``holds`` is None when it could not be read at all: its
    payload is gone. ``problems`` are (field, sentence), ``contracts`` what it means.
    """

    holds: bool | None
    sentence: str
    problems: Sequence[tuple[str, str]] = ()
    contracts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """A field that the version before said differently; blank where it was not there."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Detail:
    """``before`` and ``after`` are the neighbouring events about the same object."""

    event: InboundEvent
    meanings: Sequence[BusinessEvent]
    conflicts: Sequence[EventConflict]
    cases: Sequence[Case]
    journals: Sequence[JournalEntry]
    commands: Sequence[OutboundCommand]
    before: InboundEvent | None
    after: InboundEvent | None

    @property
    def lag(self) -> int | None:
        done = self.event.processed_at
        return (
            None if done is None else (done - self.event.received_at) // timedelta(milliseconds=1)
        )

    @property
    def late(self) -> timedelta | None:
        """How long after it happened it came, when that is more than a second."""
        late = self.event.received_at - self.event.occurred_at
        return late if late > timedelta(seconds=1) else None


def detail(number: int) -> Detail | None:
    """What the session sees of it; None when that is nothing. Eight queries."""
    event = InboundEvent.objects.select_related("connection").filter(pk=number).first()
    if event is None:
        return None
    meanings = list(BusinessEvent.objects.filter(inbound=event).order_by("position")[:_MOST])
    told = [one.pk for one in meanings]
    journals = list(
        JournalEntry.objects.filter(business_event__in=told)
        .select_related("legal_entity").order_by("pk")[:_MOST]
    )  # fmt: skip
    steps = StepRun.objects.filter(run__business_event__in=told, command__isnull=False)
    caused = Q(subject_kind="journal", subject_id__in=[one.pk for one in journals]) | Q(
        pk__in=list(steps.values_list("command", flat=True)[:_MOST])
    )
    commands = OutboundCommand.objects.select_related("connection").defer("payload").filter(caused)
    near = InboundEvent.objects.none()
    if event.object_id:
        near = InboundEvent.objects.filter(
            connection=event.connection, object_type=event.object_type, object_id=event.object_id
        )
    return Detail(
        event=event,
        meanings=meanings,
        conflicts=list(event.conflicts.order_by("received_at")[:_MOST]),
        cases=list(
            Case.objects.filter(
                Q(inbound=event) | Q(command__in=[one.pk for one in commands[:_MOST]])
            ).order_by("-pk")[:_MOST]
        ),
        journals=journals,
        commands=list(commands.order_by("pk")[:_MOST]),
        before=near.filter(pk__lt=event.pk).order_by("-pk").first(),
        after=near.filter(pk__gt=event.pk).defer("body").order_by("pk").first(),
    )  # fmt: skip


def check(event: InboundEvent) -> Check:
    """Read it as the line does, without its connection's secrets, and change nothing."""
    if not bytes(event.body):
        return Check(None, "The payload was deleted when its time was over; its traces stay.")
    understood = normalize(
        source_to_read(event.connection), claimed(event), zone_of=lambda data: None
    )
    contracts = [meaning.data.contract for meaning in understood.meanings]
    if understood.problem:
        return Check(False, understood.problem, understood.problem_facts)
    if understood.fetches:
        return Check(True, "It only names its object, which is asked for.")
    if not contracts:
        return Check(True, understood.ignored or "It changes nothing that the books follow.")
    count = len(contracts)
    held = "its contract" if count == 1 else f"{count} contracts"
    return Check(True, f"Every field holds what {held} ask{'s' if count == 1 else ''} for.",
                 contracts=contracts)  # fmt: skip


def changed(found: Detail, *, revealed: bool) -> list[Changed]:
    """The fields that the event before it of the same object said differently, by path."""
    if found.before is None:
        return []
    old, new = (leaves(_text(one), revealed=revealed) for one in (found.before, found.event))
    paths = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))
    return [
        Changed(path, _said(old.get(path, "")), _said(new.get(path, "")))
        for path in paths[:_MOST_FIELDS]
    ]


def _said(value: str) -> str:
    """A field that was sent with nothing in it is not one that was left out."""
    return "empty" if value == "null" else value


def payload(event: InboundEvent, *, revealed: bool) -> str:
    """What was sent, for people."""
    return readable(_text(event), revealed=revealed)


def meaning_words(one: BusinessEvent) -> str:
    """The first sentence of what its contract is about."""
    model = CONTRACTS.get(one.contract)
    said = " ".join((model.__doc__ or "").split()) if model else ""
    return f"{said.partition('. ')[0].removesuffix('.')}." if said else ""


def _text(event: InboundEvent) -> str:
    return bytes(event.body).decode("utf-8", errors="replace")
