"""What the database knows about the records of a thread: one query a table, plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from revops.lineage.queries.reach import Node
from revops.store import sql

_RECORDS: Final = """
WITH node AS (SELECT * FROM unnest(%(kinds)s::text[], %(ids)s::bigint[]) AS node (kind, id)),
record AS (
    SELECT 'customer' AS kind, record.id, record.name, record.currency, NULL::bigint AS amount,
        '' AS state, '' AS note, NULL::date AS dated, NULL::date AS due_on, NULL::bigint AS parent,
        connection_id, source_id, legal_entity_id, correlation_id, created_at
    FROM canonical_customer record JOIN node ON node.kind = 'customer' AND node.id = record.id
    UNION ALL
    SELECT 'subscription', record.id, record.source_id, record.currency, NULL, '', '',
        record.started_on, record.renews_on, record.customer_id,
        connection_id, source_id, legal_entity_id, correlation_id, created_at
    FROM canonical_subscription record
    JOIN node ON node.kind = 'subscription' AND node.id = record.id
    UNION ALL
    SELECT 'invoice', record.id, record.number, record.currency, record.total, record.state, '',
        record.issued_on, record.due_on, record.customer_id,
        connection_id, source_id, legal_entity_id, correlation_id, created_at
    FROM canonical_invoice record JOIN node ON node.kind = 'invoice' AND node.id = record.id
    UNION ALL
    SELECT 'payment', record.id, record.source_id, record.currency, record.amount, record.state,
        record.reason, record.dated, NULL, record.invoice_id,
        connection_id, source_id, legal_entity_id, correlation_id, created_at
    FROM canonical_payment record JOIN node ON node.kind = 'payment' AND node.id = record.id
    UNION ALL
    SELECT 'refund', record.id, record.source_id, record.currency, record.amount, '',
        record.reason, record.dated, NULL, record.payment_id,
        connection_id, source_id, legal_entity_id, correlation_id, created_at
    FROM canonical_refund record JOIN node ON node.kind = 'refund' AND node.id = record.id
    UNION ALL
    SELECT 'payout', record.id, record.source_id, record.currency, record.amount, '', '',
        record.dated, NULL, NULL,
        connection_id, source_id, legal_entity_id, correlation_id, created_at
    FROM canonical_payout record JOIN node ON node.kind = 'payout' AND node.id = record.id
)
SELECT record.*, connection.label AS system, connection.slug,
    coalesce(entity.name, '') AS legal_entity
FROM record JOIN connectors_connection connection ON connection.id = record.connection_id
LEFT JOIN mappings_legalentity entity ON entity.id = record.legal_entity_id
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
SELECT entry.id, entry.record_kind, entry.record_id, entry.document_type, entry.currency,
    entry.amount, entry.description, entry.rule, entry.mapping_version, entry.accounting_date,
    entry.reverses_id, entry.correlation_id, entry.recorded_at, entry.business_event_id,
    period.code AS period, period.state AS period_state, entity.name AS legal_entity,
    EXISTS (SELECT 1 FROM ledger_journalentry undone WHERE undone.reverses_id = entry.id)
        AS reversed
FROM ledger_journalentry entry
JOIN mappings_accountingperiod period ON period.id = entry.period_id
JOIN mappings_legalentity entity ON entity.id = entry.legal_entity_id
WHERE (entry.record_kind, entry.record_id) IN (
        SELECT * FROM unnest(%(kinds)s::text[], %(ids)s::bigint[])
    ) OR entry.id = ANY(%(alone)s)
ORDER BY entry.recorded_at, entry.id LIMIT %(most)s
"""

_COMMANDS: Final = """
SELECT command.id, command.subject_id, command.lane, command.key, command.currency, command.amount,
    command.state, command.next_at, command.attempts, command.settle_until, command.external_id,
    command.external_number, command.code, command.reason, command.created_at,
    command.finished_at, command.correlation_id, connection.label AS system, connection.slug,
    gate.breaker, gate.story, gate.retry_at, gate.paused_at, gate.pause_reason
FROM delivery_outboundcommand command
JOIN connectors_connection connection ON connection.id = command.connection_id
LEFT JOIN delivery_gate gate ON gate.connection_id = command.connection_id
WHERE command.subject_kind = 'journal' AND command.subject_id = ANY(%(ids)s)
ORDER BY command.id
"""

_TRIES: Final = """
SELECT command_id, number, kind, intent_at, outcome, http_status, reason, finished_at
FROM delivery_attempt WHERE command_id = ANY(%(ids)s) ORDER BY command_id, number
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


def _nodes(nodes: Sequence[Node]) -> dict[str, Any]:
    return {"kinds": [kind for kind, _ in nodes], "ids": [id for _, id in nodes]}


def records(nodes: Sequence[Node]) -> list[Any]:
    return sql.rows(_RECORDS, _nodes(nodes)) if nodes else []


def events(nodes: Sequence[Node], *, alone: Sequence[int] = ()) -> list[Any]:
    """Events linked to the nodes, and ``alone`` by their own id."""
    if not nodes and not alone:
        return []
    return sql.rows(_EVENTS, _nodes(nodes) | {"alone": list(alone)})


def journals(nodes: Sequence[Node], *, alone: Sequence[int] = (), most: int) -> list[Any]:
    if not nodes and not alone:
        return []
    return sql.rows(_JOURNALS, _nodes(nodes) | {"alone": list(alone), "most": most})


def commands(journal_ids: Sequence[int]) -> list[Any]:
    return sql.rows(_COMMANDS, {"ids": list(journal_ids)}) if journal_ids else []


def tries(command_ids: Sequence[int]) -> list[Any]:
    return sql.rows(_TRIES, {"ids": list(command_ids)}) if command_ids else []


def references(nodes: Sequence[Node]) -> list[Any]:
    return sql.rows(_REFERENCES, _nodes(nodes)) if nodes else []
