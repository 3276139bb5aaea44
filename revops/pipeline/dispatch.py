"""
Journal → one command for every ERP that keeps those books on that day; payload frozen here.

What the route wants as a document of the ERP's own goes as one (``documents``), under the key that
its journal would have: whichever form is posted first, the other is not posted again.

An ERP keeps an entity's books in the entity's own currency. What was in another one is posted at
its functional amounts, and each line names the foreign amount beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from revops.delivery.operations import Order
from revops.kernel import strict_json
from revops.ledger.books import EntityBooks
from revops.ledger.operations import NewEntry
from revops.pipeline import documents
from revops.store import sql


def orders(entries: Sequence[NewEntry], books: Mapping[int, EntityBooks]) -> list[Order]:
    """
    The commands for new entries. An entry without a route stays in our books alone, and so does one
    whose foreign amounts are too small for a minor unit of the books' currency.
    """
    found: list[Order] = []
    countries = _countries(entries, books)
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
                    payload=payload(entry, entity, countries, beside),
                    subject_kind="journal",
                    subject_id=entry.id,
                    currency=draft.functional_currency,
                    amount=amount,
                    period_code=entry.period_code,
                    correlation_id=entry.correlation_id,
                )
            )
    return found


_COUNTRIES: Final = """
SELECT connection.slug, customer.source_id, party.country
FROM unnest(%s::text[], %s::text[]) AS asked (slug, source_id)
JOIN connectors_connection connection ON connection.slug = asked.slug
JOIN canonical_customer customer ON customer.connection_id = connection.id
    AND customer.source_id = asked.source_id
JOIN canonical_party party ON party.id = customer.party_id
"""
Countries = Mapping[tuple[str, str], str]


def _countries(entries: Sequence[NewEntry], books: Mapping[int, EntityBooks]) -> Countries:
    """(source's slug, customer's id) → country, where some books class their customers."""
    wanted = {
        (_source(entry), line.customer_id)
        for entry in entries
        if books[entry.legal_entity_id].tags.classes
        for line in entry.draft.lines
        if line.customer_id
    }
    if not wanted:
        return {}
    slugs, ids = zip(*sorted(wanted), strict=True)
    rows = sql.rows(_COUNTRIES, (list(slugs), list(ids)))
    return {(row.slug, row.source_id): row.country for row in rows}


def _source(entry: NewEntry) -> str:
    """The connection that an entry's business key begins with."""
    return entry.draft.business_key.partition(":")[0]


def payload(
    entry: NewEntry, books: EntityBooks, countries: Countries, beside: Mapping[str, Any]
) -> str:
    """
    What an ERP is asked to post, as canonical JSON: amounts in minor units of ``currency``, which
    is that of the books, one line each side, the date in the entity's zone. Of a foreign document
    also ``document_currency`` and each line's signed ``document_amount``. Where the maps say one, a
    line has a ``cost_centre`` and a ``customer_class``. ``beside`` is said beside the journal.
    """
    draft = entry.draft
    foreign = draft.currency != draft.functional_currency
    lines: list[dict[str, Any]] = []
    for line in draft.lines:
        if not line.functional and foreign:
            continue
        stated: dict[str, Any] = {
            "account": line.account,
            "credit": -line.functional if line.functional < 0 else 0,
            "customer": (
                {"id": line.customer_id, "name": line.customer_name or line.customer_id}
                if line.customer_id
                else None
            ),
            "debit": max(line.functional, 0),
            "memo": line.memo,
            "tax_code": line.tax_code,
        }
        if foreign:
            stated["document_amount"] = line.amount
        if centre := books.tags.cost_centre(line.account, draft.accounting_date):
            stated["cost_centre"] = centre
        if line.customer_id and books.tags.classes:
            country = countries.get((_source(entry), line.customer_id), "")
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
