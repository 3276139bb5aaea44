"""What a record was, what it became, by which event, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from revops.kernel import strict_json
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Changed:
    """
    One field went from ``before`` to ``after`` (JSON values; ids of ours for records), the newest
    first. ``contract`` and ``event_id`` name the event; ``by`` a person where there was none. The
    first of all has no field: the record was made.
    """

    at: datetime
    field: str
    before: Any
    after: Any
    contract: str
    event_id: int | None
    system: str
    by: str


def history(kind: str, record_id: int, *, most: int = 200) -> list[Changed]:
    """
    The changes of a canonical record (``models.Kind``) or a ``party``; two queries at most.

    Raises KeyError for a kind that is not known. A party begins without an event: what it was made
    by is told by its accounts.
    """
    found = [_changed(row) for row in sql.rows(_CHANGES, (kind, record_id, most))]
    table = _TABLES[kind]
    if table and len(found) < most:
        found.extend(
            _changed(row)
            for row in sql.rows(_MADE.format(table=table), (record_id,))  # our own literals
        )
    return found


def _changed(row: Any) -> Changed:
    return Changed(
        at=row.at,
        field=row.field,
        before=None if row.before is None else strict_json.loads(row.before),
        after=None if row.after is None else strict_json.loads(row.after),
        contract=row.contract or "",
        event_id=row.event_id,
        system=row.system or "",
        by=row.by,
    )


_TABLES: Final = {
    "party": "", "tax": "taxdocument", "support_case": "supportcase", "remittance": "adjustment",
    "credit_loss": "adjustment", "recovery": "adjustment",
    **{
        kind: kind
        for kind in (
            "customer", "product", "price", "opportunity", "quote", "contract", "subscription",
            "entitlement", "invoice", "payment", "refund", "dispute", "payout", "credit",
        )
    },
}  # fmt: skip
_CHANGES: Final = """
SELECT change.at, change.field, change.before::text AS before, change.after::text AS after,
    change.event_id, change.by, meaning.contract, connection.label AS system
FROM canonical_recordchange change
LEFT JOIN events_businessevent meaning
    ON meaning.inbound_id = change.event_id AND meaning.position = change.position
LEFT JOIN events_inboundevent inbound ON inbound.id = change.event_id
LEFT JOIN connectors_connection connection ON connection.id = inbound.connection_id
WHERE change.record_kind = %s AND change.record_id = %s ORDER BY change.id DESC LIMIT %s
"""
_MADE: Final = """
SELECT record.created_at AS at, '' AS field, NULL AS before, NULL AS after,
    record.first_event_id AS event_id, '' AS by,
    (SELECT contract FROM events_businessevent meaning
     WHERE meaning.inbound_id = record.first_event_id ORDER BY position LIMIT 1) AS contract,
    connection.label AS system
FROM canonical_{table} record
JOIN connectors_connection connection ON connection.id = record.connection_id
WHERE record.id = %s
"""
