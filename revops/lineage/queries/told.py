"""What CRM, customer success, billing and ERP were told about a record, as hops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from revops.lineage import telling
from revops.lineage.queries.hops import Hop
from revops.lineage.queries.postings import attempt, standing


def told(command: Any, *, tries: Sequence[Any]) -> Hop:
    """One statement to one system: what it said, and whether the system has it."""
    status, reason = standing(command)
    word = ""
    if command.state == "posted":
        status, word = "done", "Told"
    elif command.state == "exception":
        status = "refused"
    elif command.state == "cancelled":
        status, word = "skipped", "Not told"
    withdrawn = command.state == "cancelled"
    made = [attempt(row) for row in tries]
    sends = [one for one in made if not one.asked]
    ended = command.state == "posted"
    ids = [(command.system, command.external_id)] if command.external_id else []
    return Hop(
        kind="told",
        id=command.id,
        label=telling.title(command.kind),
        name=telling.said(command.kind, command.payload),
        system=command.system,
        status=status,
        status_word=word,
        ids=[*ids, ("Our key", command.key), ("Console", f"CMD-{command.id}")],
        note=(command.reason or reason).rstrip(".") if withdrawn else "",
        began=command.created_at,
        at=command.finished_at if ended else None,
        took=sends[-1].took if ended and sends else None,
        missing="" if withdrawn else reason,
        record=(command.subject_kind, command.subject_id),
        command_id=command.id,
        connection=command.slug,
        legal_entity=command.legal_entity,
        correlation_id=command.correlation_id,
        facts=[("Told", "for the first time" if command.revision == 1
                else f"as statement {command.revision} about it")],
        tries=made,
        after=(f"{command.subject_kind}-{command.subject_id}",),
        known=command.finished_at,
    )  # fmt: skip
