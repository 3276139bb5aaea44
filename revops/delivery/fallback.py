"""
Messages that wait for a system that stays stopped, handed on to the way that was set for it.

What may have arrived is left alone, and so is what people hold back: a pause, a window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from revops.delivery import windows
from revops.store import sql

ELSEWHERE: Final = "elsewhere"
"""The code of a command that was withdrawn because its message goes another way."""

_OPEN: Final = "NOT (paused_at IS NOT NULL AND (paused_until IS NULL OR paused_until > now()))"

_STUCK: Final = f"""
WITH stopped AS (
    SELECT connection_id, fallback_id FROM delivery_gate gate
    WHERE fallback_id IS NOT NULL AND breaker <> 'closed'
        AND opened_at <= now() - fallback_after * interval '1 minute'
        AND {_OPEN} AND NOT {windows.ON}
), free AS (
    SELECT gate.connection_id FROM delivery_gate gate
    JOIN connectors_connection used ON used.id = gate.connection_id AND used.state = 'live'
    WHERE gate.breaker = 'closed' AND {_OPEN} AND NOT {windows.ON}
)
SELECT command.id, command.connection_id, stopped.fallback_id, command.kind,
    command.document_type, command.business_key, command.revision, command.legal_entity_id,
    entity.code AS legal_entity, command.payload, command.subject_id, command.correlation_id
FROM stopped
JOIN free ON free.connection_id = stopped.fallback_id
JOIN delivery_outboundcommand command ON command.connection_id = stopped.connection_id
JOIN mappings_legalentity entity ON entity.id = command.legal_entity_id
WHERE command.state IN ('pending', 'retry_wait') AND command.unknown_since IS NULL
    AND command.kind = ANY(%s)
ORDER BY command.id LIMIT %s FOR UPDATE OF command SKIP LOCKED
"""  # noqa: S608  own literals


@dataclass(frozen=True, slots=True)
class Stuck:
    """A message that waits, locked; ``fallback_id`` is the connection that it may go by."""

    id: int
    connection_id: int
    fallback_id: int
    kind: str
    document_type: str
    business_key: str
    revision: int
    legal_entity_id: int
    legal_entity: str
    payload: str
    subject_id: int
    correlation_id: str


def stuck(kinds: Sequence[str], *, most: int) -> list[Stuck]:
    """The oldest of these kinds, within the caller's transaction."""
    return [Stuck(*row) for row in sql.rows(_STUCK, (list(kinds), most))]


_HAND_ON: Final = """
UPDATE delivery_outboundcommand SET state = 'cancelled', fence = fence + 1, finished_at = now(),
    code = %s, reason = %s
WHERE id = ANY(%s)
"""
_COUNT: Final = """
UPDATE delivery_gate SET fallback_at = now(),
    fallback_count = CASE WHEN fallback_at >= opened_at THEN fallback_count ELSE 0 END + %s
WHERE connection_id = %s
"""


def hand_on(connection_id: int, command_ids: Sequence[int], *, reason: str) -> None:
    """Withdraw what ``stuck`` locked, because it goes another way, and count it."""
    sql.run(_HAND_ON, (ELSEWHERE, reason, list(command_ids)))
    sql.run(_COUNT, (len(command_ids), connection_id))
