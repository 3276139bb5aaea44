"""Lists for services. Filters that are None or empty do not filter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from exceptions.models import Case, CaseState
from revops.delivery.decide import State
from revops.delivery.models import OutboundCommand
from revops.ledger.models import JournalEntry, JournalLine

JOURNAL: Final = "journal"

# How the posting of an entry stands, in the words of the screens.
POSTING: Final[dict[State, str]] = {
    State.PENDING: "waiting",
    State.CLAIMED: "waiting",
    State.SENDING: "sending",
    State.RETRY_WAIT: "retrying",
    State.UNKNOWN: "in_doubt",
    State.POSTED: "posted",
    State.EXCEPTION: "held",
    State.CANCELLED: "cancelled",
}


def cases(
    *,
    state: str | None = None,
    kind: str | None = None,
    entity: str | None = None,
    period: str | None = None,
    connection: str | None = None,
) -> QuerySet[Case, Case]:
    """``state`` is a CaseState value, or ``unresolved`` for all but resolved."""
    rows = Case.objects.select_related("legal_entity")
    if state == "unresolved":
        rows = rows.exclude(state=CaseState.RESOLVED)
    elif state:
        rows = rows.filter(state=state)
    exact = {
        "kind": kind,
        "legal_entity__code": entity,
        "period_code": period,
        "connection_slug": connection,
    }
    return rows.filter(**{column: value for column, value in exact.items() if value})


def thread_of_case(case_id: int) -> tuple[str, int] | None:
    """Where the thread of what a case is about begins: (kind, id)."""
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        return None
    if case.command_id:
        return "command", case.command_id
    if case.record_kind and case.record_id:
        return case.record_kind, case.record_id
    return ("event", case.inbound_id) if case.inbound_id else None


def journals(
    *,
    entity: str | None = None,
    period: str | None = None,
    account: str | None = None,
    state: str | None = None,
    business_key: str | None = None,
) -> QuerySet[JournalEntry, JournalEntry]:
    """
    ``state`` is one of POSTING's words, of any of the entry's postings, or ``not_routed`` for
    entries that no ERP was asked to post.
    """
    rows = JournalEntry.objects.select_related("legal_entity", "period")
    exact = {
        "legal_entity__code": entity,
        "period__code": period,
        "business_key": business_key,
    }
    rows = rows.filter(**{column: value for column, value in exact.items() if value})
    if account:
        rows = rows.filter(
            Exists(JournalLine.objects.filter(entry_id=OuterRef("pk"), account=account))
        )
    if state:
        commands = OutboundCommand.objects.filter(subject_kind=JOURNAL, subject_id=OuterRef("pk"))
        if state == "not_routed":
            return rows.filter(~Exists(commands))
        meant = [key.value for key, word in POSTING.items() if word == state]
        rows = rows.filter(Exists(commands.filter(state__in=meant)))
    return rows


def postings_of(entries: Collection[JournalEntry]) -> dict[int, list[OutboundCommand]]:
    """The commands that post each entry, by its id; one query for all of them."""
    found: dict[int, list[OutboundCommand]] = defaultdict(list)
    commands = OutboundCommand.objects.filter(
        subject_kind=JOURNAL, subject_id__in=[entry.pk for entry in entries]
    )
    for command in commands.select_related("connection").order_by("pk"):
        found[command.subject_id].append(command)
    return found
