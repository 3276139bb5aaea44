"""Which stored events somebody means: what the list of events shows is what a replay takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from exceptions.models import Case
from revops.events.models import BusinessEvent, InboundEvent, InboxState
from revops.ledger.models import JournalEntry

Events = QuerySet[InboundEvent, InboundEvent]
# Dead letters: what came in, and the line put aside for a person.
DEAD: Final = (InboxState.QUARANTINED, InboxState.POISON)
_ID: Final = re.compile(r"(?:EVT-)?(\d{1,18})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Chosen:
    """
    Each field narrows; blank ones do not. ``since`` and ``until`` (exclusive) are about when the
    event came here. ``words`` is an id: ours, the source's own of the event or its object, or a
    story's. ``case`` and ``event`` are numbers of ours.
    """

    connection: str = ""
    type: str = ""
    state: str = ""
    entity: str = ""
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""
    event: int | None = None
    case: int | None = None
    dead: bool = False

    def events(self) -> Events:
        """Those that the session sees, in no order, without their bodies."""
        found = InboundEvent.objects.defer("body")
        if self.connection:
            found = found.filter(connection__slug=self.connection)
        if self.type:
            found = found.filter(type=self.type)
        if self.state:
            found = found.filter(state=self.state)
        if self.dead:
            found = found.filter(state__in=DEAD)
        if self.since is not None:
            found = found.filter(received_at__gte=self.since)
        if self.until is not None:
            found = found.filter(received_at__lt=self.until)
        if self.entity:
            told = BusinessEvent.objects.filter(inbound=OuterRef("pk"), legal_entity=self.entity)
            found = found.filter(Exists(told))
        if self.event is not None:
            found = found.filter(pk=self.event)
        if self.case is not None:
            found = found.filter(pk__in=events_of_case(self.case))
        return found.filter(_named(self.words)) if self.words else found

    @property
    def narrows(self) -> bool:
        """Whether anything was chosen at all."""
        return self != Chosen()


def events_of_case(number: int) -> list[int]:
    """The event that a case is about, or the one whose entry it could not post."""
    case = Case.objects.select_related("command").filter(pk=number).first()
    if case is None:
        return []
    if case.inbound_id is not None:
        return [case.inbound_id]
    command = case.command
    if command is None or command.subject_kind != "journal":
        return []
    told = JournalEntry.objects.filter(pk=command.subject_id)
    return [id for id in told.values_list("business_event__inbound", flat=True) if id is not None]


def _named(words: str) -> Q:
    """By index, whole ids only: parts of them would be looked for in every row."""
    found = Q(source_event_id=words) | Q(object_id=words) | Q(correlation_id=words)
    number = _ID.fullmatch(words)
    return found | Q(pk=int(number[1])) if number else found
