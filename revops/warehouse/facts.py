"""
Which rows a fact has: a SELECT of the columns of ``connectors/facts.py`` for each, with the stamp
by which it is found. Rows without a legal entity are not loaded before they have one: their books
are not known.
"""

from __future__ import annotations

from typing import Final

from connectors.facts import FACTS

_RECORD: Final = """
JOIN mappings_legalentity entity ON entity.id = record.legal_entity_id
JOIN connectors_connection source ON source.id = record.connection_id"""
_OWN: Final = "source.slug AS source, record.source_id"


def _records(table: str, columns: str) -> str:
    start = "SELECT record.id, entity.code AS legal_entity, record.updated_at AS changed_at"
    return f"{start}, {_OWN}, {columns} FROM {table} record {_RECORD}"  # noqa: S608  our own names


# Each ends where a WHERE may follow; ``record`` is what the stamp belongs to.
ROWS: Final = {
    "customers": _records(
        "canonical_customer",
        "record.party_id AS customer_one, record.name, record.email, record.currency",
    ),
    "subscriptions": _records(
        "canonical_subscription",
        "record.customer_id, record.currency, record.state, record.started_on, record.renews_on, "
        "record.ends_on, record.items",
    ),
    "invoices": _records(
        "canonical_invoice",
        "record.customer_id, record.number, record.currency, record.state, record.issued_on, "
        "record.due_on, record.net, record.tax, record.total, record.applied, record.credited",
    ),
    "invoice_lines": (
        "SELECT line.id, entity.code AS legal_entity, record.updated_at AS changed_at, "
        "line.invoice_id, line.position, line.sku, record.currency, "
        "line.quantity::text AS quantity, line.amount, line.service_start, "
        "line.service_end FROM canonical_invoice record "
        "JOIN mappings_legalentity entity ON entity.id = record.legal_entity_id "
        "JOIN canonical_invoiceline line ON line.invoice_id = record.id"
    ),
    "payments": _records(
        "canonical_payment",
        "record.customer_id, record.invoice_id, record.currency, record.state, record.amount, "
        "record.allocated, record.fee, record.returned, record.dated",
    ),
    "refunds": _records(
        "canonical_refund",
        "record.payment_id, record.currency, record.amount, record.dated, record.returned_on",
    ),
    "credits": _records(
        "canonical_credit",
        "record.customer_id, record.invoice_id, record.number, record.credit_type, "
        "record.currency, record.state, record.net, record.tax, record.total, record.applied, "
        "record.issued_on, record.voided_on",
    ),
    "journal_entries": (
        "SELECT record.id, entity.code AS legal_entity, record.recorded_at AS changed_at, "
        "record.lane, record.document_type, record.business_key, period.code AS period, "
        "record.accounting_date, record.currency, record.functional_currency, record.amount, "
        "record.reverses_id, record.correlation_id FROM ledger_journalentry record "
        "JOIN mappings_legalentity entity ON entity.id = record.legal_entity_id "
        "JOIN mappings_accountingperiod period ON period.id = record.period_id"
    ),
    "journal_lines": (
        "SELECT line.id, entity.code AS legal_entity, record.recorded_at AS changed_at, "
        "line.entry_id, line.position, line.account, record.currency, record.functional_currency, "
        "line.amount, line.functional AS functional_amount, line.customer_ref AS customer, "
        "line.tax_code FROM ledger_journalentry record "
        "JOIN mappings_legalentity entity ON entity.id = record.legal_entity_id "
        "JOIN ledger_journalline line ON line.entry_id = record.id"
    ),
    # A share of zero has no entry, and is nothing.
    "recognitions": (
        "SELECT portion.id, entity.code AS legal_entity, record.recorded_at AS changed_at, "
        "portion.entry_id, portion.schedule_id, portion.revision, portion.period_code AS period, "
        "schedule.business_key, schedule.line_id, schedule.sku, schedule.service_start, "
        "schedule.service_end, schedule.deferral_account, schedule.revenue_account, "
        "schedule.customer_ref AS customer, schedule.currency, schedule.functional_currency, "
        "portion.amount, portion.functional_amount FROM ledger_journalentry record "
        "JOIN mappings_legalentity entity ON entity.id = record.legal_entity_id "
        "JOIN ledger_recognition portion ON portion.entry_id = record.id "
        "JOIN ledger_revenueschedule schedule ON schedule.id = portion.schedule_id"
    ),
}  # fmt: skip
PERSONAL: Final = {
    name: tuple(column.name for column in fact.columns if column.personal)
    for name, fact in FACTS.items()
}


TABLES: Final = {
    "customers": "canonical_customer",
    "subscriptions": "canonical_subscription",
    "invoices": "canonical_invoice",
    "invoice_lines": "canonical_invoice",
    "payments": "canonical_payment",
    "refunds": "canonical_refund",
    "credits": "canonical_credit",
    "journal_entries": "ledger_journalentry",
    "journal_lines": "ledger_journalentry",
    "recognitions": "ledger_journalentry",
}
STAMPS: Final = {
    name: "recorded_at" if table == "ledger_journalentry" else "updated_at"
    for name, table in TABLES.items()
}


def page(fact: str, *, most: int) -> str:
    """
    The next records, by stamp and id. Parameters: through, through, last id, horizon. Stamps alone
    would part records of one transaction, which share one.
    """
    stamp = f"record.{STAMPS[fact]}"
    return (
        f"SELECT record.id, {stamp} AS stamp FROM {TABLES[fact]} record "  # noqa: S608  our own names
        f"WHERE record.legal_entity_id IS NOT NULL "
        f"AND ({stamp} > %s OR ({stamp} = %s AND record.id > %s)) AND {stamp} <= %s "
        f"ORDER BY {stamp}, record.id LIMIT {most}"
    )


def told(fact: str) -> str:
    """What follows from records: a row each, or none, or several. Parameter: their ids."""
    return f"{ROWS[fact]} WHERE record.id = ANY(%s) ORDER BY 1"
