"""``crm.invoice_state``: how an invoice stands, what is open on it, and how its payment went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from revops.pipeline.transform import parties, roots
from revops.pipeline.transform.base import Answer, Ask, Made, NotNeeded, Unready
from revops.pipeline.transform.customers import as_of, without_account
from revops.pipeline.transform.parties import Party
from revops.store import sql

_INVOICES: Final = """
SELECT invoice.id, invoice.source_id, invoice.number, invoice.customer_id, invoice.currency,
    invoice.issued_on, invoice.due_on, invoice.total, invoice.applied, invoice.credited,
    invoice.state, connection.slug,
    last.state AS payment, last.dated AS paid_on, last.reason,
    coalesce(refunds.amount, 0)::bigint AS refunded, coalesce(disputes.open, false) AS disputed
FROM canonical_invoice invoice
JOIN connectors_connection connection ON connection.id = invoice.connection_id
LEFT JOIN LATERAL (
    SELECT payment.state, payment.dated, payment.reason FROM canonical_payment payment
    WHERE payment.invoice_id = invoice.id ORDER BY payment.dated DESC, payment.id DESC LIMIT 1
) last ON true
LEFT JOIN LATERAL (
    SELECT sum(refund.amount) AS amount FROM canonical_refund refund
    JOIN canonical_payment payment ON payment.id = refund.payment_id
    WHERE payment.invoice_id = invoice.id
) refunds ON true
LEFT JOIN LATERAL (
    SELECT bool_or(dispute.state = 'open') AS open FROM canonical_dispute dispute
    JOIN canonical_payment payment ON payment.id = dispute.payment_id
    WHERE payment.invoice_id = invoice.id
) disputes ON true
WHERE invoice.id = ANY(%s)
"""
_WORDS: Final[Mapping[str, str]] = {
    "applied": "succeeded",
    "failed": "failed",
    "returned": "failed",
}


def state(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    by_record = roots.invoices(asks)
    rows = {row.id: row for row in sql.rows(_INVOICES, (list(set(by_record.values())),))}
    found = parties.of([row.customer_id for row in rows.values()])
    answers: dict[int, Answer] = {}
    for ask in asks:
        row = rows.get(by_record.get(ask.record, 0))
        if row is None:
            answers[ask.step_id] = NotNeeded("It names no invoice.")
        elif row.customer_id not in found:
            answers[ask.step_id] = Unready("The customer is not known yet.")
        else:
            answers[ask.step_id] = _state(ask, row, found[row.customer_id])
    return answers


def _state(ask: Ask, row: Any, customer: Party) -> Answer:
    account = customer.at(ask.connection_id)
    if not account:
        return without_account(customer)
    left = 0 if row.state in ("void", "written_off") else row.total - row.applied - row.credited
    payload = {
        "as_of": as_of(ask),
        "invoice_id": row.source_id,
        "account_id": account,
        "number": row.number[:80],
        "state": _stands(row, left),
        "currency": row.currency,
        "total": row.total,
        "open": left,
        "issued_on": row.issued_on.isoformat(),
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "paid_on": row.paid_on.isoformat() if row.payment == "applied" and left <= 0 else None,
        "payment_state": "disputed" if row.disputed else _WORDS.get(row.payment or "", "none"),
        "reason": row.reason if row.payment in ("failed", "returned") else "",
        "url": "",
    }
    return Made(
        f"{row.slug}:{row.source_id}", payload, row.currency, row.total, ("invoice", row.id)
    )


def _stands(row: Any, left: int) -> str:
    if row.state in ("void", "written_off"):
        return str(row.state)
    if row.refunded and row.refunded >= row.total:
        return "refunded"
    if left <= 0:
        return "paid"
    return "overdue" if row.state == "overdue" else "open"
