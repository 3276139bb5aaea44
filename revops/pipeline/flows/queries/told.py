"""Who was told what about a record: for threads, customers' pages and journeys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from revops.pipeline.flows.capabilities import TITLES
from revops.store import sql


@dataclass(frozen=True, slots=True)
class TellingOf:
    """
    One command of a flow about a record. ``state`` as delivery has it; ``what`` in business words.
    ``payload`` is the canonical JSON that was, or will be, sent.
    """

    command_id: int
    run_id: int
    kind: str
    what: str
    system: str
    slug: str
    state: str
    revision: int
    external_id: str
    payload: str
    asked_at: datetime
    finished_at: datetime | None


_TOLD: Final = """
SELECT command.id, step.run_id, command.kind, command.document_type, connection.label,
    connection.slug, command.state, command.revision, coalesce(command.external_id, '') AS proof,
    command.payload, command.created_at, command.finished_at
FROM delivery_outboundcommand command
JOIN connectors_connection connection ON connection.id = command.connection_id
JOIN LATERAL (SELECT run_id FROM pipeline_steprun step
    WHERE step.command_id = command.id OR step.undo_command_id = command.id
    ORDER BY step.id LIMIT 1) step ON true
WHERE (command.subject_kind, command.subject_id)
    IN (SELECT * FROM unnest(%b::text[], %b::bigint[]))
ORDER BY command.id
"""


def told_of(records: Sequence[tuple[str, int]]) -> list[TellingOf]:
    """Commands about these (kind, id) records, in the order in which they were made."""
    if not records:
        return []
    columns = [list(column) for column in zip(*records, strict=True)]
    return [
        TellingOf(
            row.id, row.run_id, row.kind, TITLES.get(row.document_type, row.kind), row.label,
            row.slug, row.state, row.revision, row.proof, row.payload, row.created_at,
            row.finished_at,
        )
        for row in sql.rows(_TOLD, columns)
    ]  # fmt: skip
