"""What a home shows: newest postings and systems that do not take everything now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from revops.kernel.money import Money
from revops.lineage.queries.hops import DOCUMENTS
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Posting:
    """One of the newest entries, and what became of it in its ERP."""

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

_WAITING: Final = """
SELECT connection.slug, connection.label, gate.breaker, gate.story, gate.paused_at,
    gate.pause_reason, gate.not_before > now() AS throttled, backlog.waiting, backlog.oldest
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
"""


def newest_postings(*, most: int = 6) -> Sequence[Posting]:
    return [
        Posting(
            entry_id=row.id,
            description=row.description,
            document=DOCUMENTS.get(row.document_type, row.document_type),
            amount=Money(row.amount, row.currency),
            recorded_at=row.recorded_at,
            status=row.state or "not_due",
            system=row.system or "no ERP",
            number=row.number,
        )
        for row in sql.rows(_NEWEST, (most,))
    ]


def targets() -> Sequence[Waiting]:
    """Every connection that is sent to, those with trouble first."""
    return [
        Waiting(row.slug, row.label, _status(row), _story(row), row.waiting, row.oldest)
        for row in sql.rows(_WAITING)
    ]


def _status(row: Any) -> str:
    if row.paused_at is not None:
        return "paused"
    if row.breaker != "closed":
        return {"open": "stopped"}.get(row.breaker, "on_trial")
    return "throttled" if row.throttled else "healthy"


def _story(row: Any) -> str:
    return str(row.pause_reason if row.paused_at is not None else row.story or "")
