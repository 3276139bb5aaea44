"""
Any id of any system → where its thread begins.

Our own ids have a form (``EXC-``, ``JE-``, ``CMD-``, ``EVT-``); everything else is looked up
exactly, by index, in what systems call their records, in our keys and in correlation ids.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from revops.lineage.queries.hops import LABELS
from revops.store import sql

LONGEST: Final = 200
_OURS: Final = re.compile(r"(EXC|JE|CMD|EVT)-(\d{1,18})", re.IGNORECASE | re.ASCII)
_KINDS: Final = {"EXC": "case", "JE": "journal", "CMD": "command", "EVT": "event"}
# Where several matches lead into the same thread, the most telling one is offered.
_ORDER: Final = (
    "invoice", "credit", "payment", "dispute", "refund", "payout", "contract", "opportunity",
    "quote", "rated_line", "subscription", "entitlement", "tax", "support_case", "customer",
    "journal", "command", "event", "case",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """``kind`` is one that a thread is entered by, or ``case``. ``why`` says what matched."""

    kind: str
    id: int
    name: str
    system: str
    why: str

    @property
    def label(self) -> str:
        return "Case" if self.kind == "case" else LABELS[self.kind]


@dataclass(frozen=True, slots=True)
class Checked:
    """A system whose ids were looked through, and when it last told us something."""

    label: str
    heard_at: datetime | None


_OWN: Final = {
    "case": "SELECT 1 FROM exceptions_case WHERE id = %s",
    "journal": "SELECT 1 FROM ledger_journalentry WHERE id = %s",
    "command": "SELECT 1 FROM delivery_outboundcommand WHERE id = %s",
    "event": "SELECT 1 FROM events_inboundevent WHERE id = %s",
}

_SEARCH: Final = """
SELECT reference.record_kind AS kind, reference.record_id AS id, reference.external_id AS name,
    connection.label AS system, 'external id' AS why, '' AS story
FROM canonical_externalreference reference
JOIN connectors_connection connection ON connection.id = reference.connection_id
WHERE reference.external_id = ANY(%(spellings)s) AND reference.record_kind = ANY(%(kinds)s)
UNION ALL
SELECT 'command', command.id, command.key, connection.label, 'our key', command.correlation_id
FROM delivery_outboundcommand command
JOIN connectors_connection connection ON connection.id = command.connection_id
WHERE command.key = ANY(%(spellings)s)
UNION ALL
(SELECT 'event', event.id, event.source_event_id, connection.label, 'event id',
    event.correlation_id
FROM events_inboundevent event
JOIN connectors_connection connection ON connection.id = event.connection_id
WHERE event.source_event_id = ANY(%(spellings)s) LIMIT 20)
UNION ALL
(SELECT 'event', event.id, event.object_id, connection.label, 'object of the event',
    event.correlation_id
FROM events_inboundevent event
JOIN connectors_connection connection ON connection.id = event.connection_id
WHERE event.object_id = ANY(%(spellings)s) ORDER BY event.id DESC LIMIT 20)
UNION ALL
(SELECT 'journal', entry.id, 'JE-' || entry.id, 'Console', 'correlation id', entry.correlation_id
FROM ledger_journalentry entry WHERE entry.correlation_id = ANY(%(spellings)s)
ORDER BY entry.id LIMIT 1)
UNION ALL
(SELECT 'event', event.id, event.source_event_id, 'Console', 'correlation id',
    event.correlation_id
FROM events_inboundevent event WHERE event.correlation_id = ANY(%(spellings)s)
ORDER BY event.id LIMIT 1)
"""

_CHECKED: Final = """
SELECT connection.label, greatest(cursor.polled_at, gate.succeeded_at) AS heard_at
FROM connectors_connection connection
LEFT JOIN events_sourcecursor cursor ON cursor.connection_id = connection.id
LEFT JOIN delivery_gate gate ON gate.connection_id = connection.id
ORDER BY connection.label
"""


def find(text: str) -> list[Match]:
    """
    Every record, event, journal, command or case with that id, the most telling first. One query.

    One id may belong to several systems: then there are several. Raises nothing: a text that can
    be no id finds nothing.
    """
    wanted = text.strip()
    if not wanted or len(wanted) > LONGEST or "\x00" in wanted:
        return []
    if own := _OURS.fullmatch(wanted):
        kind, id = _KINDS[own[1].upper()], int(own[2])
        name = f"{own[1].upper()}-{id}"
        if sql.one(_OWN[kind], (id,)) is not None:
            return [Match(kind, id, name, "Console", "our id")]
    spellings = list(dict.fromkeys((wanted, wanted.upper(), wanted.lower())))
    found = sql.rows(_SEARCH, {"spellings": spellings, "kinds": list(_ORDER)})
    return _best(found)


def checked() -> Sequence[Checked]:
    """The systems whose ids ``find`` looks through."""
    return [Checked(row.label, row.heard_at) for row in sql.rows(_CHECKED)]


def _best(found: Sequence[Any]) -> list[Match]:
    """One match a record; events and keys only when no record is known by that id."""
    known: dict[tuple[str, int], Match] = {}
    for row in sorted(found, key=lambda row: (_ORDER.index(row.kind), row.id)):
        known.setdefault((row.kind, row.id), Match(row.kind, row.id, row.name, row.system, row.why))
    matches = list(known.values())
    records = [match for match in matches if match.kind not in ("event", "command")]
    if records:
        return records
    commands = [match for match in matches if match.kind == "command"]
    if commands:
        return commands
    # Several deliveries about one object are one story: the newest tells it.
    objects = [match for match in matches if match.why == "object of the event"]
    return objects[-1:] if objects and len(objects) == len(matches) else matches
