"""A batch of events against the records of one connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from revops.canonical.operations.apply import APPLY, Telling
from revops.canonical.operations.change import Change
from revops.canonical.operations.table import Tables
from revops.contracts.base import EventData
from revops.contracts.invoices import InvoiceIssued
from revops.kernel import strict_json
from revops.store import sql

_LINES = sql.Columns(
    "canonical_invoiceline",
    invoice_id="bigint",
    position="smallint",
    line_id="text",
    sku="text",
    description="text",
    quantity="numeric",
    amount="bigint",
    taxes="jsonb",
    service_start="date",
    service_end="date",
    proration="boolean",
    usage_ref="text",
    credited="bigint",
)

_PARTIES = sql.Columns(
    "canonical_party",
    id="bigint",
    name="text",
    domain="text",
    tax_id="text",
    country="text",
    region="text",
    currency="text",
    health_band="text",
    health_reason="text",
    renewal_currency="text",
    renewal_risk="text",
    milestone="text",
    created_at="timestamptz",
    updated_at="timestamptz",
)

REFERENCES = sql.Columns(
    "canonical_externalreference",
    connection_id="bigint",
    type="text",
    external_id="text",
    record_kind="text",
    record_id="bigint",
)


class Batch:
    """Load, apply in memory, flush. Not for use outside the transaction that it was made in."""

    def __init__(self, connection_id: int) -> None:
        self.connection_id = connection_id
        self.tables = Tables(connection_id)
        self._lines: list[Sequence[Any]] = []
        self._numbers: list[tuple[str, int]] = []

    def load(self, events: Iterable[EventData]) -> None:
        """Read every record that these events are about or need, one query a kind."""
        wanted: dict[str, set[str]] = defaultdict(set)
        fresh: dict[str, set[str]] = defaultdict(set)
        for data in events:
            wanted[data.subject].add(data.subject_id)
            fresh[data.subject].add(data.subject_id)
            for kind, source_id in data.needs:
                wanted[kind].add(source_id)
            for kind in ("invoice", "subscription", "customer"):
                source_id = getattr(data, f"{kind}_id", "")
                if source_id:
                    wanted[kind].add(source_id)
        for kind, source_ids in wanted.items():
            table = self.tables.of(kind)
            table.load(source_ids)
            table.reserve(table.missing(fresh.get(kind, ())))
        self.tables.payment.load(ids=(row.payment_id for row in self.tables.refund.known()))
        invoices = self.tables.invoice
        invoices.load(ids=(row.invoice_id for row in self.tables.payment.known() if row.invoice_id))
        self.tables.customer.load(ids=(row.customer_id for row in invoices.known()))

    def unmet(self, data: EventData) -> tuple[str, str] | None:
        """The first (kind, source id) that the event needs and that is not known."""
        for kind, source_id in data.needs:
            if self.tables.of(kind).get(source_id) is None:
                return kind, source_id
        return None

    def apply(self, data: EventData, told: Telling) -> Change:
        """Apply one event to the records in memory."""
        change = APPLY[data.contract](self.tables, data, told)
        if isinstance(data, InvoiceIssued) and change.effect == "created":
            self._numbers.append((data.number, change.record_id))
            for position, line in enumerate(data.lines):
                span = line.service_period
                self._lines.append((
                    change.record_id, position, line.line_id, line.sku, line.description,
                    line.quantity, line.amount,
                    strict_json.dumps([tax.model_dump(mode="json") for tax in line.taxes]),
                    span.start if span else None, span.end if span else None,
                    line.proration, line.usage_ref, 0,
                ))  # fmt: skip
        return change

    def flush(self, at: datetime) -> list[str]:
        """Write everything; the names (``kind:source id``) of records that are new."""
        created: list[str] = []
        references: list[Sequence[Any]] = []
        self._parties(at)
        for table in self.tables.in_order():
            for row in table.new():
                created.append(f"{table.name}:{row.source_id}")
                references.append(
                    (self.connection_id, table.name, row.source_id, table.name, row.id)
                )
            table.flush(at)
        _LINES.insert(self._lines)
        references.extend(
            (self.connection_id, "invoice_number", number, "invoice", record_id)
            for number, record_id in self._numbers
            if number
        )
        REFERENCES.insert(references, "ON CONFLICT DO NOTHING")
        return created

    def _parties(self, at: datetime) -> None:
        """Every new customer is one of its own until something says otherwise."""
        rows = [row for row in self.tables.customer.new() if not row.party_id]
        for row, party_id in zip(rows, sql.new_ids("canonical_party", len(rows)), strict=True):
            row.party_id = party_id
        _PARTIES.insert([
            (row.party_id, row.name, row.domain, row.tax_id, "", row.region, row.currency,
             "", "", "", "", "", at, at)
            for row in rows
        ])  # fmt: skip
