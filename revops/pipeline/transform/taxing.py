"""
``tax.commit`` and ``tax.void``: what billing charged, as the tax engine records it for the returns.

Which legal entities use an engine is said by its connection (``companies``); of the others nothing
is told to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from revops.kernel import strict_json
from revops.pipeline.transform.base import Answer, Ask, Made, NotNeeded, Unready
from revops.pipeline.transform.customers import known
from revops.pipeline.transform.parties import Party
from revops.store import sql

DOCUMENT: Final = "tax_document"
COMPANIES: Final = "companies"

_CONNECTIONS: Final = """
SELECT id, parameters::text AS parameters FROM connectors_connection WHERE id = ANY(%s)
"""
_INVOICES: Final = """
SELECT invoice.id, invoice.source_id, invoice.number, invoice.issued_on, NULL::date AS original_on,
    invoice.currency, customer.source_id AS customer, customer.tax_id,
    customer.address::text AS address
FROM canonical_invoice invoice JOIN canonical_customer customer ON customer.id = invoice.customer_id
WHERE invoice.id = ANY(%s)
"""
_CREDITS: Final = """
SELECT credit.id, credit.source_id, credit.number, credit.issued_on,
    invoice.issued_on AS original_on, credit.currency, customer.source_id AS customer,
    customer.tax_id, customer.address::text AS address
FROM canonical_credit credit JOIN canonical_customer customer ON customer.id = credit.customer_id
LEFT JOIN canonical_invoice invoice ON invoice.id = credit.invoice_id
WHERE credit.id = ANY(%s)
"""
_RECORDED: Final = """
SELECT connection_id, record_kind, record_id, external_id FROM canonical_externalreference
WHERE type = %s AND connection_id = ANY(%s) AND record_id = ANY(%s)
"""
_UNUSED: Final = NotNeeded("This legal entity does not use the tax engine.")


def commit(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    using = _using(asks)
    rows = {
        (kind, row.id): row
        for kind, query in (("invoice", _INVOICES), ("credit", _CREDITS))
        for row in _rows(query, [ask.record_id for ask in asks if ask.record_kind == kind])
    }
    customers = known(asks)
    return {
        ask.step_id: _commit(ask, rows.get(ask.record), customers.get(ask.step_id), using)
        for ask in asks
    }


def _commit(ask: Ask, row: Any, party: Party | None, using: Mapping[int, frozenset[str]]) -> Answer:
    if ask.legal_entity not in using.get(ask.connection_id, frozenset()):
        return _UNUSED
    if row is None or row.issued_on is None:
        return Unready("The document is not known yet.")
    address = _address(row, party)
    if address is None:
        return Unready("The customer has no country, and without one no tax can be found.")
    told: Any = ask.event
    lines = [
        {
            "line_id": line.line_id,
            "sku": line.sku,
            "description": line.description,
            "quantity": _quantity(line),
            "amount": line.amount,
            "tax": sum(tax.amount for tax in line.taxes),
        }
        for line in told.lines
    ]
    payload = {
        "document": ask.record_kind,
        "legal_entity": ask.legal_entity,
        "document_id": row.source_id,
        "number": row.number,
        "dated": row.issued_on.isoformat(),
        "original_on": row.original_on.isoformat() if row.original_on else None,
        "customer_id": row.customer,
        "tax_id": row.tax_id,
        "currency": row.currency,
        "address": address,
        "lines": lines,
    }
    due = sum(line["tax"] for line in lines)
    return Made(_key(ask), payload, row.currency, due)


def _address(row: Any, party: Party | None) -> Any:
    """As billing has it; where that knows no country, as the first other system that does."""
    others = [account.address for account in party.accounts] if party else []
    found: Any = [strict_json.loads(row.address), *others]
    return next((one for one in found if isinstance(one, dict) and one.get("country")), None)


def void(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    """What a ``tax.commit`` for the same record was answered with; it is waited for."""
    using = _using(asks)
    connections = list({ask.connection_id for ask in asks})
    recorded = {
        (row.connection_id, row.record_kind, row.record_id): row.external_id
        for row in sql.rows(_RECORDED, (DOCUMENT, connections, [ask.record_id for ask in asks]))
    }
    return {
        ask.step_id: _void(ask, recorded.get((ask.connection_id, *ask.record), ""), using)
        for ask in asks
    }


def _void(ask: Ask, recorded: str, using: Mapping[int, frozenset[str]]) -> Answer:
    if ask.legal_entity not in using.get(ask.connection_id, frozenset()):
        return _UNUSED
    code = ask.made_id or recorded
    if not code:
        return Unready("The tax engine has not recorded the document yet.")
    payload = {"document": ask.record_kind, "legal_entity": ask.legal_entity, "code": code}
    return Made(_key(ask), payload)


def _key(ask: Ask) -> str:
    return f"{ask.source}:{ask.record_kind}:{ask.event.subject_id}"


def _quantity(line: Any) -> str | None:
    quantity = getattr(line, "quantity", None)
    return None if quantity is None else format(quantity, "f")


def _using(asks: Sequence[Ask]) -> Mapping[int, frozenset[str]]:
    """The legal entities that each connection's engine is used by."""
    return {
        row.id: _entities(strict_json.loads(row.parameters))
        for row in sql.rows(_CONNECTIONS, (list({ask.connection_id for ask in asks}),))
    }


def _entities(parameters: Any) -> frozenset[str]:
    said = str(parameters.get(COMPANIES) or "") if isinstance(parameters, dict) else ""
    pairs = (piece.partition("=") for piece in said.split(","))
    return frozenset(left.strip() for left, _, right in pairs if left.strip() and right.strip())


def _rows(query: str, ids: Sequence[int]) -> Sequence[Any]:
    return sql.rows(query, (list(ids),)) if ids else ()
