"""
Every event and every entry of a legal entity's period, each in exactly one class.

Three tables that live until the transaction ends: entries with what became of their postings,
events in scope, events with their class. In scope is what happened in the period (in the entity's
zone) and tells of this legal entity, what its entries came from, and what an unresolved case of
the period is about. Events whose legal entity nobody knows are told apart and counted in every
certificate: nobody can say that they are not its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from revops.store import sql

POSTED: Final = "posted"
EXCLUDED: Final = "excluded"
OPEN: Final = "open"
WAITING: Final = "waiting"
UNACCOUNTED: Final = "unaccounted"
KEPT: Final = "kept"
WITHDRAWN: Final = "withdrawn"

# Ids are others' texts: a line feed or tab in one must not look like the next.
_PLAIN: Final = "translate({}, E'\\t\\n', '  ')"
EVENT_LINE: Final = (
    f"{_PLAIN.format('slug')} || E'\\t' || {_PLAIN.format('account')} || E'\\t' || "
    f"{_PLAIN.format('source_event_id')} || E'\\t' || body_sha256 || E'\\t' || fate"
)
ENTRY_LINE: Final = (
    f"document_type || E'\\t' || {_PLAIN.format('business_key')} || E'\\t' || revision || E'\\t' "
    f"|| content_sha256 || E'\\t' || fate || E'\\t' || {_PLAIN.format('external')}"
)

_ENTRIES: Final = f"""
CREATE TEMP TABLE certified_entry ON COMMIT DROP AS
SELECT entry.id, entry.business_event_id, entry.document_type, entry.business_key, entry.revision,
    entry.content_sha256, entry.currency, entry.amount, entry.rule, entry.mapping_version,
    coalesce(sent.external, '') AS external, held.id AS case_id,
    CASE WHEN sent.entry_id IS NULL THEN '{KEPT}'
        WHEN sent.live = 0 THEN '{WITHDRAWN}'
        WHEN sent.live = sent.posted THEN '{POSTED}'
        WHEN held.id IS NOT NULL THEN '{OPEN}'
        ELSE '{WAITING}' END AS fate
FROM ledger_journalentry entry
LEFT JOIN (
    SELECT command.subject_id AS entry_id,
        count(*) FILTER (WHERE command.state <> 'cancelled') AS live,
        count(*) FILTER (WHERE command.state = 'posted') AS posted,
        string_agg(connection.slug || ':' || command.external_id, ' '
            ORDER BY connection.slug, command.external_id)
            FILTER (WHERE command.state = 'posted') AS external
    FROM delivery_outboundcommand command
    JOIN ledger_journalentry own ON own.id = command.subject_id AND own.period_id = %(period)s
    JOIN connectors_connection connection ON connection.id = command.connection_id
    WHERE command.subject_kind = 'journal' GROUP BY 1
) AS sent ON sent.entry_id = entry.id
LEFT JOIN (
    SELECT command.subject_id AS entry_id, min(held.id) AS id
    FROM exceptions_case held JOIN delivery_outboundcommand command ON command.id = held.command_id
    WHERE NOT (held.state = 'resolved') AND command.subject_kind = 'journal' GROUP BY 1
) AS held ON held.entry_id = entry.id
WHERE entry.legal_entity_id = %(entity)s AND entry.period_id = %(period)s
"""  # noqa: S608  literals of ours
# Nothing comes before it happened; two days are for clocks that run ahead.
_SCOPE: Final = """
CREATE TEMP TABLE certified_scope ON COMMIT DROP AS
SELECT meaning.inbound_id AS id, true AS known FROM certified_entry entry
JOIN events_businessevent meaning ON meaning.id = entry.business_event_id
WHERE meaning.inbound_id IS NOT NULL
UNION
SELECT inbound.id, true FROM events_inboundevent inbound
JOIN events_businessevent meaning ON meaning.inbound_id = inbound.id
WHERE inbound.received_at >= %(since)s - interval '2 days'
    AND inbound.occurred_at >= %(since)s AND inbound.occurred_at < %(until)s
    AND meaning.legal_entity = %(code)s
UNION
SELECT held.inbound_id, true FROM exceptions_case held
WHERE NOT (held.state = 'resolved') AND held.legal_entity_id = %(entity)s
    AND held.period_code = %(period_code)s AND held.inbound_id IS NOT NULL
UNION
SELECT inbound.id, false FROM events_inboundevent inbound
WHERE inbound.received_at >= %(since)s - interval '2 days'
    AND inbound.occurred_at >= %(since)s AND inbound.occurred_at < %(until)s
    AND NOT EXISTS (SELECT 1 FROM events_businessevent meaning
        WHERE meaning.inbound_id = inbound.id AND meaning.legal_entity <> '')
    AND NOT EXISTS (SELECT 1 FROM exceptions_case held
        WHERE held.inbound_id = inbound.id AND held.legal_entity_id IS NOT NULL)
