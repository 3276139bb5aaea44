"""What the database knows about the records of a thread: one query a table, plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from revops.delivery import windows
from revops.kernel.privacy import PII
from revops.kernel.sight import shown
from revops.lineage import kinds
from revops.lineage.queries.reach import Node
from revops.store import sql

_NAMED: Final = frozenset({"customer", "opportunity", "entitlement"})

_RECORDS: Final = f"""
WITH node AS (SELECT * FROM unnest(%(kinds)s::text[], %(ids)s::bigint[]) AS node (kind, id)),
record AS (
{kinds.rows()}
)
SELECT record.*, connection.label AS system, connection.slug,
    coalesce(entity.name, '') AS legal_entity
FROM record JOIN connectors_connection connection ON connection.id = record.connection_id
LEFT JOIN mappings_legalentity entity ON entity.id = record.legal_entity_id
WHERE record.created_at <= %(as_of)s
"""  # noqa: S608  own literals

# What the state was before the first change that came later.
_STATES: Final = """
SELECT DISTINCT ON (change.record_kind, change.record_id)
    change.record_kind AS kind, change.record_id AS id, change.before #>> '{}' AS before
FROM unnest(%(kinds)s::text[], %(ids)s::bigint[]) AS node (kind, id)
JOIN canonical_recordchange change ON change.record_kind = node.kind
    AND change.record_id = node.id AND change.field = 'state' AND change.at > %(as_of)s
ORDER BY change.record_kind, change.record_id, change.at, change.id
"""

_LINKED: Final = """
SELECT from_kind, from_id, to_kind, to_id
FROM unnest(%(kinds)s::text[], %(ids)s::bigint[]) AS node (kind, id)
JOIN lineage_link link ON link.to_kind = node.kind AND link.to_id = node.id
    AND link.from_kind = ANY(%(records)s)
"""

_EVENTS: Final = """
SELECT link.to_kind AS kind, link.to_id AS record_id, event.id, event.source_event_id, event.type,
    event.channel, event.state, event.reason, event.deliveries, event.occurred_at,
    event.received_at, event.processed_at, event.correlation_id, connection.label AS system,
    connection.slug, meaning.contract, coalesce(meaning.note, '') AS note
FROM unnest(%(kinds)s::text[], %(ids)s::bigint[]) AS node (kind, id)
JOIN lineage_link link ON link.to_kind = node.kind AND link.to_id = node.id
    AND link.from_kind = 'event'
JOIN events_inboundevent event ON event.id = link.from_id
JOIN connectors_connection connection ON connection.id = event.connection_id
LEFT JOIN events_businessevent meaning ON meaning.inbound_id = event.id
    AND meaning.subject = link.to_kind
WHERE event.received_at <= %(as_of)s
UNION ALL
SELECT 'event', event.id, event.id, event.source_event_id, event.type, event.channel, event.state,
    event.reason, event.deliveries, event.occurred_at, event.received_at, event.processed_at,
    event.correlation_id, connection.label, connection.slug, NULL, ''
FROM events_inboundevent event
JOIN connectors_connection connection ON connection.id = event.connection_id
WHERE event.id = ANY(%(alone)s)
ORDER BY received_at, id
"""

_JOURNALS: Final = """
SELECT entry.id, entry.record_kind, entry.record_id, entry.document_type, entry.business_key,
    entry.currency, entry.amount, entry.description, entry.rule, entry.mapping_version,
    entry.accounting_date, entry.document_date, entry.reverses_id, entry.correlation_id,
    entry.recorded_at,
    entry.business_event_id,
    period.code AS period, period.state AS period_state, entity.name AS legal_entity,
    EXISTS (SELECT 1 FROM ledger_journalentry undone WHERE undone.reverses_id = entry.id
            AND undone.recorded_at <= %(as_of)s) AS reversed
FROM ledger_journalentry entry
JOIN mappings_accountingperiod period ON period.id = entry.period_id
JOIN mappings_legalentity entity ON entity.id = entry.legal_entity_id
WHERE ((entry.record_kind, entry.record_id) IN (
        SELECT * FROM unnest(%(kinds)s::text[], %(ids)s::bigint[])
    ) OR entry.id = ANY(%(alone)s))
AND entry.recorded_at <= %(as_of)s
ORDER BY entry.recorded_at, entry.id LIMIT %(most)s
"""

# Postings of journals, and what other systems were told about records. Of a customer whose thread
# this is not, what each system was told first: that it is there.
_COMMANDS: Final = f"""
SELECT command.id, command.kind, command.subject_kind, command.subject_id, command.lane,
    command.key, command.currency, command.amount, command.revision,
    CASE WHEN command.subject_kind <> 'journal' THEN command.payload ELSE '' END AS payload,
    command.state, command.next_at, command.attempts, command.settle_until, command.external_id,
    command.external_number, command.code, command.reason, command.created_at,
    command.finished_at, command.correlation_id, connection.label AS system, connection.slug,
    coalesce(entity.name, '') AS legal_entity,
    gate.breaker, gate.story, gate.retry_at, gate.paused_at, gate.pause_reason,
    {windows.ON} AS in_window
