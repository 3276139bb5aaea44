"""Rows of the database as hops, in the words of the page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from revops.kernel.money import Money
from revops.lineage.expected import Absent
from revops.lineage.kinds import KINDS
from revops.lineage.queries.hops import DOCUMENTS, LABELS, Hop
from revops.lineage.queries.reach import Node

_CHANNELS: Final = {"webhook": "Webhook", "poll": "Poll", "api": "API call", "file": "File row"}

# What this console itself said, in the name of the system that holds the record.
_OWN: Final = "console.own"

# (kind, state of the record) → (status of the house, word)
_STATES: Final = {
    ("opportunity", "open"): ("open", ""),
    ("opportunity", "won"): ("done", "Won"),
    ("opportunity", "lost"): ("cancelled", "Lost"),
    ("quote", ""): ("done", "Accepted"),
    ("contract", "active"): ("done", "Signed"),
    ("contract", "cancelled"): ("cancelled", ""),
    ("subscription", "paused"): ("paused", ""),
    ("subscription", "cancelled"): ("cancelled", ""),
    ("entitlement", "revoked"): ("cancelled", "Revoked"),
    ("rated_line", "running"): ("running", ""),
    ("rated_line", "rated"): ("done", "Rated"),
    ("invoice", "issued"): ("issued", ""),
    ("invoice", "paid"): ("paid", ""),
    ("invoice", "overdue"): ("late", "Overdue"),
    ("invoice", "written_off"): ("cancelled", "Written off"),
    ("invoice", "void"): ("cancelled", "Void"),
    ("tax", ""): ("done", "Calculated"),
    ("payment", "applied"): ("done", "Applied"),
    ("payment", "failed"): ("failed", "Declined"),
    ("payment", "returned"): ("failed", "Returned"),
    ("dispute", "open"): ("at_risk", "Disputed"),
    ("dispute", "won"): ("done", "Won"),
    ("dispute", "lost"): ("failed", "Lost"),
    ("refund", ""): ("done", "Refunded"),
    ("credit", "requested"): ("waiting", "Requested"),
    ("credit", "approved"): ("waiting", "Approved"),
    ("credit", "rejected"): ("cancelled", "Rejected"),
    ("credit", "issued"): ("issued", ""),
    ("support_case", "escalated"): ("at_risk", "Escalated"),
    ("support_case", "resolved"): ("done", "Resolved"),
    ("payout", "settled"): ("done", "Settled"),
    ("payout", "returned"): ("failed", "Returned"),
}
# What a journal is expected for, unless the line noted why there is none.
_JOURNALED: Final = frozenset(
    {("invoice", "issued"), ("invoice", "paid"), ("invoice", "overdue"), ("payment", "applied"),
     ("refund", ""), ("credit", "issued"), ("payout", "settled")}
)  # fmt: skip
_STUCK: Final = frozenset({"parked", "quarantined", "poison"})


def record(
    row: Any,
    *,
    at: datetime,
    began: datetime | None,
    amount: Money | None,
    difference: Money | None,
    references: Sequence[Any],
    after: tuple[str, ...] = (),
) -> Hop:
    status, word = _STATES.get((row.kind, row.state), ("active", ""))
    facts = [("Dated", row.dated.isoformat())] if row.dated else []
    if row.due_on:
        facts.append((KINDS[row.kind].due_word, row.due_on.isoformat()))
    if row.note:
        facts.append(("Reason", row.note))
    return Hop(
        kind=row.kind,
        id=row.id,
        label=LABELS[row.kind],
        name=row.name or row.source_id,
        system=row.system,
        status=status,
        status_word=word,
        ids=_ids(row, references),
        amount=amount,
        difference=difference,
        note=row.note.rstrip("."),
        began=began,
        at=at,
        record=(row.kind, row.id),
        connection=row.slug,
        legal_entity=row.legal_entity,
        correlation_id=row.correlation_id,
        facts=facts,
        after=after,
        known=row.created_at,
        one=row.one,
    )


def _ids(row: Any, references: Sequence[Any]) -> list[tuple[str, str]]:
    held = {row.source_id: row.system}
    if row.kind == "invoice" and row.name:
        held.setdefault(row.name, "Number")
    for reference in references:
        held.setdefault(reference.external_id, reference.system)
    return [(what, id) for id, what in held.items()]


def as_it_was(event: Any, as_of: datetime | None) -> Any:
    """The event's row as of a moment: what was understood later had only been received."""
    if as_of is None or (event.processed_at is not None and event.processed_at <= as_of):
        return event
    return event._replace(state="received", reason="", deliveries=1, note="")


