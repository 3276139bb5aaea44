"""``success.payment_signal``: what happened to a customer's money, for whoever cares for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from revops.pipeline.transform.base import Answer, Ask, Made, NotNeeded
from revops.pipeline.transform.customers import UNKNOWN, known, who
from revops.pipeline.transform.parties import Party
from revops.store import sql

_KINDS: Final[Mapping[str, str]] = {
    "payment.failed": "payment_failed",
    "invoice.recovered": "payment_recovered",
    "invoice.overdue": "invoice_overdue",
    "invoice.paid": "invoice_paid",
    "payment.refunded": "payment_refunded",
    "payment.returned": "payment_returned",
    "dispute.opened": "dispute_opened",
    "dispute.closed": "dispute_closed",
    "credit.requested": "credit_requested",
    "credit.approved": "credit_approved",
    "credit.rejected": "credit_rejected",
    "credit.issued": "credit_issued",
}
_AMOUNTS: Final = ("amount", "amount_paid", "open_amount", "total")
_DAYS: Final = (
    "failed_on", "recovered_on", "paid_on", "due_on", "refunded_on", "returned_on", "opened_on",
    "closed_on", "requested_on", "approved_on", "rejected_on", "issued_on",
)  # fmt: skip

_NUMBERS: Final = """
SELECT connection.slug, invoice.source_id, invoice.number FROM canonical_invoice invoice
JOIN connectors_connection connection ON connection.id = invoice.connection_id
WHERE (connection.slug, invoice.source_id) IN (SELECT * FROM unnest(%b::text[], %b::text[]))
"""


def signal(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    customers = known(asks)
    named = {
        (ask.source, getattr(ask.event, "invoice_id", ""))
        for ask in asks
        if getattr(ask.event, "invoice_id", "")
    }
    numbers = {
        (row.slug, row.source_id): row.number
        for row in (sql.rows(_NUMBERS, [list(part) for part in zip(*named, strict=True)])
                    if named else [])
    }  # fmt: skip
    return {ask.step_id: _signal(ask, customers.get(ask.step_id), numbers) for ask in asks}


def _signal(ask: Ask, customer: Party | None, numbers: Mapping[tuple[str, str], str]) -> Answer:
    kind = _KINDS.get(ask.event_type)
    if kind is None:
        return NotNeeded("Nothing that customer success is told of.")
    if customer is None:
        return UNKNOWN
    event: Any = ask.event
    amount = next(value for name in _AMOUNTS if (value := getattr(event, name, None)) is not None)
    day: date = next(value for name in _DAYS if (value := getattr(event, name, None)) is not None)
    document = numbers.get((ask.source, getattr(event, "invoice_id", ""))) or event.subject_id
    key = f"{kind}:{ask.source}:{event.subject_id}"
    payload = {
        "customer": who(customer, ask.connection_id),
        "signal_id": key[:120],
        "kind": kind,
        "currency": event.currency,
        "amount": amount,
        "happened_on": day.isoformat(),
        "document": document,
        "detail": getattr(event, "reason", "") or getattr(event, "outcome", ""),
        "version": ask.version,
    }
    return Made(key, payload, event.currency, amount)
