"""
Which journals go to an ERP as documents of its own, and what billing knows of each.

An entity's route says whether invoices, credit notes and payments do. One goes so only where all of
it stands on the customer's account: a credit to a balance, or cash that pays no invoice, is none of
an ERP's documents and stays a journal, and so does what is in a foreign currency. Whatever settles
an invoice names it, journal or document, and what takes that back names what had settled it: what
is open in the ERP is what is open here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connectors import registry
from connectors.postings import CREDIT_MEMO, INVOICE, JOURNAL, PAYMENT
from revops.kernel.keys import idempotency_key
from revops.ledger import items
from revops.ledger.books import EntityBooks
from revops.ledger.drafts import DraftLine, JournalDraft
from revops.ledger.operations import NewEntry
from revops.store import sql

# What a kind of record is as an entry, and as a command.
KINDS: Final = {"invoice": INVOICE, "credit": CREDIT_MEMO, "payment": PAYMENT}
_INVOICE: Final = items.invoice("-").removesuffix("-")
_CONNECTORS: Final = "SELECT id, connector FROM connectors_connection WHERE id = ANY(%s)"
_RECORDS: Final = """
SELECT 'invoice' AS kind, id, number, issued_on AS dated, due_on, total FROM canonical_invoice
WHERE id = ANY(%(invoice)s)
UNION ALL
SELECT 'credit', id, coalesce(nullif(number, ''), source_id), issued_on, NULL, total
FROM canonical_credit WHERE id = ANY(%(credit)s)
UNION ALL
SELECT 'payment', id, source_id, dated, NULL, amount FROM canonical_payment
WHERE id = ANY(%(payment)s)
"""
_NUMBERS: Final = """
SELECT asked.key, invoice.number FROM unnest(%s::text[]) AS asked (key)
JOIN connectors_connection connection ON connection.slug = split_part(asked.key, ':', 1)
JOIN canonical_invoice invoice ON invoice.connection_id = connection.id
    AND invoice.source_id = substr(asked.key, strpos(asked.key, ':') + 1)
"""
# What was lost in an ERP was posted again under a further key (reconciliation/operations/mending).
_POSTED: Final = """
SELECT DISTINCT ON (asked.lane, asked.entity, asked.key, command.connection_id) asked.lane,
    asked.entity, asked.key, command.connection_id, command.key AS ours
FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS asked (lane, entity, key)
JOIN delivery_outboundcommand command ON command.lane = asked.lane
    AND command.legal_entity_id = asked.entity AND command.document_type = 'invoice'
    AND command.business_key = ANY(ARRAY[asked.key, asked.key || '~2', asked.key || '~3'])
    AND command.state <> 'cancelled'
ORDER BY asked.lane, asked.entity, asked.key, command.connection_id, command.id DESC
"""


@dataclass(frozen=True, slots=True)
class Documents:
    """What is known of a batch's entries; nothing where no route wants documents."""

    accepts: Mapping[int, frozenset[str]] = field(default_factory=dict)
    records: Mapping[tuple[str, int], Any] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    posted: Mapping[tuple[str, int, str, int], str] = field(default_factory=dict)

    def shape(
        self, entry: NewEntry, lane: str, connection_id: int
    ) -> tuple[str, Mapping[str, Any]]:
        """The kind of the command, and what its payload says beside the journal."""
        settles = self._settles(entry, lane, connection_id)
        reopens = _reopened(entry.draft, lane) if connection_id in self.accepts else []
        kind = KINDS.get(entry.draft.document_type, JOURNAL)
        record = self.records.get((entry.record_kind, entry.record_id or 0))
        line = _on_account(entry.draft)
        wanted = kind in self.accepts.get(connection_id, ()) and kind == KINDS.get(
            entry.record_kind
        )
        if not wanted or record is None or line is None or abs(line.functional) != record.total:
            beside = {"settles": settles, "reopens": reopens}
            return JOURNAL, {name: told for name, told in beside.items() if told}
        return kind, {
            "document": {
                "number": record.number,
                "date": record.dated.isoformat(),
                "due_on": record.due_on.isoformat() if record.due_on else None,
                "customer": {
                    "id": line.customer_id,
                    "name": line.customer_name or line.customer_id,
                },
                "total": record.total,
                "settles": settles,
            }
        }

    def _settles(self, entry: NewEntry, lane: str, connection_id: int) -> list[dict[str, Any]]:
        if connection_id not in self.accepts:
            return []
        return [
            {
                "key": self.posted.get((lane, entry.legal_entity_id, key, connection_id))
                or idempotency_key(
                    lane=lane, legal_entity=entry.draft.legal_entity, document_type="invoice",
                    business_key=key, revision=1,
                ),
                "number": self.numbers.get(key, ""),
                "amount": amount,
            }
            for key, amount in _settled(entry.draft)
        ]  # fmt: skip


