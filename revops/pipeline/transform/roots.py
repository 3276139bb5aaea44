"""From any record to the customer, the invoice or the subscription that it belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from revops.pipeline.transform.base import Ask
from revops.store import sql

_OWN: Final = "SELECT id, customer_id AS found FROM canonical_{} WHERE id = ANY(%s)"
_PAID: Final = """
SELECT record.id, coalesce(payment.customer_id, invoice.customer_id) AS found
FROM {} record JOIN canonical_payment payment ON payment.id = record.{}
LEFT JOIN canonical_invoice invoice ON invoice.id = payment.invoice_id
WHERE record.id = ANY(%s)
"""
_PAID_FOR: Final = """
SELECT record.id, payment.invoice_id AS found
FROM {} record JOIN canonical_payment payment ON payment.id = record.{} WHERE record.id = ANY(%s)
"""

_CUSTOMERS: Final[Mapping[str, str]] = {
    "customer": "SELECT id, id AS found FROM canonical_customer WHERE id = ANY(%s)",
    "quote": (
        "SELECT quote.id, customer_id AS found FROM canonical_quote quote "
        "JOIN canonical_opportunity opportunity ON opportunity.id = quote.opportunity_id "
        "WHERE quote.id = ANY(%s)"
    ),
    "payment": _PAID.format("canonical_payment", "id"),
    "refund": _PAID.format("canonical_refund", "payment_id"),
    "dispute": _PAID.format("canonical_dispute", "payment_id"),
    "rated_line": "SELECT id, customer_id AS found FROM usage_ratedline WHERE id = ANY(%s)",
    **{
        kind: _OWN.format(kind)
        for kind in ("opportunity", "contract", "subscription", "entitlement", "invoice", "credit")
    },
}
_INVOICES: Final[Mapping[str, str]] = {
    "invoice": "SELECT id, id AS found FROM canonical_invoice WHERE id = ANY(%s)",
    "payment": _PAID_FOR.format("canonical_payment", "id"),
    "refund": _PAID_FOR.format("canonical_refund", "payment_id"),
    "dispute": _PAID_FOR.format("canonical_dispute", "payment_id"),
    "credit": "SELECT id, invoice_id AS found FROM canonical_credit WHERE id = ANY(%s)",
}


def customers(asks: Iterable[Ask]) -> dict[tuple[str, int], int]:
    """Our id of the customer (a system's account of it) by record. Unknown ones are absent."""
    return _found(_CUSTOMERS, asks)


def invoices(asks: Iterable[Ask]) -> dict[tuple[str, int], int]:
    """Our id of the invoice by record. Records without one are absent."""
    return _found(_INVOICES, asks)


def _found(tables: Mapping[str, str], asks: Iterable[Ask]) -> dict[tuple[str, int], int]:
    by_kind: dict[str, set[int]] = defaultdict(set)
    for ask in asks:
        by_kind[ask.record_kind].add(ask.record_id)
    return {
        (kind, row.id): row.found
        for kind, ids in by_kind.items()
        if kind in tables
        for row in sql.rows(tables[kind], (list(ids),))
        if row.found is not None
    }