FROM (
    SELECT command.id FROM delivery_outboundcommand command
    WHERE command.subject_kind = 'journal' AND command.subject_id = ANY(%(journals)s)
    UNION ALL
    (SELECT command.id
    FROM unnest(%(kinds)s::text[], %(ids)s::bigint[], %(whole)s::boolean[])
        AS node (kind, id, whole)
    JOIN delivery_outboundcommand command
        ON command.subject_kind = node.kind AND command.subject_id = node.id
    WHERE node.whole OR node.kind <> 'customer' OR NOT EXISTS (
        SELECT 1 FROM delivery_outboundcommand earlier
        WHERE earlier.subject_kind = node.kind AND earlier.subject_id = node.id
            AND earlier.connection_id = command.connection_id
            AND earlier.document_type = command.document_type AND earlier.id < command.id)
    ORDER BY command.id LIMIT %(most)s)
) AS found
JOIN delivery_outboundcommand command ON command.id = found.id
JOIN connectors_connection connection ON connection.id = command.connection_id
LEFT JOIN mappings_legalentity entity ON entity.id = command.legal_entity_id
LEFT JOIN delivery_gate gate ON gate.connection_id = command.connection_id
WHERE command.created_at <= %(as_of)s
ORDER BY command.id
"""  # noqa: S608  own literals

_TRIES: Final = """
SELECT command_id, number, kind, intent_at, outcome, http_status, reason, finished_at
FROM delivery_attempt WHERE command_id = ANY(%(ids)s) AND intent_at <= %(as_of)s
ORDER BY command_id, number
"""

_REFERENCES: Final = """
SELECT reference.record_kind AS kind, reference.record_id, reference.type, reference.external_id,
    connection.label AS system
FROM unnest(%(kinds)s::text[], %(ids)s::bigint[]) AS node (kind, id)
JOIN canonical_externalreference reference
    ON reference.record_kind = node.kind AND reference.record_id = node.id
JOIN connectors_connection connection ON connection.id = reference.connection_id
ORDER BY reference.id
"""


def _masked(row: Any, *columns: str) -> Any:
    return row._replace(**{name: shown(getattr(row, name), PII) for name in columns})


def _nodes(nodes: Sequence[Node]) -> dict[str, Any]:
    return {"kinds": [kind for kind, _ in nodes], "ids": [id for _, id in nodes]}


def records(nodes: Sequence[Node], *, as_of: datetime) -> list[Any]:
    """What was written of them, and names that are no ids, masked by who looks."""
    found = sql.rows(_RECORDS, _nodes(nodes) | {"as_of": as_of}) if nodes else []
    return [_masked(row, "name", "note") if row.kind in _NAMED else _masked(row, "note")
            for row in found]  # fmt: skip


def states(nodes: Sequence[Node], *, as_of: datetime) -> dict[Node, str]:
    """The states that have changed since, as they were then."""
    if not nodes:
        return {}
    found = sql.rows(_STATES, _nodes(nodes) | {"as_of": as_of})
    return {(row.kind, row.id): row.before or "" for row in found}


def linked(nodes: Sequence[Node]) -> list[tuple[Node, Node]]:
    """(from, to) of the links between records that end at the nodes."""
    if not nodes:
        return []
    found = sql.rows(_LINKED, _nodes(nodes) | {"records": list(kinds.RECORDS)})
    return [((row.from_kind, row.from_id), (row.to_kind, row.to_id)) for row in found]


def events(nodes: Sequence[Node], *, as_of: datetime, alone: Sequence[int] = ()) -> list[Any]:
    """Events linked to the nodes, and ``alone`` by their own id."""
    if not nodes and not alone:
        return []
    found = sql.rows(_EVENTS, _nodes(nodes) | {"alone": list(alone), "as_of": as_of})
    return [_masked(row, "note") for row in found]


def journals(
    nodes: Sequence[Node], *, as_of: datetime, alone: Sequence[int] = (), most: int
) -> list[Any]:
    if not nodes and not alone:
        return []
    values = {"alone": list(alone), "most": most, "as_of": as_of}
    return [_masked(row, "description") for row in sql.rows(_JOURNALS, _nodes(nodes) | values)]


def commands(
    journal_ids: Sequence[int], told: Sequence[tuple[Node, bool]], *, as_of: datetime, most: int
) -> list[Any]:
    """
    Those that post these journals, and those that ``told`` of records: each with whether all of
    them are wanted. The second have a ``payload``, the first “”.
    """
    if not journal_ids and not told:
        return []
    values = {"journals": list(journal_ids), "whole": [whole for _, whole in told], "most": most}
    return sql.rows(_COMMANDS, _nodes([node for node, _ in told]) | values | {"as_of": as_of})


def tries(command_ids: Sequence[int], *, as_of: datetime) -> list[Any]:
    return sql.rows(_TRIES, {"ids": list(command_ids), "as_of": as_of}) if command_ids else []


def references(nodes: Sequence[Node]) -> list[Any]:
    return sql.rows(_REFERENCES, _nodes(nodes)) if nodes else []
