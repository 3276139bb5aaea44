"""An invoice: its state, what is open, whether the ERP has it, and what is being done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from revops.api.lookups.reach import WITHIN, Reach
from revops.store import sql

_BY_ID: Final = f"""
SELECT DISTINCT invoice.id, invoice.number, connection.slug, invoice.source_id
FROM canonical_externalreference reference
JOIN canonical_invoice invoice ON invoice.id = reference.record_id
JOIN connectors_connection connection ON connection.id = invoice.connection_id
LEFT JOIN mappings_legalentity entity ON entity.id = invoice.legal_entity_id
WHERE reference.external_id = ANY(%(spellings)s) AND reference.record_kind = 'invoice'
  AND (%(system)s = '' OR connection.slug = %(system)s) AND {WITHIN}
ORDER BY invoice.id LIMIT 20
"""  # noqa: S608  WITHIN is ours
_READ: Final = """
SELECT invoice.*, connection.slug, customer.party_id, party.name AS party_name,
    coalesce(entity.code, '') AS entity,
    (now() AT TIME ZONE coalesce(entity.zone, 'UTC'))::date AS today
FROM canonical_invoice invoice
JOIN connectors_connection connection ON connection.id = invoice.connection_id
JOIN canonical_customer customer ON customer.id = invoice.customer_id
JOIN canonical_party party ON party.id = customer.party_id
LEFT JOIN mappings_legalentity entity ON entity.id = invoice.legal_entity_id
WHERE invoice.id = %s
"""
_POSTINGS: Final = """
SELECT entry.id AS entry_id, entry.document_type, entry.accounting_date, entry.lane,
    command.id AS command_id, command.state, command.external_id, command.external_number,
    command.finished_at, command.reason, connection.slug, connection.label,
    connection.id AS connection_id
FROM ledger_journalentry entry
LEFT JOIN delivery_outboundcommand command
    ON command.subject_kind = 'journal' AND command.subject_id = entry.id
LEFT JOIN connectors_connection connection ON connection.id = command.connection_id
WHERE entry.record_kind = 'invoice' AND entry.record_id = %s
ORDER BY entry.id, command.id LIMIT 100
"""
_CASES: Final = """
SELECT kase.id, kase.what_happened, kase.state, kase.due_at FROM exceptions_case kase
WHERE kase.state <> 'resolved' AND (
    kase.record_kind = 'invoice' AND kase.record_id = %(invoice)s
    OR kase.command_id = ANY(%(commands)s))
ORDER BY kase.id LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    id: int
    number: str
    system: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Posting:
    """One journal of the invoice; ``system`` is empty while no ERP was chosen for it."""

    journal: str
    document_type: str
    dated: date
    lane: str
    state: str
    connection_id: int | None
    system: str
    label: str
    number: str
    at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    reference: str
    what_happened: str
    state: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """``row`` is the invoice with its customer, entity and today in the entity's zone."""

    row: Any
    postings: tuple[Posting, ...]
    cases: tuple[Case, ...]

    @property
    def open(self) -> int:
        if self.row.state in ("void", "written_off"):
            return 0
        return max(0, int(self.row.total - self.row.applied - self.row.credited))

    @property
    def overdue_days(self) -> int:
        if not self.open or self.row.due_on is None:
            return 0
        return max(0, int((self.row.today - self.row.due_on).days))


def by_id(text: str, reach: Reach, *, system: str = "") -> list[Candidate]:
    """By its number, its id in any system, or an ERP's number of it. One statement."""
    wanted = text.strip()
    spellings = list(dict.fromkeys((wanted, wanted.upper(), wanted.lower())))
    rows = sql.rows(_BY_ID, {"spellings": spellings, "system": system} | reach.values)
    return [Candidate(row.id, row.number, row.slug, row.source_id) for row in rows]


def standing(id: int) -> Standing:
    """Three statements. The caller has found ``id`` by ``by_id``, within its reach."""
    row = sql.one(_READ, (id,))
    assert row is not None
    posted = sql.rows(_POSTINGS, (id,))
    commands = [one.command_id for one in posted if one.command_id is not None]
    cases = sql.rows(_CASES, {"invoice": id, "commands": commands})
    return Standing(
        row=row,
        postings=tuple(_posting(one) for one in posted),
        cases=tuple(
            Case(f"EXC-{one.id}", one.what_happened, one.state, one.due_at) for one in cases
        ),
    )


def _posting(row: Any) -> Posting:
    return Posting(
        journal=f"JE-{row.entry_id}",
        document_type=row.document_type,
        dated=row.accounting_date,
        lane=row.lane,
        state=row.state or "",
        connection_id=row.connection_id,
        system=row.slug or "",
        label=row.label or "",
        number=row.external_number or row.external_id or "",
        at=row.finished_at,
        reason=row.reason or "",
    )