"""
_EVENTS: Final = f"""
CREATE TEMP TABLE certified_event ON COMMIT DROP AS
WITH scope AS (
    SELECT id, bool_or(known) AS known FROM certified_scope GROUP BY id
), booked AS (
    SELECT meaning.inbound_id AS id,
        count(own.id) AS here, count(*) - count(own.id) AS elsewhere,
        count(*) FILTER (WHERE own.fate IN ('{WAITING}')) AS waiting,
        min(own.case_id) FILTER (WHERE own.fate = '{OPEN}') AS case_id,
        min(entity.code || ' ' || period.code) FILTER (WHERE own.id IS NULL) AS place
    FROM scope JOIN events_businessevent meaning ON meaning.inbound_id = scope.id
    JOIN ledger_journalentry entry ON entry.business_event_id = meaning.id
    JOIN mappings_legalentity entity ON entity.id = entry.legal_entity_id
    JOIN mappings_accountingperiod period ON period.id = entry.period_id
    LEFT JOIN certified_entry own ON own.id = entry.id GROUP BY 1
), cases AS (
    SELECT held.inbound_id AS id, min(held.id) FILTER (WHERE NOT (held.state = 'resolved')) AS open,
        min(held.kind) FILTER (WHERE held.state = 'resolved') AS closed
    FROM scope JOIN exceptions_case held ON held.inbound_id = scope.id GROUP BY 1
)
SELECT one.*, CASE
    WHEN one.case_id IS NOT NULL THEN '{OPEN}'
    WHEN one.state IN ('received', 'parked') THEN '{WAITING}'
    WHEN one.state = 'quarantined' AND one.waits_for <> '' THEN '{OPEN}'
    WHEN one.state = 'ignored' OR (one.state IN ('quarantined', 'poison') AND one.closed <> '')
        THEN '{EXCLUDED}'
    WHEN one.state IN ('quarantined', 'poison') THEN '{UNACCOUNTED}'
    WHEN one.here > 0 AND one.unsent > 0 THEN '{WAITING}'
    WHEN one.here > 0 THEN '{POSTED}'
    WHEN one.state = 'processed' THEN '{EXCLUDED}'
    ELSE '{UNACCOUNTED}' END AS fate,
    CASE
    WHEN one.state = 'ignored' THEN 'Not used: ' || one.type
    WHEN one.state IN ('quarantined', 'poison') THEN 'Closed by somebody: ' || one.closed
    WHEN one.elsewhere > 0 THEN 'Booked in ' || one.place
    ELSE 'Moves no money: ' || coalesce(one.contract, one.type) END AS reason
FROM (
    SELECT inbound.id, connection.slug, inbound.account, inbound.source_event_id, inbound.type,
        inbound.body_sha256, inbound.state, inbound.waits_for, scope.known,
        coalesce(cases.open, booked.case_id) AS case_id, coalesce(cases.closed, '') AS closed,
        coalesce(booked.here, 0) AS here, coalesce(booked.elsewhere, 0) AS elsewhere,
        coalesce(booked.waiting, 0) AS unsent, booked.place, meaning.contract
    FROM scope JOIN events_inboundevent inbound ON inbound.id = scope.id
    JOIN connectors_connection connection ON connection.id = inbound.connection_id
    LEFT JOIN events_businessevent meaning
        ON meaning.inbound_id = inbound.id AND meaning.position = 0
    LEFT JOIN booked ON booked.id = inbound.id
    LEFT JOIN cases ON cases.id = inbound.id
) AS one
"""  # noqa: S608  literals of ours
_DROP: Final = "DROP TABLE certified_event, certified_scope, certified_entry"


@dataclass(frozen=True, slots=True)
class Period:
    """A legal entity's period as the statements need it."""

    id: int
    code: str
    starts: date
    ends: date
    state: str
    entity_id: int
    entity: str
    name: str
    zone: str

    def params(self) -> dict[str, Any]:
        return {
            "period": self.id, "period_code": self.code, "entity": self.entity_id,
            "code": self.entity, "starts": self.starts, "ends": self.ends,
        }  # fmt: skip


_PERIOD: Final = """
SELECT period.id, period.code, period.starts, period.ends, period.state, entity.id AS entity_id,
    entity.code AS entity, entity.name, entity.zone
FROM mappings_accountingperiod period
JOIN mappings_legalentity entity ON entity.id = period.legal_entity_id
WHERE entity.code = %s AND period.code = %s
"""
_SPAN: Final = """
SELECT %(starts)s::timestamp AT TIME ZONE %(zone)s AS since,
    (%(ends)s + 1)::timestamp AT TIME ZONE %(zone)s AS until
"""


def period_of(entity: str, code: str) -> Period | None:
    """By their codes; None when there is no such period, or the session does not see its rows."""
    row = sql.one(_PERIOD, (entity, code))
    return Period(*row) if row else None


@contextmanager
def laid_out(period: Period) -> Iterator[None]:
    """The tables, for as long as they are needed; inside of a transaction."""
    span = sql.one(_SPAN, {"starts": period.starts, "ends": period.ends, "zone": period.zone})
    assert span is not None
    given = {**period.params(), "since": span.since, "until": span.until}
    # A month at once: what is sorted and joined stays in memory, and compiling pays for nothing.
    sql.once("SET LOCAL work_mem = '128MB'")
    sql.once("SET LOCAL jit = off")
    for statement in (_ENTRIES, _SCOPE, _EVENTS):
        sql.once(sql.literal(statement, given))
        if statement is not _EVENTS:
            # Made a moment ago: without figures the planner takes them for a thousand rows.
            sql.once(f"ANALYZE {statement.split()[3]}")
    yield
    # Another read in the same transaction may run as another role, which could not drop them.
    sql.once(_DROP)
