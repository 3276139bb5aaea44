"""
What a home shows beside the queue: newest postings, systems that do not take everything now, pairs
of customers to confirm, and when the person was here before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from accounts.models import User
from accounts.queries import actor_of
from revops.canonical.models import MergeProposal, ProposalState
from revops.console.identity.reading import Line, lines
from revops.delivery import windows
from revops.kernel.money import Money
from revops.kernel.privacy import PII
from revops.kernel.sight import looking
from revops.lineage.queries.hops import DOCUMENTS
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Posting:
    """
    One of the newest entries, and what became of it in its ERP. ``description`` is blank to whoever
    may not read it: what sort of document it is, and its numbers, are no secret.
    """

    entry_id: int
    description: str
    document: str
    amount: Money
    recorded_at: datetime
    status: str
    system: str
    number: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A connection with postings that wait, or whose gate is not fully open."""

    slug: str
    label: str
    status: str
    story: str
    waiting: int
    oldest: datetime | None


_NEWEST: Final = """
SELECT entry.id, entry.description, entry.document_type, entry.amount, entry.currency,
    entry.recorded_at, command.state, connection.label AS system,
    coalesce(nullif(command.external_number, ''), command.external_id, '') AS number
FROM (
    SELECT * FROM ledger_journalentry ORDER BY recorded_at DESC, id DESC LIMIT %s
) AS entry
LEFT JOIN delivery_outboundcommand command
    ON command.subject_kind = 'journal' AND command.subject_id = entry.id
    AND command.lane = 'primary'
LEFT JOIN connectors_connection connection ON connection.id = command.connection_id
ORDER BY entry.recorded_at DESC, entry.id DESC
"""

_WAITING: Final = f"""
SELECT connection.slug, connection.label, gate.breaker, gate.story, gate.paused_at,
    gate.pause_reason, gate.not_before > now() AS throttled, backlog.waiting, backlog.oldest,
    {windows.ON} AS in_window
FROM delivery_gate gate
JOIN connectors_connection connection ON connection.id = gate.connection_id
LEFT JOIN LATERAL (
    SELECT count(*) AS waiting, min(created_at) AS oldest FROM (
        SELECT created_at FROM delivery_outboundcommand command
        WHERE command.connection_id = gate.connection_id
            AND command.state IN ('pending', 'claimed', 'sending', 'retry_wait', 'unknown')
        LIMIT 10000
    ) AS due
) AS backlog ON true
ORDER BY (gate.breaker <> 'closed' OR gate.paused_at IS NOT NULL) DESC, backlog.waiting DESC,
    connection.label
"""  # noqa: S608  own literals


def newest_postings(*, most: int = 6) -> Sequence[Posting]:
    readable = looking().shows(PII)
    return [
        Posting(
            entry_id=row.id,
            description=row.description if readable else "",
            document=DOCUMENTS.get(row.document_type, row.document_type),
            amount=Money(row.amount, row.currency),
            recorded_at=row.recorded_at,
            status=row.state or "not_due",
            system=row.system or "no ERP",
            number=row.number,
        )
        for row in sql.rows(_NEWEST, (most,))
    ]


_LEFT: Final = """
SELECT ts FROM audit_event
WHERE actor = %(me)s AND seq < (
    SELECT max(seq) FROM audit_event WHERE actor = %(me)s AND action = 'session.begun'
)
ORDER BY seq DESC LIMIT 1
"""


def left_at(user: User) -> datetime | None:
    """When the person did something last before they signed in this time, if they ever did."""
    row = sql.one(_LEFT, {"me": actor_of(user).key})
    return row.ts if row else None


def matches(*, most: int = 3) -> Sequence[Line]:
    """Pairs of customers that wait for a decision, the most alike first; two queries at most."""
    rows = MergeProposal.objects.filter(state=ProposalState.OPEN).select_related("left", "right")
    found = list(rows.order_by("-score", "pk")[:most])
    return lines(found) if found else ()


def targets() -> Sequence[Waiting]:
    """Every connection that is sent to, those with trouble first."""
    return [
        Waiting(row.slug, row.label, _status(row), _story(row), row.waiting, row.oldest)
        for row in sql.rows(_WAITING)
    ]


def _status(row: Any) -> str:
    if row.paused_at is not None:
        return "paused"
    if row.in_window:
        return "maintenance"
    if row.breaker != "closed":
        return {"open": "stopped"}.get(row.breaker, "on_trial")
    return "throttled" if row.throttled else "healthy"


def _story(row: Any) -> str:
    if row.paused_at is not None:
        return str(row.pause_reason)
    return "It is in a maintenance window." if row.in_window else str(row.story or "")
