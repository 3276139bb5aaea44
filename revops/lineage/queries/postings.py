"""Commands as hops: the ERP's move, or the place where it should be, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from revops.kernel.money import Money
from revops.lineage.queries.hops import LABELS, Hop, Try
from revops.lineage.queries.reach import Node


def posting(command: Any, entry: Any, *, about: Node | None, tries: Sequence[Any]) -> Hop:
    """The ERP's move, or the place where it should be."""
    status, reason = standing(command)
    known = Money(command.amount, command.currency)
    posted = command.state == "posted"
    # The ERP said no, and another entry took the place of this one: nothing is missing there.
    replaced = command.state == "cancelled" and entry.reversed
    unsure = command.state == "unknown" or replaced
    amount = known if posted else None if unsure else known - known
    made = [attempt(row) for row in tries]
    sends = [item for item in made if not item.asked]
    number = command.external_number or command.external_id or ""
    return Hop(
        kind="posting",
        id=command.id,
        label=LABELS["command"],
        name=number or "no id yet",
        system=command.system,
        status=status,
        ids=[
            *_ids(command),
            ("Our key", command.key),
            ("Console", f"CMD-{command.id}"),
        ],
        amount=amount,
        difference=amount - Money(entry.amount, entry.currency) if amount is not None else None,
        note=command.reason
        if replaced
        else ""
        if command.lane == "primary"
        else f"lane {command.lane}",
        began=entry.recorded_at,
        at=command.finished_at if posted else None,
        took=sends[-1].took if posted and sends else None,
        missing="" if replaced else reason,
        record=about,
        journal_id=entry.id,
        command_id=command.id,
        connection=command.slug,
        legal_entity=entry.legal_entity,
        correlation_id=command.correlation_id,
        facts=[("Mapping version", str(entry.mapping_version))],
        tries=made,
        after=(f"journal-{entry.id}",),
        known=command.finished_at,
    )


def as_it_was(command: Any, as_of: datetime | None) -> Any:
    """The command's row as of a moment: what ended later had not ended, and has no number yet."""
    if as_of is None or (command.finished_at is not None and command.finished_at <= as_of):
        return command
    return command._replace(
        state="pending", finished_at=None, external_id="", external_number="", reason="",
        breaker=None, paused_at=None,
    )  # fmt: skip


def _ids(command: Any) -> list[tuple[str, str]]:
    """What the ERP calls it: the number that people read, and the id of the row."""
    number, row = command.external_number or "", command.external_id or ""
    if not number or number == row:
        return [(command.system, row)] if row else []
    return [(f"{command.system} number", number), *([(f"{command.system} id", row)] if row else [])]


def standing(command: Any) -> tuple[str, str]:
    """(status, why the ERP does not surely hold it: “” while all goes well)."""
    match command.state:
        case "posted":
            return "posted", ""
        case "unknown":
            return "in_doubt", "It was sent and not answered, so it may be there or not."
        case "exception":
            return "missing", command.reason or "It was refused."
        case "cancelled":
            return "cancelled", "It was cancelled before anything was sent."
    if command.paused_at is not None:
        return "waiting", f"Sending to {command.system} is paused. {command.pause_reason}".strip()
    if command.in_window:
        return "waiting", f"{command.system} is in a maintenance window."
    if command.breaker == "open":
        return "waiting", command.story or f"{command.system} cannot be reached."
    if command.state == "retry_wait":
        return "retrying", command.reason or f"{command.system} could not take it yet."
    return "waiting", ""


def attempt(row: Any) -> Try:
    return Try(
        number=row.number,
        asked=row.kind == "read",
        at=row.intent_at,
        outcome=row.outcome or "",
        http_status=row.http_status,
        reason=row.reason,
        took=row.finished_at - row.intent_at if row.finished_at else None,
    )


def unrouted(entry: Any, *, about: Node | None) -> Hop:
    return Hop(
        kind="posting",
        id=None,
        label=LABELS["command"],
        name="none",
        system="no ERP",
        status="not_due",
        status_word="None asked",
        note="the ERP never held what it undoes"
        if entry.reverses_id
        else f"no ERP keeps {entry.legal_entity}’s books on that day",
        began=entry.recorded_at,
        record=about,
        journal_id=entry.id,
        legal_entity=entry.legal_entity,
        correlation_id=entry.correlation_id,
        after=(f"journal-{entry.id}",),
    )
