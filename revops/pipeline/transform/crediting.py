"""
``billing.credit_note.create``, ``billing.credit_note.void`` and ``support.credit_state``: an
approved credit as billing issues it or takes it back, and how far it is as the ticket shows it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from revops.kernel.money import Money, allocate
from revops.pipeline.transform.base import Answer, Ask, Made, NotNeeded, Unready
from revops.store import sql

INVOICE: Final = "invoice"
BALANCE: Final = "balance"
REFUND: Final = "refund"

_CREDITS: Final = """
SELECT credit.id, credit.connection_id, credit.source_id, credit.credit_type, credit.currency,
    credit.net, credit.state, credit.entitled_on, credit.reason, credit.invoice_id,
    invoice.source_id AS invoice, invoice.state AS invoice_state,
    invoice.total - invoice.applied - invoice.credited AS open
FROM canonical_credit credit
LEFT JOIN canonical_invoice invoice ON invoice.id = credit.invoice_id
WHERE credit.id = ANY(%s)
"""
_LINES: Final = """
SELECT invoice_id, line_id, amount - credited AS rest, service_start, service_end
FROM canonical_invoiceline WHERE invoice_id = ANY(%s) ORDER BY invoice_id, position
"""
_STAGES: Final = """
SELECT asked.id, coalesce(request.source_id, asked.source_id) AS source_id, connection.slug,
    coalesce(request.state, asked.state) AS state, asked.state AS own_state, asked.currency,
    asked.net, asked.total, asked.number, coalesce(request.reason, asked.reason) AS reason,
    coalesce(nullif(request.case_ref, ''), asked.case_ref) AS case_ref, invoice.number AS invoice
FROM canonical_credit asked
JOIN connectors_connection connection ON connection.id = asked.connection_id
LEFT JOIN canonical_credit request ON request.id = asked.request_id
LEFT JOIN canonical_invoice invoice ON invoice.id = asked.invoice_id
WHERE asked.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Creditable:
    """What may still be credited of an invoice line, net, and which days it is for."""

    line_id: str
    rest: int
    starts: date | None = None
    ends: date | None = None

    def serves(self, day: date) -> bool:
        return self.starts is not None and self.ends is not None and self.starts <= day <= self.ends


def spread(amount: int, lines: Sequence[Creditable], *, day: date | None) -> dict[str, int]:
    """
    A net amount over an invoice's lines, in the proportion of what is left of each: those that
    serve ``day`` when they can bear it, otherwise all. Raises ValueError for more than is left.
    """
    left = [line for line in lines if line.rest > 0]
    serving = [line for line in left if day is not None and line.serves(day)]
    if sum(line.rest for line in serving) >= amount:
        left = serving
    if sum(line.rest for line in left) < amount:
        raise ValueError("The invoice has less left than the credit.")
    shares = allocate(amount, [line.rest for line in left])
    return {line.line_id: share for line, share in zip(left, shares, strict=True) if share}


def settles(state: str, open_amount: int) -> str:
    """What a credit of an invoice does: lower what is owed, or become the customer's balance."""
    return INVOICE if state in ("issued", "overdue") and open_amount > 0 else BALANCE


def note(
    asks: Sequence[Ask], *, otherwise: Mapping[int, str] | None = None
) -> Mapping[int, Answer]:
    """
    ``billing.credit_note.create``. ``otherwise``: where the money goes, by record, when somebody
    chose that instead of what the invoice's state would say.
    """
    chosen = otherwise or {}
    rows = {row.id: row for row in sql.rows(_CREDITS, ([ask.record_id for ask in asks],))}
    lines: dict[int, list[Creditable]] = defaultdict(list)
    wanted = [row.invoice_id for row in rows.values() if row.invoice_id]
    for line in sql.rows(_LINES, (wanted,)) if wanted else ():
        lines[line.invoice_id].append(
            Creditable(line.line_id, line.rest, line.service_start, line.service_end)
        )
    return {
        ask.step_id: _note(
            ask, rows.get(ask.record_id), lines, otherwise=chosen.get(ask.record_id, "")
        )
        for ask in asks
    }


def _note(
    ask: Ask, row: Any, lines: Mapping[int, Sequence[Creditable]], *, otherwise: str
) -> Answer:
    if row is None or row.connection_id != ask.connection_id:
        return NotNeeded("Another system bills this customer.")
    if row.state != "approved":
        return NotNeeded(f"The credit is {row.state} by now.")
    if row.invoice is None:
        return Unready("The credit names no invoice that it could lower.")
    try:
        shares = spread(row.net, lines.get(row.invoice_id, ()), day=row.entitled_on)
    except ValueError:
        return Unready("The invoice has less left than the credit: others were given meanwhile.")
    payload = {
        "invoice_id": row.invoice,
        "currency": row.currency,
        "lines": [{"invoice_line_id": line, "amount": share} for line, share in shares.items()],
        "credit_type": row.credit_type,
        "settles": otherwise or settles(row.invoice_state, row.open),
        "credit_request_id": row.source_id,
        "memo": row.reason[:500],
    }
    return Made(f"{ask.source}:{row.source_id}", payload, row.currency, row.net)


def void(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    """``billing.credit_note.void``: the note that a request's command made."""
    return {ask.step_id: _void(ask) for ask in asks}


def _void(ask: Ask) -> Answer:
    if not ask.made_id:
        return Unready("Billing did not say which credit note it made.")
    payload = {"credit_note_id": ask.made_id, "credit_request_id": ask.event.subject_id}
    return Made(f"{ask.source}:{ask.event.subject_id}", payload)


def stage(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    """``support.credit_state``: a ticket shows the newest stage of its credit, and what to say."""
    rows = {row.id: row for row in sql.rows(_STAGES, ([ask.record_id for ask in asks],))}
    return {ask.step_id: _stage(ask, rows.get(ask.record_id)) for ask in asks}


def _stage(ask: Ask, row: Any) -> Answer:
    if row is None or not row.case_ref:
        return NotNeeded("It hangs on no ticket.")
    state = row.own_state if row.own_state in ("issued", "void") else row.state
    amount = Money(row.net, row.currency)
    payload = {
        "ticket_id": row.case_ref,
        "credit_id": row.source_id,
        "state": state,
        "currency": row.currency,
        "amount": row.net,
        "invoice": row.invoice or "",
        "document": row.number,
        "note": _SAID[state].format(amount=amount, invoice=row.invoice or "the account"),
        "version": ask.version,
    }
    return Made(f"{row.slug}:{row.source_id}", payload, row.currency, row.net)


# What stands on the ticket for the agent; nothing is promised before the memo is in the books.
_SAID: Final[Mapping[str, str]] = {
    "requested": "A credit of {amount} before tax was asked for. Nothing is promised yet.",
    "approved": "A credit of {amount} before tax was approved. Billing issues it now.",
    "rejected": "The credit of {amount} before tax will not be given.",
    "void": "The credit of {amount} before tax on {invoice} was taken back.",
    "issued": "A credit of {amount} before tax was issued on {invoice} and is in the books.",
}
