"""The strip of a case: the money’s way up to it, and where it stops."""

from __future__ import annotations

from typing import Final

from django.urls import reverse

from exceptions.models import Case
from exceptions.queries.detail import Detail
from revops.lineage import telling
from revops.lineage.queries import Hop, thread

_STRIP: Final = 8
_STRIP_KINDS: Final = (
    "subscription", "invoice", "payment", "refund", "payout", "credit", "support_case",
)  # fmt: skip


def _start(case: Case) -> tuple[str, int] | None:
    if case.record_kind and case.record_id:
        return case.record_kind, case.record_id
    return ("event", case.inbound_id) if case.inbound_id else None


def thread_url(case: Case) -> str:
    start = _start(case)
    return reverse("console:lineage", args=start) if start else ""


def strip_of(found: Detail) -> list[Hop]:
    """The money's hops up to this case: its records, its own journal and posting."""
    start = _start(found.case)
    told = thread(*start, brief=True) if start else None
    if told is None:
        return []
    journal = found.entry.pk if found.entry else None
    kept = [
        hop
        for hop in told.steps
        if hop.kind in _STRIP_KINDS
        or (hop.kind in ("journal", "posting") and (journal is None or hop.journal_id == journal))
        or (hop.kind == "event" and hop.inbound_id == found.case.inbound_id)
    ]
    # The business first, then the books: the end of the strip is where the money stops.
    kept.sort(key=lambda hop: hop.kind in ("journal", "posting"))
    return [*kept, *_asked_for(found.case)][-_STRIP:]


def _asked_for(case: Case) -> list[Hop]:
    """The case's command, where it is no journal's: a strip leaves out what others are told."""
    command = case.command
    if command is None or command.subject_kind == "journal":
        return []
    done = command.state == "posted"
    status = "done" if done else "refused" if command.state == "exception" else "waiting"
    return [
        Hop(
            kind="told",
            id=command.pk,
            label=telling.title(command.kind),
            name=telling.said(command.kind, command.payload),
            system=command.connection.label,
            status=status,
            status_word=status.capitalize(),
            missing="" if done else command.reason or "It is not there yet.",
            record=(command.subject_kind, command.subject_id),
            command_id=command.pk,
            connection=command.connection.slug,
        )
    ]


def where_it_stops(strip: list[Hop]) -> str:
    done = sum(1 for hop in strip if not hop.missing)
    first = next((hop for hop in strip if hop.missing), None)
    if first is not None and first.kind == "event":
        return f"{first.system} told of it, and it was put aside before it became a record."
    if first is None:
        return f"All {done} hops are done."
    place = "our journal" if first.kind == "journal" else first.system
    return f"{done} of {len(strip)} hops done. The money stops before {place}."
