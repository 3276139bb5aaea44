"""Journal → one command for every ERP that keeps those books on that day; payload frozen here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from revops.delivery.operations import Order
from revops.kernel import strict_json
from revops.ledger.books import EntityBooks
from revops.ledger.operations import NewEntry


def orders(entries: Sequence[NewEntry], books: Mapping[int, EntityBooks]) -> list[Order]:
    """The commands for new entries. An entry without a route stays in our books alone."""
    found: list[Order] = []
    for entry in entries:
        draft = entry.draft
        entity = books[entry.legal_entity_id]
        for lane, connection_id in entity.routes_on(draft.accounting_date):
            found.append(
                Order(
                    connection_id=connection_id,
                    lane=lane,
                    legal_entity_id=entry.legal_entity_id,
                    legal_entity=entity.legal_entity,
                    document_type=draft.document_type,
                    business_key=draft.business_key,
                    revision=draft.revision,
                    kind="journal.post",
                    payload=payload(entry),
                    subject_kind="journal",
                    subject_id=entry.id,
                    currency=draft.currency,
                    amount=draft.amount,
                    period_code=entry.period_code,
                    correlation_id=entry.correlation_id,
                )
            )
    return found


def payload(entry: NewEntry) -> str:
    """
    What an ERP is asked to post, as canonical JSON: amounts in minor units of ``currency``, one
    line each side, the date in the entity's zone.
    """
    draft = entry.draft
    return strict_json.dumps(
        {
            "accounting_date": draft.accounting_date.isoformat(),
            "business_key": draft.business_key,
            "currency": draft.currency,
            "description": draft.description,
            "document_type": draft.document_type,
            "functional_currency": draft.functional_currency,
            "legal_entity": draft.legal_entity,
            "lines": [
                {
                    "account": line.account,
                    "credit": -line.amount if line.amount < 0 else 0,
                    "customer": (
                        {"id": line.customer_id, "name": line.customer_name or line.customer_id}
                        if line.customer_id
                        else None
                    ),
                    "debit": max(line.amount, 0),
                    "memo": line.memo,
                    "tax_code": line.tax_code,
                }
                for line in draft.lines
            ],
            "number": f"JE-{entry.id}",
            "period": entry.period_code,
            "revision": draft.revision,
        }
    )