def event(row: Any, *, about: Node | None = None) -> Hop:
    """A delivery; beside its record, or a hop of its own when it led to none."""
    again = row.deliveries - 1
    repeats = "" if again < 1 else f"came {row.deliveries:,} times, counted once"
    stuck = row.state in _STUCK
    own = row.type == _OWN
    return Hop(
        kind="event",
        id=row.id,
        label="Said here" if own else _CHANNELS.get(row.channel, "Event"),
        name=(row.contract or row.type).partition("/")[0] if own else row.type,
        system="Console" if own else row.system,
        status=row.state,
        ids=[(row.system, row.source_event_id), ("Console", f"EVT-{row.id}")],
        note=repeats or row.note,
        began=row.occurred_at,
        at=row.received_at,
        missing=row.reason if stuck else "",
        aside=about is not None,
        record=about,
        inbound_id=row.id,
        connection=row.slug,
        correlation_id=row.correlation_id,
        after=_of(about),
        known=row.received_at,
        facts=[
            (label, value)
            for label, value in (
                ("Means", row.contract or ""),
                ("Why nothing followed", row.reason if row.state == "ignored" else ""),
                ("For the books", row.note),
            )
            if value
        ],
    )


def journal(
    entry: Any,
    *,
    about: Node | None,
    amount: Money,
    difference: Money | None,
    began: datetime | None,
    held: bool,
    references: Sequence[Any],
) -> Hop:
    document = DOCUMENTS.get(entry.document_type, entry.document_type)
    status, word = ("held", "") if held else ("done", "Recorded")
    if entry.reversed:
        status, word = "reversed", ""
    return Hop(
        kind="journal",
        id=entry.id,
        label=LABELS["journal"],
        name=f"JE-{entry.id}",
        system="Console",
        status=status,
        status_word=word,
        ids=[("Console", f"JE-{entry.id}")]
        + [(reference.system, reference.external_id) for reference in references],
        amount=amount,
        difference=difference,
        note=f"undoes JE-{entry.reverses_id}" if entry.reverses_id else document.lower(),
        began=began,
        at=entry.recorded_at,
        record=about,
        journal_id=entry.id,
        legal_entity=entry.legal_entity,
        correlation_id=entry.correlation_id,
        after=_of(about),
        known=entry.recorded_at,
        facts=[
            ("Accounting date", entry.accounting_date.isoformat()),
            *_own_day(entry),
            ("Period", f"{entry.period}, {entry.period_state.replace('_', ' ')}"),
            ("Rule", entry.rule),
            ("Mapping version", str(entry.mapping_version)),
        ],
    )


def _own_day(entry: Any) -> list[tuple[str, str]]:
    """The document's own day, where its period was closed and it posts later."""
    day = entry.document_date
    return [("Document’s own day", f"{day.isoformat()}; posted later")] if day else []


def absent_journal(row: Any, told: Sequence[Any], amount: Money | None) -> Hop | None:
    """The journal that a record should have and has not, or why it needs none."""
    if (row.kind, row.state) not in _JOURNALED or not amount:
        return None
    # In the last line that spoke of it: earlier notes are of events that needed none.
    notes = [event.note for event in told if event.note]
    stuck = [event.reason for event in told if event.state in _STUCK and event.reason]
    common: dict[str, Any] = {
        "kind": "journal",
        "id": None,
        "label": LABELS["journal"],
        "name": "none",
        "system": "Console",
        "record": (row.kind, row.id),
        "legal_entity": row.legal_entity,
        "correlation_id": row.correlation_id,
        "after": (f"{row.kind}-{row.id}",),
    }
    if notes and len(notes) == len(told):
        return Hop(**common, status="not_due", status_word="None needed", note=notes[0])
    return Hop(
        **common,
        status="missing",
        amount=amount - amount,
        difference=-amount,
        missing=stuck[0] if stuck else "The line has not made it.",
        inbound_id=told[0].id if told else None,
    )


def awaited(row: Any, gap: Absent) -> Hop:
    """The step that the record should have led to: not due yet, or missing since its day."""
    by = f"Expected by {gap.by.isoformat()}"
    return Hop(
        kind=gap.kind,
        id=None,
        label=LABELS[gap.kind],
        name="none yet",
        system=row.system,
        status="missing" if gap.late else "not_due",
        note="" if gap.late else by,
        began=datetime.combine(gap.by + timedelta(days=1), time(), tzinfo=UTC)
        if gap.late
        else None,
        missing=f"{by}: {gap.why}" if gap.late else "",
        record=(row.kind, row.id),
        legal_entity=row.legal_entity,
        correlation_id=row.correlation_id,
        after=(f"{row.kind}-{row.id}",),
    )


def _of(about: Node | None) -> tuple[str, ...]:
    return (f"{about[0]}-{about[1]}",) if about is not None else ()
