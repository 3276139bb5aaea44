"""
Journal → one command for every ERP that keeps those books on that day; payload frozen here.

What the route wants as a document of the ERP's own goes as one (``documents``), under the key that
its journal would have: whichever form is posted first, the other is not posted again.

An ERP keeps an entity's books in the entity's own currency. What was in another one is posted at
its functional amounts, and each line names the foreign amount beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from revops.delivery.operations import Order
from revops.kernel import strict_json
from revops.ledger.books import EntityBooks
from revops.ledger.drafts import DraftLine
from revops.ledger.operations import NewEntry
from revops.pipeline import documents, known_as
from revops.pipeline.known_as import Known, Who


def orders(entries: Sequence[NewEntry], books: Mapping[int, EntityBooks]) -> list[Order]:
    """
    The commands for new entries. An entry without a route stays in our books alone, and so does one
    whose foreign amounts are too small for a minor unit of the books' currency.
    """
    found: list[Order] = []
    customers = _named(entries, books)
    known = documents.known(entries, books)
    for entry in entries:
        draft = entry.draft
        amount = draft.amount
        if draft.currency != draft.functional_currency:
            amount = sum([line.functional for line in draft.lines if line.functional > 0])
            if not amount:
                continue
        entity = books[entry.legal_entity_id]
        for lane, connection_id in entity.routes_on(draft.accounting_date):
            kind, beside = known.shape(entry, lane, connection_id)
            found.append(
                Order(
                    connection_id=connection_id,
                    lane=lane,
                    legal_entity_id=entry.legal_entity_id,
                    legal_entity=entity.legal_entity,
                    document_type=draft.document_type,
                    business_key=draft.business_key,
                    revision=draft.revision,
                    kind=kind,
                    payload=payload(entry, entity, connection_id, customers, beside),
                    subject_kind="journal",
                    subject_id=entry.id,
                    currency=draft.functional_currency,
                    amount=amount,
                    period_code=entry.period_code,
                    correlation_id=entry.correlation_id,
                )
            )
    return found


def _named(entries: Sequence[NewEntry], books: Mapping[int, EntityBooks]) -> Known:
    """The customers of entries that go to an ERP, by (source's slug, its id)."""
    return known_as.of(
        {
            (_source(entry), line.customer_id)
            for entry in entries
            if books[entry.legal_entity_id].routes_on(entry.draft.accounting_date)
            for line in entry.draft.lines
            if line.customer_id
        }
    )


def _source(entry: NewEntry) -> str:
    """The connection that an entry's business key begins with."""
    return entry.draft.business_key.partition(":")[0]


def payload(
    entry: NewEntry,
    books: EntityBooks,
    connection_id: int,
    customers: Known,
    beside: Mapping[str, Any],
) -> str:
    """
    What an ERP is asked to post, as canonical JSON: amounts in minor units of ``currency``, which
    is that of the books, one line each side, the date in the entity's zone. Of a foreign document
    also ``document_currency`` and each line's signed ``document_amount``. Where the maps say one, a
    line has a ``cost_centre`` and a ``customer_class``. A customer has ``other_ids`` where we know
    it, under which this ERP may have it already, and a ``country`` where that is known. ``beside``
    is said beside the journal.
    """
    draft = entry.draft
    foreign = draft.currency != draft.functional_currency
    lines: list[dict[str, Any]] = []
    for line in draft.lines:
        if not line.functional and foreign:
            continue
        who = customers.get((_source(entry), line.customer_id)) if line.customer_id else None
        stated: dict[str, Any] = {
            "account": line.account,
            "credit": -line.functional if line.functional < 0 else 0,
            "customer": _customer(line, who, connection_id) if line.customer_id else None,
            "debit": max(line.functional, 0),
            "memo": line.memo,
            "tax_code": line.tax_code,
        }
        if foreign:
            stated["document_amount"] = line.amount
        if centre := books.tags.cost_centre(line.account, draft.accounting_date):
            stated["cost_centre"] = centre
        if line.customer_id and books.tags.classes:
            country = who.country if who else ""
            if tag := books.tags.customer_class(country, draft.accounting_date):
                stated["customer_class"] = tag
        lines.append(stated)
    stated = {
        "accounting_date": draft.accounting_date.isoformat(),
        "business_key": draft.business_key,
        "currency": draft.functional_currency,
        "description": draft.description,
        "document_type": draft.document_type,
        "functional_currency": draft.functional_currency,
        "legal_entity": draft.legal_entity,
        "lines": lines,
        "number": f"JE-{entry.id}",
        "period": entry.period_code,
        "revision": draft.revision,
        **beside,
    }
    if foreign:
        stated["document_currency"] = draft.currency
    return strict_json.dumps(stated)


def _customer(line: DraftLine, who: Who | None, connection_id: int) -> dict[str, Any]:
    stated: dict[str, Any] = {
        "id": line.customer_id,
        "name": line.customer_name or line.customer_id,
    }
    if who:
        stated["other_ids"] = who.besides(line.customer_id, at=connection_id)
        if who.country:
            stated["country"] = who.country
    return stated