def known(entries: Iterable[NewEntry], books: Mapping[int, EntityBooks]) -> Documents:
    """A few statements, and none where every route of these entries takes journals."""
    routed = [
        (entry, lane, target)
        for entry in entries
        if entry.draft.currency == entry.draft.functional_currency
        for lane, target, documents in books[entry.legal_entity_id].postings_on(
            entry.draft.accounting_date
        )
        if documents
    ]
    if not routed:
        return Documents()
    settled = sorted(
        {
            (lane, entry.legal_entity_id, key)
            for entry, lane, _ in routed
            for key, _ in _settled(entry.draft)
        }
    )
    return Documents(
        _accepts({target for _, _, target in routed}),
        _records([entry for entry, _, _ in routed]),
        _numbers([key for _, _, key in settled]),
        _posted(settled),
    )


def _accepts(targets: Iterable[int]) -> dict[int, frozenset[str]]:
    return {
        row.id: frozenset(registry.manifest(row.connector).accepts)
        for row in sql.rows(_CONNECTORS, (sorted(targets),))
    }


def _records(entries: Sequence[NewEntry]) -> dict[tuple[str, int], Any]:
    ids: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for entry in entries:
        if entry.record_id is not None and entry.record_kind == entry.draft.document_type:
            ids.get(entry.record_kind, []).append(entry.record_id)
    if not any(ids.values()):
        return {}
    return {(row.kind, row.id): row for row in sql.rows(_RECORDS, ids)}


def _numbers(keys: Sequence[str]) -> dict[str, str]:
    if not keys:
        return {}
    return {row.key: row.number for row in sql.rows(_NUMBERS, (list(dict.fromkeys(keys)),))}


def _posted(settled: Sequence[tuple[str, int, str]]) -> dict[tuple[str, int, str, int], str]:
    if not settled:
        return {}
    columns = [list(column) for column in zip(*settled, strict=True)]
    return {
        (row.lane, row.entity, row.key, row.connection_id): row.ours
        for row in sql.rows(_POSTED, columns)
    }


def _on_account(draft: JournalDraft) -> DraftLine | None:
    """The one line on a customer's account of an invoice; None where there are none or several."""
    found = [line for line in draft.lines if line.item.startswith(_INVOICE) and line.customer_id]
    return found[0] if len(found) == 1 else None


def _settled(draft: JournalDraft) -> list[tuple[str, int]]:
    """Key of each invoice of which something is settled, and how much of it, positive."""
    found: dict[str, int] = {}
    if draft.document_type != "invoice":
        for line in draft.lines:
            if line.item.startswith(_INVOICE) and line.functional < 0:
                key = line.item.removeprefix(_INVOICE)
                found[key] = found.get(key, 0) - line.functional
    return list(found.items())


def _reopened(draft: JournalDraft, lane: str) -> list[dict[str, Any]]:
    """
    What came back or was taken back, and so is owed again: how much, and our key of the document
    that had settled it.
    """
    kind, _, rest = draft.reverses.partition("/")
    key, _, revision = rest.rpartition("/r")
    if draft.document_type == "return":
        kind, key, revision = "payment", draft.business_key, "1"
    if kind not in ("payment", "credit"):
        return []
    amount = sum(
        line.functional
        for line in draft.lines
        if line.item.startswith(_INVOICE) and line.functional > 0
    )
    if not amount:
        return []
    settled_by = idempotency_key(
        lane=lane, legal_entity=draft.legal_entity, document_type=kind, business_key=key,
        revision=int(revision),
    )  # fmt: skip
    return [{"settled_by": settled_by, "amount": amount}]
