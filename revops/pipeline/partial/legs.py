"""
The postings of one document, with how each stands in its target: those that one business event
led to, and a payment with the processor's fee, which some processors tell of later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from revops.delivery.decide import State
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Leg:
    """
    A posting: an entry, and the command that asks one connection to keep it. ``undoes``: the entry
    is a reversal; ``undone``: it has been reversed since.
    """

    asked: int
    command_id: int
    entry_id: int
    undoes: bool
    undone: bool
    document_type: str
    description: str
    legal_entity: str
    currency: str
    amount: int
    connection_id: int
    target: str
    lane: str
    state: str
    code: str
    reason: str
    drafted_id: str
    unknown_since: datetime | None
    external_number: str
    business_event_id: int | None

    @property
    def stands(self) -> bool:
        return self.state == State.POSTED.value and not self.undone

    @property
    def missing(self) -> bool:
        return self.state == State.EXCEPTION.value


# One fact of the world in two entries under one key (ledger/rules/payments.py).
_TOGETHER: Final = ["payment", "fee"]

# Two questions, each with an index of its own: an OR of both has none.
_BESIDE: Final = """
LATERAL (
    SELECT one.id FROM ledger_journalentry one
    WHERE one.business_event_id = mine.business_event_id
    UNION
    SELECT one.id FROM ledger_journalentry one
    WHERE mine.document_type = ANY(%(together)s) AND one.document_type = ANY(%(together)s)
        AND one.record_kind = mine.record_kind AND one.record_id = mine.record_id
        AND one.business_key = mine.business_key AND one.lane = mine.lane
)
"""

_LEGS: Final = f"""
WITH mine AS (
    SELECT command.id AS asked, entry.*
    FROM delivery_outboundcommand command
    JOIN ledger_journalentry entry ON entry.id = command.subject_id
    WHERE command.id = ANY(%(commands)s) AND command.subject_kind = 'journal'
), entries AS (
    SELECT mine.asked, mine.id FROM mine
    UNION
    SELECT mine.asked, other.id FROM mine
    CROSS JOIN {_BESIDE} AS other
)
SELECT entries.asked, command.id AS command_id, entry.id AS entry_id,
    entry.reverses_id IS NOT NULL AS undoes,
    EXISTS (SELECT 1 FROM ledger_journalentry undo WHERE undo.reverses_id = entry.id) AS undone,
    entry.document_type, entry.description, entity.code AS legal_entity, command.currency,
    command.amount, command.connection_id, connection.label AS target, command.lane,
    command.state, command.code, command.reason, command.drafted_id, command.unknown_since,
    command.external_number, entry.business_event_id
FROM entries
JOIN ledger_journalentry entry ON entry.id = entries.id
JOIN mappings_legalentity entity ON entity.id = entry.legal_entity_id
JOIN delivery_outboundcommand command
    ON command.subject_kind = 'journal' AND command.subject_id = entry.id
JOIN connectors_connection connection ON connection.id = command.connection_id
WHERE command.state <> 'cancelled'
ORDER BY entries.asked, entry.id, command.id
"""  # noqa: S608  own literals


def legs_of(command_ids: Collection[int]) -> dict[int, list[Leg]]:
    """By each command's id, all postings of its document, itself among them. One query."""
    found: dict[int, list[Leg]] = defaultdict(list)
    if command_ids:
        for row in sql.rows(_LEGS, {"commands": list(command_ids), "together": _TOGETHER}):
            leg = Leg(*row)
            found[leg.asked].append(leg)
    return found


def is_partial(legs: Sequence[Leg]) -> bool:
    """Something of it stands, and something was refused."""
    return any(leg.stands for leg in legs) and any(leg.missing for leg in legs)


_REFUSED_BESIDE: Final = f"""
SELECT DISTINCT command.id FROM ledger_journalentry mine
CROSS JOIN {_BESIDE} AS other
JOIN delivery_outboundcommand command
    ON command.subject_kind = 'journal' AND command.subject_id = other.id
WHERE mine.id = ANY(%(entries)s) AND other.id <> mine.id AND command.state = 'exception'
"""  # noqa: S608  own literals


def refused_beside(entry_ids: Sequence[int]) -> list[int]:
    """Commands that were refused of documents of which these entries have been posted."""
    if not entry_ids:
        return []
    asked = {"entries": list(entry_ids), "together": _TOGETHER}
    return [row.id for row in sql.rows(_REFUSED_BESIDE, asked)]
