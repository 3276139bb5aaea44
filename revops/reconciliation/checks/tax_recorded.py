"""
What the tax engine lists as recorded for the returns, beside the tax of our invoices and credits.

Which legal entities use an engine is said by its connection (``companies``): the documents of the
others, and those from before it was connected, are none that it should have.
"""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import listed, ours

# An engine that names no company is used by all.
_USED: Final = """(coalesce(engine.parameters ->> 'companies', '') = '' OR EXISTS (
    SELECT 1 FROM regexp_split_to_table(engine.parameters ->> 'companies', ',') said
    WHERE trim(split_part(said, '=', 1)) = books.code AND trim(split_part(said, '=', 2)) <> ''))"""
_LISTED: Final = """EXISTS (SELECT 1 FROM reconciliation_holding held
    WHERE held.connection_id = %(other)s AND held.kind = 'tax' AND held.gone_in_id IS NULL
        AND held.key = document.source_id AND lower(held.state) <> 'cancelled')"""
# What is told to the engine after it is booked; a refusal has a case of its own.
_ON_ITS_WAY: Final = """EXISTS (SELECT 1 FROM pipeline_flowrun run
    JOIN pipeline_steprun step ON step.run_id = run.id
    WHERE run.state NOT IN ('done', 'compensated') AND run.record_kind = document.kind
        AND run.record_id = document.id
        AND step.connection_id = %(other)s AND step.step IN ('tax.commit', 'tax.void')
        AND step.state IN ('waiting', 'held', 'unready', 'queued'))"""
# The engine is told what is in the books; what could not be booked has a case of its own.
_BOOKED: Final = """EXISTS (SELECT 1 FROM ledger_journalentry entry
    WHERE entry.record_kind = document.kind AND entry.record_id = document.id)"""
_OURS: Final = f"""
FROM (
    SELECT 'invoice' AS kind, id, source_id, number, customer_id, legal_entity_id, currency, tax,
        issued_on, state = 'void' AS void, created_at, updated_at
    FROM canonical_invoice
    WHERE legal_entity_id = %(entity)s AND issued_on BETWEEN %(starts)s AND %(ends)s
    UNION ALL
    SELECT 'credit', id, source_id, number, customer_id, legal_entity_id, currency,
        -tax, issued_on, state = 'void', created_at, updated_at
    FROM canonical_credit
    WHERE legal_entity_id = %(entity)s AND issued_on BETWEEN %(starts)s AND %(ends)s
        AND state IN ('issued', 'void')
) document
JOIN canonical_customer customer ON customer.id = document.customer_id
JOIN mappings_legalentity books ON books.id = document.legal_entity_id
JOIN connectors_connection engine ON engine.id = %(other)s
WHERE {_USED} AND CASE
    WHEN {_LISTED} THEN NOT document.void OR {_ON_ITS_WAY}
    ELSE document.tax <> 0 AND NOT document.void AND document.created_at >= engine.created_at
        AND {_BOOKED} AND NOT {_ON_ITS_WAY} END
"""  # noqa: S608  our own literals

CHECK: Final = Check(
    slug="tax_recorded",
    label="Tax: what the engine recorded and our documents",
    left=listed("{system}", "tax", "tax", where="lower(held.state) <> 'cancelled'", state="''"),
    right=ours(
        "Our invoices and credits",
        _OURS,
        item_key="document.kind || ':' || document.id",
        key="document.source_id",
        number="coalesce(nullif(document.number, ''), document.source_id)",
        party="customer.name",
        currency="document.currency",
        amount="document.tax",
        dated="document.issued_on",
        record_kind="document.kind",
        record_id="document.id",
        touched_at="document.updated_at",
    ),
    area="tax",
    noun="tax documents",
    compares=frozenset({"amount", "currency"}),
    wait_days=1,
)
