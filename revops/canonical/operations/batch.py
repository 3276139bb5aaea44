"""A batch of events against the records of one connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from revops.canonical.models import PaymentState
from revops.canonical.operations import golden, history, links, parties, terms
from revops.canonical.operations.apply import APPLY
from revops.canonical.operations.change import Change, Effect, Telling
from revops.canonical.operations.drifts import Difference
from revops.canonical.operations.matrix import matrix
from revops.canonical.operations.tables import Tables
from revops.contracts.base import EventData
from revops.contracts.credits import CreditApplied
from revops.contracts.invoices import InvoiceIssued, WriteOffRecovered
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

REFERENCES = sql.Columns(
    "canonical_externalreference",
    connection_id="bigint",
    type="text",
    external_id="text",
    record_kind="text",
    record_id="bigint",
)

# Where to look for records that an event names beside those that it needs.
_NAMED = ("invoice", "subscription", "customer")
# The parents that a record's journals speak of: (kind, its column, the parent's kind).
_ABOVE = (
    ("refund", "payment_id", "payment"),
    ("dispute", "payment_id", "payment"),
    ("payment", "invoice_id", "invoice"),
    ("credit", "invoice_id", "invoice"),
    ("invoice", "customer_id", "customer"),
    ("credit", "customer_id", "customer"),
    ("payment", "customer_id", "customer"),
)
# Money that never came can be neither returned, given back nor contested.
_AFTER_SUCCESS = frozenset({"refund", "dispute"})


class Batch:
    """
    Load, apply in memory, flush. Not for use outside the transaction that it was made in.

    After the flush ``drifted`` are the differences in money that are new, and ``agreed`` the (kind,
    id) of records of which the last one is over. ``joined`` are the customers as one that got an
    account, or may have; of a merge both. ``stories`` are correlation ids of other systems' records
    that the events name, by (kind, their id).
    """

    def __init__(self, connection_id: int) -> None:
        self.connection_id = connection_id
        self.tables = Tables(connection_id, matrix())
        self.drifted: tuple[Difference, ...] = ()
        self.agreed: tuple[tuple[str, int], ...] = ()
        self.joined: frozenset[int] = frozenset()
        self.stories: dict[tuple[str, str], str] = {}
        self._lines: list[Sequence[Any]] = []
        self._numbers: list[tuple[str, int]] = []

    @staticmethod
    def keys(data: EventData) -> Iterable[str]:
        """
        The names of what an event is about, for ``sql.lock_objects``. They name no connection, so
        that two systems' records which refer to each other never miss one another.
        """
        yield f"{data.subject}:{data.subject_id}"
        for kind, source_id in (*data.needs, *data.related):
            yield f"{kind}:{source_id}"
        yield from parties.keys(data)

    def load(self, events: Iterable[EventData]) -> None:
        """Read every record that these events are about or need, one query a kind."""
        wanted: dict[str, set[str]] = defaultdict(set)
        fresh: dict[str, set[str]] = defaultdict(set)
        related: set[tuple[str, str]] = set()
        about: dict[str, set[str]] = defaultdict(set)
        for data in events:
            if data.contract not in APPLY:
                continue
            about[data.subject].add(data.subject_id)
            fresh[data.subject].add(data.subject_id)
            for kind, source_id in data.needs:
                wanted[kind].add(source_id)
            for kind in _NAMED:
                source_id = getattr(data, f"{kind}_id", "")
                if source_id:
                    wanted[kind].add(source_id)
            if isinstance(data, WriteOffRecovered):
                fresh["recovery"].add(data.recovery_id)
            related.update(data.related)
        tables = self.tables
        for kind in wanted.keys() | fresh.keys():
            table = tables.of(kind)
            table.load(wanted[kind] | fresh[kind])
            table.reserve(table.missing(fresh[kind]))
        for kind, column, parent in _ABOVE:
            ids = [getattr(row, column) for row in tables.of(kind).known()]
            tables.of(parent).load(ids=[one for one in ids if one is not None])
        for kind in ("customer", "contract"):
            rows = [tables.of(kind).get(source_id) for source_id in about[kind]]
            tables.claims.load(kind, [row.id for row in rows if row is not None])
        if any(isinstance(data, CreditApplied) for data in events):
            tables.load_applications(row.id for row in tables.credit.known())
        if related:
            found = sql.rows(_STORIES, ([k for k, _ in related], [i for _, i in related]))
            self.stories = {(row.kind, row.source_id): row.correlation_id for row in found}

    def unmet(self, data: EventData) -> tuple[str, str] | None:
        """The first (kind, source id) that the event needs and that is not known."""
        for kind, source_id in data.needs:
            row = self.tables.of(kind).get(source_id)
            if row is None:
                return kind, source_id
            money_came = data.subject in _AFTER_SUCCESS or data.contract == "payment.returned/1"
            if kind == "payment" and money_came and row.state == PaymentState.FAILED:
                return kind, source_id
        return None

    def owns(self, data: EventData, legal_entity_id: int | None) -> bool:
        """Whether the connection may write records like the event's."""
        return self.tables.matrix.writes(data.subject, self.connection_id, legal_entity_id)

    def apply(self, data: EventData, told: Telling) -> Change:
        """Apply one event to the records in memory."""
        if not self.owns(data, told.legal_entity_id):
            value = strict_json.dumps(data.model_dump(mode="json"))
            self.tables.claims.foreign(data.subject, data.subject_id, value, told)
            note = "Another system owns this record, so it was only kept as a claim."
            return Change(data.subject, 0, Effect.FOREIGN, note)
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
        """
        Write everything; the names (``kind:source id``) of what parked events may have waited for.
        """
        tables = self.tables
        links.within(tables)
        parties.assign(tables, at)
        self.joined = frozenset(tables.parties_joined)
        known: list[str] = []
        references: list[Sequence[Any]] = []
        changes: list[history.Line] = []
        for table in tables.in_order():
            for row in table.new():
                known.append(f"{table.name}:{row.source_id}")
                references.append(
                    (self.connection_id, table.name, row.source_id, table.name, row.id)
                )
            table.flush(at)
            changes.extend(history.lines(table.history, table.json_columns))
        _LINES.insert(self._lines)
        tables.flush_details()
        references.extend(
            (self.connection_id, "invoice_number", number, "invoice", record_id)
            for number, record_id in self._numbers
            if number
        )
        REFERENCES.insert(references, "ON CONFLICT DO NOTHING")
        led = links.across(tables)
        tables.claims.customers |= led["customer"]
        tables.claims.subscriptions |= led["subscription"]
        tables.claims.flush()
        for settle in (golden.settle, terms.settle):
            outcome, more = settle(tables, at)
            self.drifted += outcome.opened
            self.agreed += outcome.agreed
            changes.extend(more)
        history.write(changes, at)
        return [*known, *tables.turned]


# Those that the story of another record goes on from.
_STORIES = """
WITH named AS (SELECT * FROM unnest(%s::text[], %s::text[]) AS named (kind, source_id)),
found AS (
    SELECT named.kind, named.source_id, reference.connection_id, reference.record_id
    FROM named JOIN canonical_externalreference reference
        ON reference.external_id = named.source_id AND reference.type = named.kind
        AND reference.record_kind = named.kind
)
SELECT found.kind, found.source_id,
    coalesce(contract.correlation_id, invoice.correlation_id, credit.correlation_id)
        AS correlation_id
FROM found
LEFT JOIN canonical_contract contract ON found.kind = 'contract' AND contract.id = found.record_id
LEFT JOIN canonical_invoice invoice ON found.kind = 'invoice' AND invoice.id = found.record_id
LEFT JOIN canonical_credit credit ON found.kind = 'credit' AND credit.id = found.record_id
WHERE found.kind IN ('contract', 'invoice', 'credit')
ORDER BY found.connection_id DESC
"""
