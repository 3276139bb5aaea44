"""
Which records belong to a thread: what the start came from, and what came from it.

Neighbours of an ancestor are not followed: an invoice's thread shows its customer and not that
customer's other invoices. Links say what foreign keys do not, such as which payout holds a payment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from revops.lineage import kinds
from revops.lineage.kinds import RECORDS
from revops.store import sql

Node = tuple[str, int]
MOST: Final = 500

_START: Final = {
    "journal": """
        SELECT record_kind AS kind, record_id AS id FROM ledger_journalentry
        WHERE id = %(id)s
        UNION ALL
        SELECT 'journal', id FROM ledger_journalentry WHERE id = %(id)s
    """,
    "command": """
        SELECT entry.record_kind AS kind, entry.record_id AS id
        FROM delivery_outboundcommand command
        JOIN ledger_journalentry entry ON entry.id = command.subject_id
        WHERE command.id = %(id)s AND command.subject_kind = 'journal'
        UNION ALL
        SELECT subject_kind, subject_id FROM delivery_outboundcommand WHERE id = %(id)s
    """,
    "event": """
        SELECT to_kind AS kind, to_id AS id FROM lineage_link
        WHERE from_kind = 'event' AND from_id = %(id)s
        UNION ALL
        SELECT 'event', id FROM events_inboundevent WHERE id = %(id)s
    """,
}

_REACH: Final = f"""
WITH RECURSIVE down (kind, id) AS (
    SELECT * FROM unnest(%(kinds)s::text[], %(ids)s::bigint[])
    UNION
    SELECT found.kind, found.id FROM down, LATERAL (
        {kinds.downwards()}
        UNION ALL SELECT to_kind, to_id FROM lineage_link
            WHERE from_kind = down.kind AND from_id = down.id AND to_kind = ANY(%(records)s)
    ) AS found
), up (kind, id) AS (
    SELECT * FROM unnest(%(kinds)s::text[], %(ids)s::bigint[])
    UNION
    SELECT found.kind, found.id FROM up, LATERAL (
        {kinds.upwards()}
        UNION ALL SELECT from_kind, from_id FROM lineage_link
            WHERE to_kind = up.kind AND to_id = up.id AND from_kind = ANY(%(records)s)
    ) AS found
)
SELECT kind, id, min(far) AS far FROM (
    SELECT kind, id, 0 AS far FROM unnest(%(kinds)s::text[], %(ids)s::bigint[]) AS start (kind, id)
    UNION ALL (SELECT kind, id, 1 FROM up LIMIT %(most)s)
    UNION ALL (SELECT kind, id, 2 FROM down LIMIT %(most)s)
) AS found
GROUP BY kind, id ORDER BY min(far), id LIMIT %(most)s
"""  # noqa: S608  own literals


def start_of(kind: str, id: int) -> list[Node]:
    """The records that a thread is entered by. Empty when there is no such thing. One query."""
    if kind in RECORDS:
        return [(kind, id)]
    found = sql.rows(_START[kind], {"id": id})
    return [(row.kind, row.id) for row in found if row.id is not None and row.kind]


def reach(start: Sequence[Node]) -> list[tuple[Node, bool]]:
    """
    Every record of the thread, at most MOST + 1: one more says that there are more. Beside each,
    whether the thread holds what came from it; of what was come from, only the way here is held.
    """
    if not start:
        return []
    found = sql.rows(
        _REACH,
        {
            "kinds": [kind for kind, _ in start],
            "ids": [id for _, id in start],
            "records": list(RECORDS),
            "most": MOST + 1,
        },
    )
    return [((row.kind, row.id), row.far != 1) for row in found if row.kind in RECORDS]
